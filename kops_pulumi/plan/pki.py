"""What is made once and kept: certificate authorities, the service-account key pair, the operators' SSH key.

Names are kops's keysets, so that an existing cluster's keys can be taken over. Leaf certificates are made on the
machines (decision 11). The SSH key is public; its name carries its fingerprint: another key is another resource.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import Certificate, CertificateKind, EtcdCluster, SshKey
from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import SSHCredential

_SHARED_ETCD = "cilium"
"""The etcd cluster whose clients run on every node: they must not be trusted by the others."""


def plan_certificates(etcd: Iterable[EtcdCluster]) -> tuple[Certificate, ...]:
    """Authorities and key pairs, sorted by key."""
    names = {cluster.name for cluster in etcd}
    authorities = {
        "kubernetes-ca",
        "apiserver-aggregator-ca",
        "etcd-clients-ca",
        *(f"etcd-peers-ca-{name}" for name in names),
        *(f"etcd-clients-ca-{name}" for name in names & {_SHARED_ETCD}),
    }
    return (
        *(Certificate(name, CertificateKind.AUTHORITY, name) for name in sorted(authorities)),
        Certificate("service-account", CertificateKind.KEY_PAIR, "service-account"),
    )


def plan_ssh_key(full: FullSpec, names: Names) -> SshKey | None:
    """The key operators log in with: an existing one by name (an empty name means none), else ours to upload."""
    existing = full.cluster.spec.ssh_key_name
    if existing is not None:
        return SshKey(existing_name=existing) if existing else None
    ordered = sorted(full.ssh_keys, key=lambda credential: (credential.metadata.name, credential.spec.public_key))
    return _uploaded(ordered[0], names) if ordered else None


def _uploaded(credential: SSHCredential, names: Names) -> SshKey:
    public_key = credential.spec.public_key.strip()
    try:
        marked = fingerprint(public_key)
    except ValueError as error:
        hint = "write it in one line: ssh-ed25519 AAAA… comment"
        document = f"SSHCredential/{credential.metadata.name}"
        raise ManifestError([Finding(("spec", "publicKey"), str(error), hint, document=document)]) from None
    return SshKey(physical_name=f"kubernetes.{names.cluster}-{marked}", public_key=public_key)


def fingerprint(public_key: str) -> str:
    """The MD5 fingerprint of an OpenSSH public key, as clouds show it (`c4:a6:…`); ValueError when it is none."""
    _, blob, *_ = (*public_key.split(), "", "")
    try:
        decoded = base64.b64decode(blob, validate=True)
    except binascii.Error:
        decoded = b""
    if not decoded:
        raise ValueError("this is not an OpenSSH public key")
    return hashlib.md5(decoded, usedforsecurity=False).digest().hex(":")
