"""Secrets that the user gives: which there are, where they go, and what must be true of their declarations.

A Keyset document of type Secret declares one: its name and a generation, which counts up with every new value so that
machines are replaced for it. The value itself is secret configuration of the stack (docs/adr/0018): it is in no
manifest, and a plan knows that it is there, never what it is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import CertificateKind, Delivery, Late, Manifest, Role, Stage

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan
    from kops_pulumi.resolve import FullSpec

DOCKER: Final = "dockerconfig"
"""Credentials of container registries, for the kubelets of all machines: a docker config.json."""
ENCRYPTION: Final = "encryptionconfig"
"""An EncryptionConfiguration of the user's own, for API servers, instead of the one with our key."""
CILIUM: Final = "ciliumpassword"
"""The key of cilium's IPsec, as a Secret in the cluster."""
NAMES: Final = (DOCKER, ENCRYPTION, CILIUM)
"""kops's secrets."""
IPSEC_SECRET: Final = "cilium-ipsec-keys"  # noqa: S105 - the Secret's name
"""https://docs.cilium.io/en/stable/security/network/encryption-ipsec/#generate-import-the-psk"""


def declared(full: FullSpec) -> tuple[str, ...]:
    """Names of the secrets that the manifest declares, sorted; ManifestError for declarations that make no sense."""
    found = sorted(document.metadata.name for document in full.keysets if document.spec.type == "Secret")
    if problems := list(_problems(full, found)):
        raise ManifestError(problems)
    return tuple(found)


def of_machines(full: FullSpec, role: Role) -> dict[str, str]:
    """Generation by name of the secrets that machines of a role read."""
    wanted = {DOCKER, *((ENCRYPTION,) if role in (Role.CONTROL_PLANE, Role.API_SERVER) else ())}
    names = wanted & set(declared(full)) if role is not Role.BASTION else set[str]()
    return {k.metadata.name: k.spec.primary_id for k in full.keysets if k.metadata.name in names}


def of(plan: ClusterPlan) -> dict[str, str]:
    """Generation by name of the secrets that a plan has."""
    return {item.key: item.primary.id for item in plan.certificates if item.kind is CertificateKind.GIVEN}


def deliveries(full: FullSpec) -> tuple[Delivery, ...]:
    """The Secrets in the cluster that hold given secrets; their values are put in when they are deployed."""
    if CILIUM not in declared(full):
        return ()
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": IPSEC_SECRET, "namespace": "kube-system"},
        "stringData": {"keys": str(Late(f"secret.{CILIUM}"))},
        "type": "Opaque",
    }
    why = f"the secret {CILIUM} is given"
    return (Delivery(IPSEC_SECRET, Stage.CNI, Manifest((document,)), "kube-system", why),)


def _problems(full: FullSpec, names: list[str]) -> Iterator[Finding]:
    spec = full.cluster.spec
    for name in names:
        document = f"Keyset/{name}"
        if name not in NAMES:
            hint = f"there are: {', '.join(NAMES)}"
            yield Finding(("metadata", "name"), f"there is no secret {name!r} to give", hint, document=document)
    if ENCRYPTION in names and spec.encryption_config is False:
        message, hint = "encryptionConfig is off, and a secret for it is given", "remove one of the two"
        yield Finding(("metadata", "name"), message, hint, document=f"Keyset/{ENCRYPTION}")
    if CILIUM in names and (spec.networking is None or spec.networking.cilium is None):
        message, hint = "the cluster's network plug-in is not cilium", "remove it"
        yield Finding(("metadata", "name"), message, hint, document=f"Keyset/{CILIUM}")
