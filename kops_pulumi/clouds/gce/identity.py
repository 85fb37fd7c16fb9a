"""Identities of a cluster on GCE: one service account for each role of machines, and what it may do in the project.

Reads `plan.identities`; what a permission means stands in `verbs.py`. Custom roles and bindings are resources of their
own, one member each, so that nobody else's bindings are touched. An account that the manifest names
(`gceServiceAccount`) is used as it is: nothing is made, and it must be allowed already what the machines need.

https://www.pulumi.com/registry/packages/gcp/api-docs/serviceaccount/account/, ../projects/iamcustomrole/,
../projects/iammember/ and ../dns/dnsmanagedzoneiammember/.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import dns, projects, serviceaccount

from kops_pulumi.clouds.gce import iam, names, zones
from kops_pulumi.components.handles import Handles, IdentityHandles
from kops_pulumi.model import ClusterPlan, IdentityKind, Role
from kops_pulumi.model import Identity as IdentityPlan
from kops_pulumi.plan.names import logical

_TITLE_LIMIT = 100
"""Of a custom role: https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles."""


class Identity(pulumi.ComponentResource):
    """Service accounts, custom roles and bindings."""

    handles: IdentityHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:gce:Identity", name, None, opts)
        self._name, self._plan = name, plan
        self._network = handles.network.ready if handles.network else ()
        given = plan.options.service_account
        machines = [] if given else [item for item in plan.identities if item.kind is IdentityKind.MACHINE]
        accounts = {identity.key: self._account(identity) for identity in machines}
        for identity in machines:
            for binding in iam.bindings(identity, plan):
                self._bind(identity, binding, accounts[identity.key].member)
        emails = {key: account.email for key, account in accounts.items()}
        self.handles = IdentityHandles(
            group_identities={
                group.name: pulumi.Output.from_input(given) if given else emails[group.identity or group.role.value]
                for group in plan.groups
            },
            ready=(self,),
        )
        self.register_outputs({"accounts": emails})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _account(self, identity: IdentityPlan) -> serviceaccount.Account:
        role = identity.role or Role.NODE
        return serviceaccount.Account(
            logical(self._name, identity.key),
            account_id=names.account(self._plan.name, role),
            display_name=f"{names.ROLE_WORD[role]} machines of {self._plan.name}"[:_TITLE_LIMIT],
            opts=self._child(),
        )

    def _bind(self, identity: IdentityPlan, binding: iam.Binding, member: pulumi.Output[str]) -> None:
        role = binding.role or self._custom_role(identity, binding)
        name = logical(self._name, identity.key, binding.key)
        if binding.zone is not None:
            dns.DnsManagedZoneIamMember(
                name,
                managed_zone=zones.find(self._plan, binding.zone, self),
                project=self._plan.options.project,
                role=role,
                member=member,
                opts=self._child(*self._network),
            )
            return
        condition = binding.condition and projects.IAMMemberConditionArgs(
            title=f"{binding.key} of {self._plan.name}"[:_TITLE_LIMIT], expression=binding.condition
        )
        projects.IAMMember(
            name,
            project=self._plan.options.project,
            role=role,
            member=member,
            condition=condition or None,
            opts=self._child(),
        )

    def _custom_role(self, identity: IdentityPlan, binding: iam.Binding) -> pulumi.Output[str]:
        key = f"{identity.key}-{names.safe(binding.key)}"
        made = projects.IAMCustomRole(
            logical(self._name, identity.key, binding.key),
            role_id=names.custom_role(self._plan.name, key),
            title=f"kops {key} of {self._plan.name}"[:_TITLE_LIMIT],
            permissions=sorted(binding.permissions),
            opts=self._child(),
        )
        return made.name
