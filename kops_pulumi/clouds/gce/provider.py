"""The Google Cloud provider of a cluster, for programs that bring none: the manifest's project and region.

Credentials are the environment's (https://cloud.google.com/docs/authentication/application-default-credentials) or the
stack's `gcp:` settings. https://www.pulumi.com/registry/packages/gcp/api-docs/provider/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_gcp as gcp

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

PACKAGE = "gcp"


def make(name: str, plan: ClusterPlan, parent: pulumi.Resource) -> pulumi.ProviderResource:
    """A provider for the plan's project and region; stack settings that say otherwise are named and not followed."""
    config = pulumi.Config(PACKAGE)
    for key, ours in (("project", plan.options.project), ("region", plan.region)):
        configured = config.get(key)
        if configured not in (None, ours):
            pulumi.log.warn(f"gcp:{key} is {configured}, but the manifest says {ours}; using that", parent)
    settings: dict[str, Any] = {
        "access_token": config.get_secret("accessToken"),
        "credentials": config.get_secret("credentials"),
        "billing_project": config.get("billingProject"),
        "impersonate_service_account": config.get("impersonateServiceAccount"),
        "request_timeout": config.get("requestTimeout"),
        "user_project_override": config.get_bool("userProjectOverride"),
        "default_labels": config.get_object("defaultLabels"),
    }
    arguments = {key: value for key, value in settings.items() if value is not None}
    opts = pulumi.ResourceOptions(parent=parent)
    return gcp.Provider(name, project=plan.options.project, region=plan.region, opts=opts, **arguments)
