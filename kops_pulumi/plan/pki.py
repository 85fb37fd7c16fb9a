"""What is made once and kept: authorities, the service-account key pair, the key of Secrets, the operators' SSH key.

Names are kops's keysets, so that an existing cluster's keys can be taken over. Certificates of machines are made on the
machines (decision 11), but for those of API servers, who may not hold an authority's key, and the administrator's. The
SSH key is public; its name carries its fingerprint: another key is another resource.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import (
    FIRST,
    Certificate,
    CertificateKind,
    EtcdCluster,
    Group,
    LeafCertificate,
    NetworkPlan,
    Role,
    SshKey,
)
from kops_pulumi.plan import given, keysets
from kops_pulumi.plan.endpoints import api_name, internal_api_name
from kops_pulumi.plan.names import Names
from kops_pulumi.plan.store import ADMIN, CLUSTER_CA, ENCRYPTION, SERVICE_ACCOUNT
from kops_pulumi.resolve.cidr import nth_address

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import SSHCredential

_SHARED_ETCD = "cilium"
"""The etcd cluster whose clients run on every node: they must not be trusted by the others."""


def plan_certificates(
    full: FullSpec, etcd: Iterable[EtcdCluster], random_keys: Iterable[str] = ()
) -> tuple[Certificate, ...]:
    """Authorities, key pairs and secret keys, each sorted by key, with the generations that the manifest says.

    Raises ManifestError for Keyset documents that make no sense.
    """
    names = {cluster.name for cluster in etcd}
    authorities = {
        CLUSTER_CA,
        "apiserver-aggregator-ca",
        "etcd-clients-ca",
        *(f"etcd-peers-ca-{name}" for name in names),
        *(f"etcd-clients-ca-{name}" for name in names & {_SHARED_ETCD}),
    }
    kinds = dict.fromkeys(sorted(authorities), CertificateKind.AUTHORITY)
    kinds[SERVICE_ACCOUNT] = CertificateKind.KEY_PAIR
    if full.cluster.spec.encryption_config is not False:
        kinds[ENCRYPTION] = CertificateKind.SECRET_KEY
    kinds |= dict.fromkeys(sorted(random_keys), CertificateKind.SECRET_KEY)
    kinds |= dict.fromkeys(given.declared(full), CertificateKind.GIVEN)
    rotated = keysets.of(full.keysets, kinds)
    return tuple(Certificate(name, kind, name, rotated.get(name, FIRST)) for name, kind in kinds.items())


def plan_leaves(
    full: FullSpec, network: NetworkPlan, groups: Iterable[Group], further: Iterable[LeafCertificate] = ()
) -> tuple[LeafCertificate, ...]:
    """Certificates that Pulumi makes, sorted by key: the administrator's, those of API servers if there are any, and
    `further` ones of what is installed.
    """
    admin = LeafCertificate(ADMIN, CLUSTER_CA, "kops-pulumi-admin", "system:masters")
    serving = any(group.role is Role.API_SERVER for group in groups)
    found = [admin, *(_of_api_servers(full, network) if serving else ()), *further]
    return tuple(sorted(found, key=lambda leaf: leaf.key))


def api_names(full: FullSpec, network: NetworkPlan) -> tuple[str, ...]:
    """Every name and address by which the API is called and that is known before deployment, sorted."""
    spec = full.cluster.spec
    domain = spec.cluster_dns_domain or "cluster.local"
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{domain}")
    first = nth_address(network.service_cidr, 1)
    here = ("localhost", "127.0.0.1", *(("::1",) if network.ipv6 else ()))
    ours = (api_name(full.cluster), internal_api_name(full.cluster.metadata.name))
    return tuple(sorted({*service, *here, *ours, *(spec.additional_sans or ()), *((first,) if first else ())}))


def _of_api_servers(full: FullSpec, network: NetworkPlan) -> Iterator[LeafCertificate]:
    """What kubeadm makes on a control plane for its API server, with its subjects.

    https://kubernetes.io/docs/setup/best-practices/certificates/
    """
    names = api_names(full, network)
    addresses = tuple(name for name in names if _is_address(name))
    yield LeafCertificate(
        "apiserver",
        CLUSTER_CA,
        "kube-apiserver",
        server=True,
        dns_names=tuple(name for name in names if name not in addresses),
        ip_addresses=addresses,
    )
    yield LeafCertificate(
        "apiserver-kubelet-client", CLUSTER_CA, "kube-apiserver-kubelet-client", "kubeadm:cluster-admins"
    )
    yield LeafCertificate("apiserver-etcd-client", "etcd-clients-ca", "kube-apiserver-etcd-client")
    yield LeafCertificate("front-proxy-client", "apiserver-aggregator-ca", "front-proxy-client")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


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
