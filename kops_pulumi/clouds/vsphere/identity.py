"""Identities of a cluster on vSphere: a vCenter role for what its controllers do, and the user they log in as.

Machines and pods have no identity here. The cloud controller and the volume driver log in with a user of the operator's
(`vsphere:controllerUser` and `vsphere:controllerPassword`, secret; the provider's own user by default), and get it in
their configuration files (`cloudconf.py`); the role says what that user needs, so that it can be given no more. What a
neutral verb means stands in `verbs.py`.

https://www.pulumi.com/registry/packages/vsphere/api-docs/role/
"""

from __future__ import annotations

import pulumi
import pulumi_vsphere as vsphere

from kops_pulumi.clouds.vsphere import cloudconf, verbs
from kops_pulumi.components.handles import Handles, IdentityHandles
from kops_pulumi.model import ClusterPlan
from kops_pulumi.plan.names import logical


class Identity(pulumi.ComponentResource):
    """A role for each identity that may do something, and the controllers' credentials."""

    handles: IdentityHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:vsphere:Identity", name, None, opts)
        del handles
        self._name, self._plan = name, plan
        wanted = {identity.key: identity for identity in plan.identities} if plan.options.create_roles else {}
        roles = {
            key: self._role(key, identity.name, privileges)
            for key, identity in wanted.items()
            if (privileges := verbs.privileges(identity.permissions))
        }
        account = self._account()
        self.handles = IdentityHandles(
            {},
            cloud_config=account.apply(lambda found: cloudconf.controller(plan.options, found)),
            csi_config=account.apply(lambda found: cloudconf.storage(plan.options, found, plan.name)),
            ready=(self,),
        )
        self.register_outputs({"roles": {key: role.name for key, role in roles.items()}})

    def _role(self, key: str, name: str, privileges: tuple[str, ...]) -> vsphere.Role:
        return vsphere.Role(
            logical(self._name, key),
            name=name,
            role_privileges=list(privileges),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _account(self) -> pulumi.Output[cloudconf.Account]:
        """The controllers' user, where the stack's configuration has one; the environment's is nobody else's."""
        config = pulumi.Config("vsphere")
        user = config.get("controllerUser") or config.get("user")
        password = config.get_secret("controllerPassword") or config.get_secret("password")
        if user is None or password is None:
            hint = "set vsphere:controllerUser and, with --secret, vsphere:controllerPassword"
            pulumi.log.warn(f"the cloud controller and the volume driver have no account at vCenter; {hint}", self)
        secret = pulumi.Output.secret(password or "")
        return secret.apply(lambda text: cloudconf.Account(user or "", text or ""))
