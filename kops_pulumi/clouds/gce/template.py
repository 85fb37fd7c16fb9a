"""Instance templates on GCE: what a machine of an instance group is made of.

A template never changes: a change makes another one, whose name has the same beginning, before the old one goes. Keys
of the project do not log in (`block-project-ssh-keys`), the boot chain is checked (shielded VM; without secure boot
only where GPU drivers are built on the machine), disks are encrypted by Google's keys as all are.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/instancetemplate/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import compute

from kops_pulumi.clouds.gce import labels, names
from kops_pulumi.clouds.gce.options import PODS_RANGE
from kops_pulumi.components import late
from kops_pulumi.model import ClusterPlan, Group, Role, Volume

if TYPE_CHECKING:
    from kops_pulumi.clouds.gce.options import GceGroup
    from kops_pulumi.components.handles import Handles

SSH_USER = "ubuntu"
"""Whom the operators' key logs in as, by the image's guest agent: kops's choice."""
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""The account's roles alone decide: https://cloud.google.com/compute/docs/access/service-accounts#scopes_best_practice."""
_PODS_PREFIX = "/24"
"""A machine's part of the pods' range, as kops has it."""
_HYPERDISK = "hyperdisk"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a template refers to."""

    account: pulumi.Input[str] | None
    subnet: pulumi.Input[str] | None
    ssh_key: str | None


def template(
    name: str, plan: ClusterPlan, group: Group, parts: Parts, handles: Handles, opts: pulumi.ResourceOptions
) -> compute.InstanceTemplate:
    """A group's template."""
    options: GceGroup = group.options
    return compute.InstanceTemplate(
        name,
        name_prefix=names.template_prefix(group.name, plan.name),
        machine_type=group.machine_type,
        can_ip_forward=group.role is not Role.BASTION,
        disks=[_boot_disk(group)],
        guest_accelerators=[
            compute.InstanceTemplateGuestAcceleratorArgs(type=item.type, count=item.count)
            for item in options.accelerators
        ]
        or None,
        labels=labels.group(plan, group),
        metadata=_metadata(plan, group, parts, handles),
        network_interfaces=[_interface(plan, group, parts)],
        scheduling=_scheduling(options),
        service_account=compute.InstanceTemplateServiceAccountArgs(email=parts.account, scopes=list(_SCOPES)),
        shielded_instance_config=compute.InstanceTemplateShieldedInstanceConfigArgs(
            enable_secure_boot=not options.accelerators, enable_vtpm=True, enable_integrity_monitoring=True
        ),
        tags=[names.tag(plan.name, group.role)],
        opts=opts,
    )


def image(text: str) -> str:
    """The partial URL of an image that the manifest writes as `project/name`; a URL stays one.

    >>> image("ubuntu-os-cloud/ubuntu-2404-noble-amd64-v20260918")
    'projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20260918'
    """
    if text.startswith(("https://", "projects/")):
        return text
    project, _, name = text.partition("/")
    return f"projects/{project}/global/images/{name}"


def performance(volume: Volume) -> tuple[int | None, int | None]:
    """IOPS and MiB/s, which only hyperdisks take."""
    if not (volume.type or "").startswith(_HYPERDISK):
        return None, None
    return volume.iops, volume.throughput


def _boot_disk(group: Group) -> compute.InstanceTemplateDiskArgs:
    volume = group.root_volume
    iops, throughput = performance(volume)
    return compute.InstanceTemplateDiskArgs(
        boot=True,
        auto_delete=True,
        device_name="persistent-disks-0",
        mode="READ_WRITE",
        type="PERSISTENT",
        disk_type=volume.type,
        disk_size_gb=volume.size,
        source_image=image(group.image),
        provisioned_iops=iops,
        provisioned_throughput=throughput,
    )


def _interface(plan: ClusterPlan, group: Group, parts: Parts) -> compute.InstanceTemplateNetworkInterfaceArgs:
    bastion = group.role is Role.BASTION  # operators reach its own address, whatever subnet it stands in
    pods = plan.options.alias_ranges and not bastion
    return compute.InstanceTemplateNetworkInterfaceArgs(
        subnetwork=parts.subnet,
        stack_type="IPV4_ONLY",
        access_configs=[compute.InstanceTemplateNetworkInterfaceAccessConfigArgs()]
        if group.public_ip or bastion
        else None,
        alias_ip_ranges=[
            compute.InstanceTemplateNetworkInterfaceAliasIpRangeArgs(
                ip_cidr_range=_PODS_PREFIX, subnetwork_range_name=PODS_RANGE
            )
        ]
        if pods
        else None,
    )


def _scheduling(options: GceGroup) -> compute.InstanceTemplateSchedulingArgs:
    """Spot machines end when they are preempted, and their group starts others; GPUs cannot move to another host.

    https://cloud.google.com/compute/docs/instances/spot, …/setting-vm-host-options.
    """
    stays = options.spot or bool(options.accelerators)
    return compute.InstanceTemplateSchedulingArgs(
        provisioning_model="SPOT" if options.spot else "STANDARD",
        preemptible=options.spot,
        automatic_restart=not options.spot,
        on_host_maintenance="TERMINATE" if stays else "MIGRATE",
        instance_termination_action="DELETE" if options.spot else None,
    )


def _metadata(plan: ClusterPlan, group: Group, parts: Parts, handles: Handles) -> dict[str, pulumi.Input[str]]:
    """Texts that the machine finds in its metadata; no secret among them."""
    found: dict[str, pulumi.Input[str]] = {
        "block-project-ssh-keys": "TRUE",
        "cluster-name": plan.name,
        "kops-k8s-io-cluster-label": labels.cluster(plan.name),  # by which machines find each other (cloud-gce.sh)
        "kops-k8s-io-instance-group-name": group.name,
    }
    if parts.ssh_key:
        found["ssh-keys"] = f"{SSH_USER}:{parts.ssh_key}"
    if group.role is Role.NODE:
        found["kube-env"] = _autoscaler(group)
    if group.user_data is not None:
        found["user-data"] = late.text(group.user_data.text, handles)
    return found


def _autoscaler(group: Group) -> str:
    """What the cluster autoscaler reads to know a group's machines before there is one.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/gce/templates.go
    """
    values = {
        "node_labels": ",".join(f"{key}={value}" for key, value in sorted(group.node_labels.items())),
        "node_taints": ",".join(group.taints),
        "os_distribution": "ubuntu",
        "arch": "arm64" if "arm64" in group.image else "amd64",
        "os": "linux",
    }
    return "AUTOSCALER_ENV_VARS: " + ";".join(f"{key}={value}" for key, value in values.items() if value)
