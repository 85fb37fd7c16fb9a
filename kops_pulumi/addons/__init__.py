"""The add-ons that reach into the infrastructure or need checking: one file each, listed here, nothing discovered.

`enabled` picks those that a cluster runs. Files of this package say when, and what they need: firewall rules,
permissions by neutral verbs; their charts and manifests come with the add-on stage. They must not import pulumi.
Adding one: a file, a line here, a golden.
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
    dns_controller,
    external_dns,
    karpenter,
    metrics_server,
    node_problem_detector,
    node_termination_handler,
    pod_identity_webhook,
    snapshot_controller,
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
    dns_controller.ADDON,
    external_dns.ADDON,
    karpenter.ADDON,
    metrics_server.ADDON,
    node_problem_detector.ADDON,
    node_termination_handler.ADDON,
    pod_identity_webhook.ADDON,
    snapshot_controller.ADDON,
)
"""In alphabetical order."""


def enabled(full: FullSpec) -> tuple[AddOn, ...]:
    """The add-ons that this cluster runs."""
    return tuple(addon for addon in REGISTRY if addon.enabled(full))
