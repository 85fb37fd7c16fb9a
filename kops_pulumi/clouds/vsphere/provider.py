"""The vSphere provider of a cluster whose program brings none: the manifest's vCenter, the stack's `vsphere:` settings.

User and password come from the stack's configuration or the environment (VSPHERE_USER, VSPHERE_PASSWORD), never from a
manifest. https://www.pulumi.com/registry/packages/vsphere/api-docs/provider/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_vsphere as vsphere

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

PACKAGE = "vsphere"


def make(name: str, plan: ClusterPlan, parent: pulumi.Resource) -> pulumi.ProviderResource:
    """A provider for the plan's vCenter; a stack setting that says otherwise is named and not followed."""
    config, server = pulumi.Config(PACKAGE), plan.options.server
    configured = config.get("vsphereServer")
    if configured not in (None, server):
        pulumi.log.warn(f"vsphere:vsphereServer is {configured}, but the manifest says {server}; using that", parent)
    settings: dict[str, Any] = {
        "user": config.get("user"),
        "password": config.get_secret("password"),
        "allow_unverified_ssl": plan.options.insecure or config.get_bool("allowUnverifiedSsl"),
        "api_timeout": config.get_int("apiTimeout"),
        "persist_session": config.get_bool("persistSession"),
    }
    arguments = {key: value for key, value in settings.items() if value not in (None, False)}
    return vsphere.Provider(name, vsphere_server=server, opts=pulumi.ResourceOptions(parent=parent), **arguments)
