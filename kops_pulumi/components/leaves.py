"""Certificates that Pulumi makes itself: the administrator's, and those of API servers (`plan.leaves`).

Where no store brings machines newer ones, also the bootstrap tokens that they join with, one a group.

Everything else with an authority's key nearby makes its own on the machine. A second update renews nothing: a
certificate of an API server is made anew by the first update in the last third of its year, the administrator's by the
first update after its end, and each when its authority gets another primary.

https://www.pulumi.com/registry/packages/tls/api-docs/locallysignedcert/ and ../certrequest/.
"""

from __future__ import annotations

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from kops_pulumi.components.handles import Handles, LeafHandles, PkiHandles
from kops_pulumi.components.pki import PRIVATE
from kops_pulumi.model import ClusterPlan, LeafCertificate
from kops_pulumi.plan.names import logical
from kops_pulumi.plan.store import ADMIN, joining

VALIDITY_HOURS = 365 * 24
RENEWAL_HOURS = VALIDITY_HOURS // 3
"""Before its end; the rest of the life is long enough for machines to be replaced."""


class Leaves(pulumi.ComponentResource):
    """The leaf certificates of the plan."""

    handles: LeafHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:index:Leaves", name, None, opts)
        self._name = name
        pki = handles.pki or PkiHandles({}, {})
        keys = {leaf.key: self._key(leaf) for leaf in plan.leaves}
        certificates = {leaf.key: self._certificate(leaf, keys[leaf.key], pki).cert_pem for leaf in plan.leaves}
        self.handles = LeafHandles(
            certificates,
            {key: pulumi.Output.secret(made.private_key_pem) for key, made in keys.items()},
            {group: self._token(group) for group in joining(plan)},
        )
        self.register_outputs({"certificates": certificates})

    def _child(self, *, secret: bool = False) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, additional_secret_outputs=list(PRIVATE) if secret else None)

    def _key(self, leaf: LeafCertificate) -> tls.PrivateKey:
        return tls.PrivateKey(
            logical(self._name, leaf.key), algorithm="ECDSA", ecdsa_curve="P256", opts=self._child(secret=True)
        )

    def _token(self, group: str) -> pulumi.Output[str]:
        """A bootstrap token: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#token-format."""
        made = random.RandomPassword(
            logical(self._name, "token", group), length=22, upper=False, special=False, opts=self._child()
        )
        return pulumi.Output.secret(made.result.apply(lambda text: f"{text[:6]}.{text[6:]}"))

    def _certificate(self, leaf: LeafCertificate, key: tls.PrivateKey, pki: PkiHandles) -> tls.LocallySignedCert:
        request = tls.CertRequest(
            logical(self._name, leaf.key),
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(common_name=leaf.common_name, organization=leaf.organization),
            dns_names=list(leaf.dns_names) or None,
            ip_addresses=list(leaf.ip_addresses) or None,
            opts=self._child(),
        )
        return tls.LocallySignedCert(
            logical(self._name, leaf.key),
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=pki.signers[leaf.authority],
            ca_private_key_pem=pki.private_keys[leaf.authority],
            allowed_uses=["digital_signature", "server_auth" if leaf.server else "client_auth"],
            validity_period_hours=VALIDITY_HOURS,
            early_renewal_hours=0 if leaf.key == ADMIN else RENEWAL_HOURS,
            set_subject_key_id=True,
            opts=self._child(),
        )
