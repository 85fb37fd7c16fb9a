"""The planned PKI, made as `components/pki.py` has it made, and the store's objects with the texts that are in them."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kops_pulumi.components import contents
from kops_pulumi.components.handles import Handles, PkiHandles
from kops_pulumi.model import CertificateKind, ClusterPlan, StoreKind
from kops_pulumi.plan import store

_PEM = serialization.Encoding.PEM
_NOW = dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Authority:
    """A certificate and its key, in PEM."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Pki:
    """Every keyset of a plan."""

    authorities: Mapping[str, Authority]
    public: Mapping[str, str]
    private: Mapping[str, str]
    random: Mapping[str, str]

    def objects(self, plan: ClusterPlan) -> dict[str, bytes]:
        """What Pulumi stores but for the bundles, by path below the store's base."""
        outputs = {key: pulumi.Output.from_input(text) for key, text in self.public.items()}
        keys = {key: pulumi.Output.from_input(text) for key, text in self.private.items()}
        rand = {key: {"1": pulumi.Output.from_input(text)} for key, text in self.random.items()}

        async def text(path: str) -> bytes:
            item = next(item for item in store.objects(plan) if item.path == path)
            return str(await contents.text(item, Handles(pki=PkiHandles(outputs, keys, {}, rand))).future()).encode()

        async def all_of() -> dict[str, bytes]:
            return {
                item.path: await text(item.path) for item in store.objects(plan) if item.kind is not StoreKind.BUNDLE
            }

        return asyncio.run(all_of())


def make(plan: ClusterPlan) -> Pki:
    """Every keyset, new."""
    authorities = {c.key: authority(c.common_name) for c in plan.certificates if c.kind is CertificateKind.AUTHORITY}
    public = {key: item.certificate for key, item in authorities.items()}
    private = {key: item.key for key, item in authorities.items()}
    random: dict[str, str] = {}
    for keyset in plan.certificates:
        if keyset.kind is CertificateKind.KEY_PAIR:
            key = rsa.generate_private_key(65537, 2048)
            public[keyset.key] = (
                key.public_key().public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
            )
            private[keyset.key] = _text(key)
        elif keyset.kind is CertificateKind.SECRET_KEY:
            random[keyset.key] = base64.b64encode(secrets.token_bytes(32)).decode()
    return Pki(authorities, public, private, random)


def authority(name: str) -> Authority:
    """A self-signed authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, True, False, False, True, True, False, False)
    builder = _builder(name, (), key.public_key()).issuer_name(_subject(name, ()))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Authority(builder.sign(key, hashes.SHA256()).public_bytes(_PEM).decode(), _text(key))


def leaf(issuer: Authority, name: str, organizations: Sequence[str] = (), names: Sequence[str] = ()) -> Authority:
    """A client's certificate, or a server's when it has names."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = serialization.load_pem_private_key(issuer.key.encode(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    ca = x509.load_pem_x509_certificate(issuer.certificate.encode())
    usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = _builder(name, organizations, key.public_key()).issuer_name(ca.subject)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
    return Authority(builder.sign(signer, hashes.SHA256()).public_bytes(_PEM).decode(), _text(key))


def _builder(name: str, organizations: Sequence[str], key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_subject(name, organizations)).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(_NOW - dt.timedelta(hours=1)).not_valid_after(_NOW + dt.timedelta(days=3650))


def _subject(name: str, organizations: Sequence[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, value) for value in organizations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _text(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(_PEM, form, serialization.NoEncryption()).decode()
