"""Further flags of `create cluster` that kops has: each is one value of the manifest, laid over what the others made.

A table of names and places; `starter.Wishes` takes the places. It must stay cheap to import: `--help` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from kops_pulumi.cli.cloud_flags import Flag

_ROLES = {"control_plane": "ControlPlane", "node": "Node", "bastion": "Bastion"}
_GROUP_FIELDS = {
    "image": "image",
    "security_groups": "additionalSecurityGroups",
    "tenancy": "tenancy",
    "volume_size": "rootVolumeSize",
    "volume_type": "rootVolumeType",
}
_COMPONENTS = ("kubeAPIServer", "kubeControllerManager", "kubeScheduler", "kubeProxy", "kubelet")
"""Who gets feature gates."""
_TENANCY = click.Choice(["default", "dedicated", "host"])
_SIZE = click.IntRange(1)

FLAGS: tuple[Flag, ...] = (
    ("--control-plane-image", {"help": "Image of control planes, instead of --image."}),
    ("--node-image", {"help": "Image of nodes, instead of --image."}),
    ("--bastion-image", {"help": "Image of bastions, instead of --image."}),
    ("--control-plane-volume-size", {"type": _SIZE, "metavar": "GIB", "help": "Root disk of control planes, in GiB."}),
    ("--control-plane-volume-type", {"help": "Type of that disk."}),
    ("--node-volume-size", {"type": _SIZE, "metavar": "GIB", "help": "Root disk of nodes, in GiB."}),
    ("--node-volume-type", {"help": "Type of that disk."}),
    ("--control-plane-security-groups", {"metavar": "LIST", "help": "More security groups for control planes (AWS)."}),
    ("--node-security-groups", {"metavar": "LIST", "help": "More security groups for nodes (AWS)."}),
    ("--control-plane-tenancy", {"type": _TENANCY, "help": "Tenancy of control planes (AWS)."}),
    ("--node-tenancy", {"type": _TENANCY, "help": "Tenancy of nodes (AWS)."}),
    (
        "--associate-public-ip/--no-associate-public-ip",
        {"default": None, "help": "Public addresses; default: by subnet."},
    ),
    ("--etcd-storage-type", {"help": "Type of etcd's volumes."}),
    (
        "--encrypt-etcd-storage/--no-encrypt-etcd-storage",
        {"default": None, "help": "Encrypt etcd's volumes; default: yes."},
    ),
    ("--api-public-name", {"help": "Name of the API, instead of api.NAME."}),
    ("--api-ssl-certificate", {"metavar": "ARN", "help": "Certificate of the API's load balancer (AWS)."}),
    (
        "--authorization",
        {"type": click.Choice(["RBAC", "AlwaysAllow"], case_sensitive=False), "help": "Default: RBAC."},
    ),
    ("--cloud-labels", {"metavar": "K=V,…", "help": "Tags or labels of everything in the cloud."}),
    ("--disable-subnet-tags", {"is_flag": True, "help": "Leave existing subnets without our tags (AWS)."}),
    (
        "--discovery-store",
        {"metavar": "URL", "help": "Public bucket of the service accounts' issuer (AWS: roles for pods)."},
    ),
    ("--kubernetes-feature-gates", {"metavar": "LIST", "help": "A, +B or -C, for all components of Kubernetes."}),
    ("--ipv6", {"is_flag": True, "help": "Pods and services on IPv6 (AWS, public topology)."}),
    ("--channel", {"help": "Written down for kops; versions and images here come with kops-pulumi."}),
    ("--unset", {"multiple": True, "metavar": "PATH", "help": "Take a value out, e.g. spec.iam; repeatable."}),
    # What kops has and is not needed here: taken, and told about when it asks for something else.
    ("--etcd-clusters", {"hidden": True, "default": "main,events"}),
    ("--instance-manager", {"hidden": True, "default": "cloudgroups"}),
)
"""Names as kops has them: https://kops.sigs.k8s.io/cli/kops_create_cluster/"""


def taken(name: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Take these flags out of `flags`; arguments of `Wishes` that say the same. UsageError for what makes no sense."""
    _refuse(flags)
    etcd = {"volumeType": flags.pop("etcd_storage_type"), "encryptedVolume": flags.pop("encrypt_etcd_storage")}
    return {
        "etcd_members": _given(etcd),
        "groups": _groups(flags),
        "cluster": _cluster(name, flags),
        "ipv6": flags.pop("ipv6"),
        "removals": flags.pop("unset"),
    }


def _refuse(flags: dict[str, Any]) -> None:
    if set(parts := _parts(flags.pop("etcd_clusters"))) != {"main", "events"}:
        raise click.UsageError(
            f"--etcd-clusters {','.join(parts)}: every cluster has main and events; see docs/nodes.md"
        )
    if (manager := flags.pop("instance_manager")) != "cloudgroups":
        hint = "set spec.karpenter.enabled of the cluster, and spec.manager of its groups, in the manifest"
        raise click.UsageError(f"--instance-manager {manager}: {hint}")


def _groups(flags: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By role, what to lay over its groups' specs."""
    public = {"associatePublicIp": flags.pop("associate_public_ip")}
    found: dict[str, dict[str, Any]] = {}
    for prefix, role in _ROLES.items():
        values = {key: flags.pop(f"{prefix}_{flag}", None) for flag, key in _GROUP_FIELDS.items()}
        listed = values["additionalSecurityGroups"]
        values["additionalSecurityGroups"] = _parts(listed) if listed else None
        found[role] = _given({**values, **(public if role != "Bastion" else {})})
    return {role: values for role, values in found.items() if values}


def _cluster(name: str, flags: dict[str, Any]) -> dict[str, Any]:
    """What to lay over the cluster's spec."""
    authorization, certificate = flags.pop("authorization"), flags.pop("api_ssl_certificate")
    store, gates, labels = (
        flags.pop("discovery_store"),
        flags.pop("kubernetes_feature_gates"),
        flags.pop("cloud_labels"),
    )
    found: dict[str, Any] = {
        "channel": flags.pop("channel"),
        "masterPublicName": flags.pop("api_public_name"),
        "tagSubnets": False if flags.pop("disable_subnet_tags") else None,
        "cloudLabels": dict(_pair("--cloud-labels", text) for text in _parts(labels)) if labels else None,
        "api": {"loadBalancer": {"sslCertificate": certificate}} if certificate else None,
    }
    if authorization and authorization.lower() == "alwaysallow":
        found["authorization"] = {"alwaysAllow": {}, "rbac": None}
    if store:
        found["serviceAccountIssuerDiscovery"] = {
            "discoveryStore": f"{store.rstrip('/')}/{name}",
            "enableAWSOIDCProvider": True,
        }
        found["iam"] = {"useServiceAccountExternalPermissions": True}
    for component in _COMPONENTS if gates else ():
        found[component] = {"featureGates": dict(_gate(text) for text in _parts(gates))}
    return _given(found)


def _gate(text: str) -> tuple[str, str]:
    return text.lstrip("+-"), "false" if text.startswith("-") else "true"


def _pair(flag: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"{flag} {text}: write it as name=value")
    return key, value


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
