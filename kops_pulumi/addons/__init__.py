"""The built-in add-ons: one file each, listed here, nothing discovered.

`enabled` picks those that a cluster runs. Files of this package say when, what they need (firewall rules, permissions
by neutral verbs) and what they install, with versions from `pins`. They must not import pulumi. Adding one: a file, a
line here, a row of `pins`, a golden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.addons import (
    aws_cloud_controller,
    aws_ebs_csi_driver,
    aws_iam_authenticator,
    aws_load_balancer_controller,
    cert_manager,
    cluster_autoscaler,
    coredns_autoscaler,
    dns_controller,
    external_dns,
    gcp_cloud_controller,
    gcp_pd_csi_driver,
    karpenter,
    metrics_server,
    node_local_dns,
    node_problem_detector,
    node_termination_handler,
    nvidia_device_plugin,
    openstack_cinder_csi,
    openstack_cloud_controller,
    pod_identity_webhook,
    snapshot_controller,
    vsphere_cloud_controller,
    vsphere_csi_driver,
)

if TYPE_CHECKING:
    from kops_pulumi.plugins import AddOn
    from kops_pulumi.resolve.full import FullSpec

REGISTRY: tuple[AddOn, ...] = (
    aws_cloud_controller.ADDON,
    aws_ebs_csi_driver.ADDON,
    aws_iam_authenticator.ADDON,
    aws_load_balancer_controller.ADDON,
    cert_manager.ADDON,
    cluster_autoscaler.ADDON,
    coredns_autoscaler.ADDON,
    dns_controller.ADDON,
    external_dns.ADDON,
    gcp_cloud_controller.ADDON,
    gcp_pd_csi_driver.ADDON,
    karpenter.ADDON,
    metrics_server.ADDON,
    node_local_dns.ADDON,
    node_problem_detector.ADDON,
    node_termination_handler.ADDON,
    nvidia_device_plugin.ADDON,
    openstack_cinder_csi.ADDON,
    openstack_cloud_controller.ADDON,
    pod_identity_webhook.ADDON,
    snapshot_controller.ADDON,
    vsphere_cloud_controller.ADDON,
    vsphere_csi_driver.ADDON,
)
"""In alphabetical order."""


def enabled(full: FullSpec) -> tuple[AddOn, ...]:
    """The add-ons that this cluster runs."""
    return tuple(addon for addon in REGISTRY if addon.enabled(full))
