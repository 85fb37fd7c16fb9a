"""Identities of a cluster on AWS: roles and instance profiles of machines, and roles of service accounts by OIDC.

Reads `plan.identities` and `plan.issuer`; what a permission means stands in `verbs.py`, how documents are written in
`iam.py`. Every role has the manifest's permissions boundary. An instance profile that the manifest names
(`iam.profile`) is used as it is. Hosted zones known by name only are looked up, because their ARN needs the id.

https://www.pulumi.com/registry/packages/aws/api-docs/iam/ (role, rolepolicy, rolepolicyattachment, instanceprofile,
openidconnectprovider)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import iam as aws_iam

from kops_pulumi.clouds.aws import iam, tags, zones
from kops_pulumi.components.handles import Handles, IdentityHandles
from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import ClusterPlan, IdentityKind
from kops_pulumi.model import Identity as IdentityPlan
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from kops_pulumi.model import ServiceAccountIssuer

NO_ISSUER = Finding(
    ("spec", "serviceAccountIssuerDiscovery", "enableAWSOIDCProvider"),
    "service accounts can only have AWS roles when AWS trusts the cluster's issuer",
    "set it to true, with a discoveryStore",
)


class Identity(pulumi.ComponentResource):
    """Roles, their policies, instance profiles and the OIDC provider."""

    handles: IdentityHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:aws:Identity", name, None, opts)
        del handles
        self._name, self._plan = name, plan
        self._audiences = (iam.AUDIENCE, *(plan.issuer.audiences if plan.issuer else ()))
        self._issuer = self._make_provider(plan.issuer)
        self._zones = self._zone_ids()
        roles = {identity.key: self._make_role(identity) for identity in plan.identities}
        profiles = {
            identity.key: self._make_profile(identity, roles[identity.key])
            for identity in plan.identities
            if identity.kind is IdentityKind.MACHINE
        }
        self.handles = IdentityHandles(
            group_identities={
                group.name: pulumi.Output.from_input(group.existing_identity)
                if group.existing_identity
                else profiles[group.identity or group.role.value].name
                for group in plan.groups
            },
            service_account_roles={
                identity.key: roles[identity.key].arn
                for identity in plan.identities
                if identity.kind is IdentityKind.SERVICE_ACCOUNT
            },
            zone_ids=self._zones,
            ready=(self,),
        )
        self.register_outputs({"roleArns": {key: role.arn for key, role in roles.items()}})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _make_provider(self, issuer: ServiceAccountIssuer | None) -> aws_iam.OpenIdConnectProvider | None:
        """The cluster as an issuer of identities; without thumbprints AWS trusts its own authorities."""
        if issuer is None or not issuer.cloud_provider_trust:
            return None
        return aws_iam.OpenIdConnectProvider(
            logical(self._name, "issuer"),
            url=issuer.url,
            client_id_lists=sorted(self._audiences),
            thumbprint_lists=list(issuer.thumbprints) or None,
            tags=tags.owned(self._plan, self._plan.name),
            opts=self._child(),
        )

    def _make_role(self, identity: IdentityPlan) -> aws_iam.Role:
        key = identity.key.replace("*", "wildcard")
        role = aws_iam.Role(
            logical(self._name, key),
            name=identity.name,
            assume_role_policy=self._trust(identity),
            permissions_boundary=self._plan.options.permissions_boundary,
            tags=tags.role(self._plan, identity),
            opts=self._child(),
        )
        own = self._own_policy(identity)
        if own is not None:
            self._inline(logical(self._name, key, "policy"), identity.name, role, own)
        if identity.inline_policy:
            # kops has the user's statements of a service account in its one policy, those of machines in a second one.
            extra = f"additional.{identity.name}" if identity.kind is IdentityKind.MACHINE else identity.name
            self._inline(logical(self._name, key, "additional"), extra, role, iam.user_policy(identity.inline_policy))
        for arn in identity.managed_policies:
            aws_iam.RolePolicyAttachment(
                logical(self._name, key, arn), role=role.name, policy_arn=arn, opts=self._child()
            )
        return role

    def _inline(self, name: str, physical: str, role: aws_iam.Role, policy: pulumi.Input[str]) -> None:
        aws_iam.RolePolicy(name, name=physical, role=role.name, policy=policy, opts=self._child())

    def _make_profile(self, identity: IdentityPlan, role: aws_iam.Role) -> aws_iam.InstanceProfile:
        return aws_iam.InstanceProfile(
            logical(self._name, identity.key, "profile"),
            name=identity.name,
            role=role.name,
            tags=tags.owned(self._plan, identity.name),
            opts=self._child(),
        )

    def _trust(self, identity: IdentityPlan) -> pulumi.Input[str]:
        if identity.kind is IdentityKind.MACHINE:
            return iam.machine_trust()
        if self._issuer is None or self._plan.issuer is None:
            raise ManifestError([NO_ISSUER])
        url, namespace, account = self._plan.issuer.url, identity.namespace or "", identity.service_account or ""

        def trust(arn: str) -> str:
            return iam.account_trust(arn, url, namespace, account, self._audiences)

        return self._issuer.arn.apply(trust)

    def _own_policy(self, identity: IdentityPlan) -> pulumi.Input[str] | None:
        """Our document for an identity; it waits for the ids of the zones that it speaks of."""
        if iam.policy(identity.permissions, self._scope({})) is None:
            return None
        names = [name for name in iam.zones(identity.permissions) if name in self._zones]
        if not names:
            return self._document(identity, {})
        ids = pulumi.Output.all(*(self._zones[name] for name in names))
        return ids.apply(lambda found: self._document(identity, dict(zip(names, found, strict=True))))

    def _document(self, identity: IdentityPlan, zone_ids: Mapping[str, str]) -> str:
        document = iam.policy(identity.permissions, self._scope(zone_ids)) or ""
        extra = [iam.user_policy(identity.inline_policy)] if identity.inline_policy else []
        iam.check_size(identity.name, [document, *extra])
        return document

    def _scope(self, zone_ids: Mapping[str, str]) -> iam.Scope:
        return iam.scope(self._plan, zone_ids)

    def _zone_ids(self) -> Mapping[str, pulumi.Output[str]]:
        """Ids of the hosted zones that permissions speak of by name."""
        wanted = {name for identity in self._plan.identities for name in iam.zones(identity.permissions)}
        return {name: zones.find(name, self._plan, self) for name in sorted(wanted) if "." in name}
