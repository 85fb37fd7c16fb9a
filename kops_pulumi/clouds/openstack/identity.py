"""Identities of a cluster on OpenStack: application credentials, one for each role's machines and one for controllers.

OpenStack gives machines no identity of their own. A role's credential allows its part of the store and nothing else
(`verbs.py`); its machines get it with their metadata, on the config drive, never with user data (docs/adr/0021). The
controllers' credential is in `cloud.conf` only, which add-ons deliver as a Secret (`Late("cloud-config")`). A
credential's name has a digest of its rules, so that another one is there before the old one goes.

A credential is its maker's: it dies with the user, and whoever has only a restricted application credential cannot make
another. https://www.pulumi.com/registry/packages/openstack/api-docs/identity/applicationcredential/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple

import pulumi
from pulumi_openstack import identity as openstack_identity

from kops_pulumi.clouds.openstack import cloudconf, lookups, verbs
from kops_pulumi.components.handles import Handles, IdentityHandles
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, IdentityKind
from kops_pulumi.model import Identity as IdentityPlan
from kops_pulumi.plan.names import logical, short_hash

CONTROLLERS = "controllers"
SECRET = "security-credentials"  # noqa: S105 - a name
"""Of the metadata that cloud-init shows to root alone: `sensitive_metadata_keys` of
https://github.com/canonical/cloud-init/blob/main/cloudinit/sources/__init__.py."""


class Identity(pulumi.ComponentResource):
    """Application credentials, and cloud.conf."""

    handles: IdentityHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:openstack:Identity", name, None, opts)
        self._name, self._plan, self._known = name, plan, handles
        self._scope = lookups.scope(plan.name, plan.region, self)
        machines = [item for item in plan.identities if item.kind is IdentityKind.MACHINE]
        made = {
            item.key: self._of_machine(item) for item in machines if verbs.of_machine(item.permissions, _scheme(plan))
        }
        self.handles = IdentityHandles(
            group_identities={g.name: made[g.identity].id for g in plan.groups if g.identity in made},
            credentials={g.name: self._metadata(made[g.identity]) for g in plan.groups if g.identity in made},
            cloud_config=self._cloud_config(machines),
            ready=(self,),
        )
        self.register_outputs({"credentialIds": {key: item.id for key, item in made.items()}})

    def _of_machine(self, item: IdentityPlan) -> openstack_identity.ApplicationCredential:
        return self._credential(item.key, item.name, verbs.of_machine(item.permissions, _scheme(self._plan)))

    def _credential(
        self, key: str, name: str, rules: Sequence[verbs.AccessRule]
    ) -> openstack_identity.ApplicationCredential:
        limited = rules if self._plan.options.access_rules else ()
        digest = short_hash(repr([astuple(rule) for rule in limited]))
        return openstack_identity.ApplicationCredential(
            logical(self._name, key),
            name=f"{name}-{digest}",
            description=f"kops-pulumi: {key} of {self._plan.name}",
            unrestricted=False,
            access_rules=[
                openstack_identity.ApplicationCredentialAccessRuleArgs(
                    service=rule.service, method=rule.method, path=rule.path
                )
                for rule in limited
            ]
            or None,
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["secret"]),
        )

    def _metadata(self, made: openstack_identity.ApplicationCredential) -> Mapping[str, pulumi.Input[str]]:
        """What a machine's shell library looks for (`identity-openstack.sh`); a value has at most 255 characters.

        cloud-init keeps metadata where everybody on the machine may read it, but for this one key.
        """
        found: dict[str, pulumi.Input[str]] = {
            "kops_auth_url": self._scope.identity_url,
            "kops_store_url": self._scope.store_url,
            "kops_credential_id": made.id,
            SECRET: pulumi.Output.secret(made.secret),
        }
        return {**found, **({"kops_insecure": "yes"} if self._plan.options.insecure else {})}

    def _cloud_config(self, machines: Sequence[IdentityPlan]) -> pulumi.Output[str]:
        """cloud.conf of the cloud controller and the volume driver, secret."""
        permissions = [item for identity in machines for item in identity.permissions]
        made = self._credential(CONTROLLERS, f"{CONTROLLERS}.{self._plan.name}", verbs.of_cluster(permissions))
        options = self._plan.options
        floating = lookups.external(options.floating_network, self).id if options.floating_network else None
        subnets = self._known.network.subnet_ids if self._known.network else {}
        first = min(self._plan.network.subnets, key=lambda subnet: subnet.name)
        parts = pulumi.Output.all(
            self._scope.identity_url, self._scope.region, made.id, made.secret, floating, subnets[first.name]
        )
        whole = parts.apply(lambda found: cloudconf.text(options, cloudconf.Deployed(*found)))
        return pulumi.Output.secret(whole)


def _scheme(plan: ClusterPlan) -> str:
    if plan.object_store is None:
        raise KopsError("this plan has no object store")
    return plan.object_store.scheme
