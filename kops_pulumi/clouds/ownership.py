"""Which manifest fields belong to which clouds, as data; a cloud's own rules refuse the fields of others with it.

kops decodes these into one structure per cloud, so that it refuses them too. This module must not import pulumi or a
cloud.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding
from kops_pulumi.resolve.paths import values

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec

CLUSTER_FIELDS: Mapping[str, tuple[str, ...]] = {
    "spec.additional_network_cidrs": ("aws",),
    "spec.api.load_balancer.access_log": ("aws",),
    "spec.api.load_balancer.additional_security_groups": ("aws",),
    "spec.api.load_balancer.security_group_override": ("aws",),
    "spec.api.load_balancer.ssl_certificate": ("aws",),
    "spec.authentication.aws": ("aws",),
    "spec.aws_load_balancer_controller": ("aws",),
    "spec.cloud_config.aws_ebs_csi_driver": ("aws",),
    "spec.cloud_config.disable_security_group_ingress": ("aws",),
    "spec.cloud_config.elb_security_group": ("aws",),
    "spec.cloud_config.gce_service_account": ("gce",),
    "spec.cloud_config.gce_use_startup_script": ("gce",),
    "spec.cloud_config.gcp_pd_csi_driver": ("gce",),
    "spec.cloud_config.multizone": ("gce",),
    "spec.cloud_config.nlb_security_group_mode": ("aws",),
    "spec.cloud_config.node_instance_prefix": ("gce",),
    "spec.cloud_config.node_ip_families": ("aws",),
    "spec.cloud_config.node_tags": ("gce",),
    "spec.cloud_config.openstack": ("openstack",),
    "spec.cloud_config.vsphere": ("vsphere",),
    "spec.cloud_config.use_ip_based_node_names": ("aws",),
    "spec.containerd.nvidia_gpu": ("aws",),
    "spec.external_policies": ("aws",),
    "spec.iam.permissions_boundary": ("aws",),
    "spec.iam.service_account_external_permissions": ("aws",),
    "spec.iam.use_service_account_external_permissions": ("aws",),
    "spec.karpenter": ("aws",),
    "spec.networking.amazonvpc": ("aws",),
    "spec.networking.gce": ("gce",),
    "spec.node_termination_handler": ("aws",),
    "spec.pod_identity_webhook": ("aws",),
    "spec.ssh_key_name": ("aws", "openstack"),
    "spec.subnets[].additional_routes": ("aws",),
    "spec.subnets[].egress": ("aws",),
    "spec.subnets[].ipv6_cidr": ("aws",),
    "spec.warm_pool": ("aws",),
}
GROUP_FIELDS: Mapping[str, tuple[str, ...]] = {
    "spec.additional_security_groups": ("aws", "openstack"),
    "spec.capacity_rebalance": ("aws",),
    "spec.containerd.nvidia_gpu": ("aws", "openstack"),
    "spec.cpu_credits": ("aws",),
    "spec.detailed_instance_monitoring": ("aws",),
    "spec.external_load_balancers": ("aws",),
    "spec.gcp_provisioning_model": ("gce",),
    "spec.guest_accelerators": ("gce",),
    "spec.iam": ("aws",),
    "spec.instance_interruption_behavior": ("aws",),
    "spec.instance_metadata": ("aws",),
    "spec.max_instance_lifetime": ("aws",),
    "spec.max_price": ("aws",),
    "spec.mixed_instances_policy": ("aws",),
    "spec.root_volume_encryption_key": ("aws",),
    "spec.security_group_override": ("aws",),
    "spec.suspend_processes": ("aws",),
    "spec.tenancy": ("aws",),
    "spec.volumes": ("aws",),
    "spec.warm_pool": ("aws",),
}
"""Dotted attribute path → the clouds that have the field."""

ACCESS_LISTS = ("spec.kubernetes_api_access[]", "spec.ssh_access[]", "spec.node_port_access[]")
PREFIX_LISTS = ("aws",)
"""Clouds with named lists of ranges."""


def foreign(full: FullSpec, cloud: str) -> Iterator[Finding]:
    """An error for every set field that this cloud does not have."""
    document = f"Cluster/{full.cluster.metadata.name}"
    yield from _foreign(full.cluster, CLUSTER_FIELDS, cloud, document)
    for dotted in ACCESS_LISTS if cloud not in PREFIX_LISTS else ():
        for path, source in values(full.cluster, dotted):
            if source.startswith("pl-"):
                message = f"prefix lists are for {' and '.join(PREFIX_LISTS)}, the cluster is on {cloud}"
                yield replace(Finding(path, message, "write the ranges"), document=document)
    for group in full.groups:
        yield from _foreign(group, GROUP_FIELDS, cloud, f"InstanceGroup/{group.metadata.name}")


def _foreign(model: Any, fields: Mapping[str, tuple[str, ...]], cloud: str, document: str) -> Iterator[Finding]:
    for dotted, owners in fields.items():
        for path, value in () if cloud in owners else values(model, dotted):
            if value not in ("", [], {}, False):
                message = f"this field is for {' and '.join(owners)}, the cluster is on {cloud}"
                yield replace(Finding(path, message, "remove it"), document=document)
