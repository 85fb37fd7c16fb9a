"""The AWS provider of a cluster, for programs that bring none: in the manifest's region, with the `aws:` settings.

https://www.pulumi.com/registry/packages/aws/api-docs/provider/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

PACKAGE = "aws"
_SECRETS = ("accessKey", "secretKey", "token")
_FLAGS = ("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId")
_OBJECTS = ("allowedAccountIds", "assumeRoles", "assumeRoleWithWebIdentity", "defaultTags", "endpoints", "ignoreTags")


def make(name: str, plan: ClusterPlan, parent: pulumi.Resource) -> pulumi.ProviderResource:
    """A provider for the plan's region; a stack setting `aws:region` that says otherwise is named and not followed."""
    config, region = pulumi.Config(PACKAGE), plan.region
    configured = config.get("region")
    if configured not in (None, region):
        pulumi.log.warn(f"aws:region is {configured}, but the manifest's zones are in {region}; using {region}", parent)
    settings: dict[str, Any] = {
        "profile": config.get("profile"),
        **{key: config.get_secret(key) for key in _SECRETS},
        **{key: config.get_bool(key) for key in _FLAGS},
        **{key: config.get_object(key) for key in _OBJECTS},
        "maxRetries": config.get_int("maxRetries"),
    }
    arguments = {_snake(key): value for key, value in settings.items() if value is not None}
    return aws.Provider(name, region=region, opts=pulumi.ResourceOptions(parent=parent), **arguments)


def _snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)
