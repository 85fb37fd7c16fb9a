"""Karpenter's objects for a group with `manager: Karpenter`: an EC2NodeClass, how machines are; a NodePool, which ones.

What starts is the same machine that a group of ours would start: user data, image and tags are the plan's
(`components/late.py`), so that `kops-labels` knows it and `kops-csr-approver` trusts it. Fields:
https://karpenter.sh/docs/concepts/nodeclasses/ and ../nodepools/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kops_pulumi.addons.objects import obj
from kops_pulumi.model import Late, Role
from kops_pulumi.plan.groups import GROUP_LABEL
from kops_pulumi.plan.names import Names
from kops_pulumi.resolve.traits import text

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_GROUP = "karpenter.k8s.aws"
_RESERVED = ("kubernetes.io", "k8s.io", "karpenter.sh")
_EXCEPTIONS = ("kops.k8s.io", "node.kubernetes.io", "node-restriction.kubernetes.io")
"""Label domains that Karpenter keeps to itself, and those it lets through all the same."""


def documents(full: FullSpec, group: InstanceGroup) -> list[Object]:
    """The class and the pool of a group, both under the group's name."""
    return [_node_class(full, group), _node_pool(group)]


def _node_class(full: FullSpec, group: InstanceGroup) -> Object:
    spec, name, cluster = group.spec, group.metadata.name or "", full.cluster.metadata.name or ""
    role = Names(cluster, full.name_limits).role(Role.NODE)
    metadata = spec.instance_metadata
    body: dict[str, Any] = {
        "amiFamily": "Custom",
        "amiSelectorTerms": [{"id": Late(f"image.{name}")}],
        "instanceProfile": _profile(group) or role,
        "subnetSelectorTerms": [{"id": Late(f"subnet.{subnet}")} for subnet in sorted(spec.subnets or ())],
        "securityGroupSelectorTerms": _security_groups(group, cluster, role),
        "userData": Late(f"user-data.{name}"),
        "tags": _tags(full, group, cluster),
        "blockDeviceMappings": [_root_disk(full, group)],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": text(metadata and metadata.http_tokens) or "required",
            "httpPutResponseHopLimit": (metadata and metadata.http_put_response_hop_limit) or 1,
        },
        "detailedMonitoring": bool(spec.detailed_instance_monitoring),
    }
    if spec.associate_public_ip is not None:
        body["associatePublicIPAddress"] = bool(spec.associate_public_ip)
    return obj(f"{_GROUP}/v1", "EC2NodeClass", name, spec=body)


def _profile(group: InstanceGroup) -> str:
    """The name in the ARN of an instance profile that the user brings."""
    profile = group.spec.iam.profile if group.spec.iam else None
    return str(profile or "").rpartition("/")[2]


def _security_groups(group: InstanceGroup, cluster: str, role: str) -> list[Object]:
    override = group.spec.security_group_override
    own: Object = (
        {"id": override} if override else {"tags": {f"kubernetes.io/cluster/{cluster}": "owned", "Name": role}}
    )
    return [own, *({"id": id_} for id_ in sorted(group.spec.additional_security_groups or ()))]


def _tags(full: FullSpec, group: InstanceGroup, cluster: str) -> dict[str, str]:
    """What machines of our own groups carry; `kubernetes.io/cluster/…` Karpenter adds itself and lets nobody set."""
    name = group.metadata.name or ""
    user = {**(full.cluster.spec.cloud_labels or {}), **(group.spec.cloud_labels or {})}
    ours = {"KubernetesCluster": cluster, "Name": f"{name}.{cluster}", GROUP_LABEL: name, "k8s.io/role/node": "1"}
    return dict(sorted({**user, **ours}.items()))


def _root_disk(full: FullSpec, group: InstanceGroup) -> Object:
    spec = group.spec
    size = spec.root_volume_size or full.cloud_defaults.root_volume_sizes[Role.NODE]
    kind = spec.root_volume_type or full.cloud_defaults.root_volume_type
    disk = {
        "volumeSize": f"{size}Gi",
        "volumeType": kind,
        "encrypted": spec.root_volume_encryption is not False,
        "deleteOnTermination": True,
        "kmsKeyID": spec.root_volume_encryption_key,
        "iops": spec.root_volume_iops,
        "throughput": spec.root_volume_throughput,
    }
    ebs = {key: value for key, value in disk.items() if value is not None}
    return {"deviceName": Late(f"root-device.{group.metadata.name}"), "rootVolume": True, "ebs": ebs}


def _node_pool(group: InstanceGroup) -> Object:
    spec, name = group.spec, group.metadata.name or ""
    labels = {**(spec.node_labels or {}), GROUP_LABEL: name}
    template: dict[str, Any] = {
        "nodeClassRef": {"group": _GROUP, "kind": "EC2NodeClass", "name": name},
        "requirements": _requirements(group),
        "expireAfter": str(spec.max_instance_lifetime or "Never"),
    }
    taints = [_taint(taint) for taint in sorted(spec.taints or ())]
    if taints:
        template["taints"] = taints
    body: dict[str, Any] = {
        "template": {
            "metadata": {"labels": {key: value for key, value in sorted(labels.items()) if _may_set(key)}},
            "spec": template,
        },
        "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "30s"},
    }
    if spec.max_size:
        body["limits"] = {"nodes": str(spec.max_size)}
    return obj("karpenter.sh/v1", "NodePool", name, spec=body)


def _requirements(group: InstanceGroup) -> list[Object]:
    """The types that the manifest names; without any, all that the image runs on."""
    mixed = group.spec.mixed_instances_policy
    machine = group.spec.machine_type
    types = sorted((mixed.instances if mixed else None) or ([machine] if machine else []))
    spot = mixed is not None and (mixed.on_demand_above_base is not None or mixed.spot_allocation_strategy is not None)
    found = [
        _in("karpenter.sh/capacity-type", ["on-demand", "spot"] if spot else ["on-demand"]),
        _in("kubernetes.io/os", ["linux"]),
    ]
    return [*found, _in("node.kubernetes.io/instance-type", types)] if types else found


def _in(key: str, values: list[str]) -> Object:
    return {"key": key, "operator": "In", "values": values}


def _taint(text_: str) -> Object:
    """`key=value:Effect` or `key:Effect`."""
    left, _, effect = text_.rpartition(":")
    key, _, value = left.partition("=")
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


def _may_set(label: str) -> bool:
    domain = label.partition("/")[0] if "/" in label else ""
    if any(domain == item or domain.endswith(f".{item}") for item in _EXCEPTIONS):
        return True
    return not any(domain == item or domain.endswith(f".{item}") for item in _RESERVED)
