"""The OpenStack provider of a cluster, for programs that bring none: in the manifest's region, as `openstack:` says.

Credentials come from the settings or, as for every OpenStack client, from the environment (`OS_CLOUD` and clouds.yaml,
or `OS_AUTH_URL` and the rest): https://www.pulumi.com/registry/packages/openstack/installation-configuration/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_openstack as openstack

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

PACKAGE = "openstack"
_TEXTS = (
    "applicationCredentialId",
    "applicationCredentialName",
    "authUrl",
    "cacertFile",
    "cert",
    "cloud",
    "defaultDomain",
    "domainId",
    "domainName",
    "endpointType",
    "key",
    "projectDomainId",
    "projectDomainName",
    "tenantId",
    "tenantName",
    "userDomainId",
    "userDomainName",
    "userId",
    "userName",
)
_SECRETS = ("applicationCredentialSecret", "password", "token")
_FLAGS = ("allowReauth", "delayedAuth", "disableNoCacheHeader", "insecure", "systemScope")


def make(name: str, plan: ClusterPlan, parent: pulumi.Resource) -> pulumi.ProviderResource:
    """A provider for the plan's region; without one, that of the settings or the environment."""
    config = pulumi.Config(PACKAGE)
    settings: dict[str, Any] = {
        **{key: config.get(key) for key in _TEXTS},
        **{key: config.get_secret(key) for key in _SECRETS},
        **{key: config.get_bool(key) for key in _FLAGS},
        "endpointOverrides": config.get_object("endpointOverrides"),
        "maxRetries": config.get_int("maxRetries"),
        "region": plan.region or config.get("region"),
    }
    arguments = {_snake(key): value for key, value in settings.items() if value is not None}
    return openstack.Provider(name, opts=pulumi.ResourceOptions(parent=parent), **arguments)


def _snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)
