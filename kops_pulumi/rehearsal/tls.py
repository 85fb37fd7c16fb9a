"""The simulated tls provider: real keys and certificates (cryptography), nothing stored.

Facts of types and outputs: https://www.pulumi.com/registry/packages/tls/. As there, every input but `earlyRenewalHours`
replaces. Private keys leave as secrets.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, Package, Question, Values
from kops_pulumi.rehearsal.wire import Secret

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
_SUBJECT: Final = {
    "commonName": NameOID.COMMON_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "country": NameOID.COUNTRY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "postalCode": NameOID.POSTAL_CODE,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
_KEY_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
_EXTENDED_USAGES: Final[Mapping[str, ObjectIdentifier]] = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_PEM: Final = serialization.Encoding.PEM


def _private_key(birth: Birth, _id: str) -> Values:
    inputs = birth.inputs
    key: PrivateKey
    match inputs["algorithm"]:
        case "RSA":
            key = rsa.generate_private_key(65537, inputs.get("rsaBits", 2048))
        case "ECDSA":
            key = ec.generate_private_key(_CURVES[inputs.get("ecdsaCurve", "P224")]())
        case _:
            key = ed25519.Ed25519PrivateKey.generate()
    none = serialization.NoEncryption()
    pkcs8 = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, none).decode()
    ed = isinstance(key, ed25519.Ed25519PrivateKey)
    traditional = (
        pkcs8 if ed else key.private_bytes(_PEM, serialization.PrivateFormat.TraditionalOpenSSL, none).decode()
    )
    openssh = key.private_bytes(_PEM, serialization.PrivateFormat.OpenSSH, none).decode()
    return {
        "ecdsaCurve": inputs.get("ecdsaCurve", "P224"),
        "rsaBits": inputs.get("rsaBits", 2048),
        "privateKeyPem": Secret(traditional),
        "privateKeyPemPkcs8": Secret(pkcs8),
        "privateKeyOpenssh": Secret(openssh),
        **_public_facts(key),
    }


def _public_facts(key: PrivateKey) -> dict[str, Any]:
    public = key.public_key()
    facts = {
        "publicKeyPem": public.public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
        "publicKeyOpenssh": "",
        "publicKeyFingerprintMd5": "",
        "publicKeyFingerprintSha256": "",
    }
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp224r1":
        return facts  # OpenSSH has no such curve
    text = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return facts | {"publicKeyOpenssh": f"{text}\n", **openssh_fingerprints(text)}


def openssh_fingerprints(text: str) -> dict[str, str]:
    """MD5 and SHA-256 fingerprints of an OpenSSH public key line, as OpenSSH prints them."""
    blob = base64.b64decode(text.split()[1])
    md5 = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "publicKeyFingerprintMd5": ":".join(md5[i : i + 2] for i in range(0, len(md5), 2)),
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }


def _load_key(pem: str) -> PrivateKey:
    load = serialization.load_ssh_private_key if "OPENSSH" in pem else serialization.load_pem_private_key
    key = load(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise TypeError(f"unsupported kind of key: {type(key).__name__}")
    return key


def _algorithm(key: Any) -> str:
    match key:
        case rsa.RSAPrivateKey() | rsa.RSAPublicKey():
            return "RSA"
        case ec.EllipticCurvePrivateKey() | ec.EllipticCurvePublicKey():
            return "ECDSA"
        case _:
            return "ED25519"


def _digest(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _name(subject: Mapping[str, Any]) -> x509.Name:
    attributes = [x509.NameAttribute(oid, str(subject[key])) for key, oid in _SUBJECT.items() if subject.get(key)]
    streets = [x509.NameAttribute(NameOID.STREET_ADDRESS, street) for street in subject.get("streetAddresses", ())]
    return x509.Name(attributes + streets)


def _alternative_names(inputs: Values) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames", ())]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in inputs.get("ipAddresses", ())]
    names += [x509.UniformResourceIdentifier(uri) for uri in inputs.get("uris", ())]
    return x509.SubjectAlternativeName(names) if names else None


def _request(birth: Birth, _id: str) -> Values:
    key = _load_key(birth.inputs["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(birth.inputs.get("subject", {})))
    names = _alternative_names(birth.inputs)
    if names:
        builder = builder.add_extension(names, critical=False)
    request = builder.sign(key, _digest(key))
    return {"certRequestPem": request.public_bytes(_PEM).decode(), "keyAlgorithm": _algorithm(key)}


def _self_signed(birth: Birth, _id: str) -> Values:
    inputs = birth.inputs
    key = _load_key(inputs["privateKeyPem"])
    name = _name(inputs.get("subject", {}))
    return _certificate(inputs, name, key.public_key(), _alternative_names(inputs), issuer=name, signer=key)


def _locally_signed(birth: Birth, _id: str) -> Values:
    inputs = birth.inputs
    request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    names = next((e.value for e in request.extensions if isinstance(e.value, x509.SubjectAlternativeName)), None)
    authority_key = _load_key(inputs["caPrivateKeyPem"])
    outputs = _certificate(
        inputs, request.subject, request.public_key(), names, issuer=authority.subject, signer=authority_key
    )
    return {**outputs, "caKeyAlgorithm": _algorithm(authority_key)}


def _certificate(
    inputs: Values, subject: x509.Name, public_key: Any, names: Any, *, issuer: x509.Name, signer: PrivateKey
) -> dict[str, Any]:
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    end = start + dt.timedelta(hours=inputs["validityPeriodHours"])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension, critical in _extensions(inputs, public_key, names, signer):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(signer, _digest(signer))
    return {
        "certPem": certificate.public_bytes(_PEM).decode(),
        "keyAlgorithm": _algorithm(public_key),
        "validityStartTime": start.isoformat().replace("+00:00", "Z"),
        "validityEndTime": end.isoformat().replace("+00:00", "Z"),
        "readyForRenewal": False,
    }


def _extensions(
    inputs: Values, public_key: Any, names: Any, signer: PrivateKey
) -> list[tuple[x509.ExtensionType, bool]]:
    uses, authority = set(inputs["allowedUses"]), bool(inputs.get("isCaCertificate"))
    usage = {flag: use in uses for use, flag in _KEY_USAGES.items()}
    extended = [oid for use, oid in _EXTENDED_USAGES.items() if use in uses]
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(authority, inputs.get("maxPathLength") if authority else None), True),
    ]
    if any(usage.values()):
        extensions.append((x509.KeyUsage(**usage), True))
    if extended:
        extensions.append((x509.ExtendedKeyUsage(extended), False))
    if authority or inputs.get("setSubjectKeyId"):
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(public_key), False))
    if "caCertPem" in inputs or inputs.get("setAuthorityKeyId"):
        extensions.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False))
    return [*extensions, *([(names, False)] if names else [])]


def _known_uses(inputs: Values) -> list[Failure]:
    uses = [use for use in inputs.get("allowedUses", ()) if isinstance(use, str)]
    return [("allowedUses", f"unknown use '{use}'") for use in uses if use not in {*_KEY_USAGES, *_EXTENDED_USAGES}]


def _known_algorithm(inputs: Values) -> list[Failure]:
    given = inputs.get("algorithm")
    known = given in ("RSA", "ECDSA", "ED25519") or not isinstance(given, str)
    return [] if known else [("algorithm", f"'{given}' is none of RSA, ECDSA, ED25519")]


def _public_key(question: Question) -> Values:
    key = _load_key(question.args.get("privateKeyPem") or question.args["privateKeyOpenssh"])
    return {"id": "-", "algorithm": _algorithm(key), **_public_facts(key)}


_NAMED: Final = ("subject", "dnsNames", "ipAddresses", "uris", "privateKeyPem")
_VALID: Final = (
    "allowedUses",
    "isCaCertificate",
    "maxPathLength",
    "setAuthorityKeyId",
    "setSubjectKeyId",
    "validityPeriodHours",
)

TLS: Final = Package(
    name="tls",
    stored=False,
    functions={"tls:index/getPublicKey:getPublicKey": _public_key},
    kinds={
        "tls:index/privateKey:PrivateKey": Kind(
            replaces=frozenset({"algorithm", "ecdsaCurve", "rsaBits"}), compute=_private_key, rules=(_known_algorithm,)
        ),
        "tls:index/certRequest:CertRequest": Kind(
            replaces=frozenset(_NAMED), compute=_request, required=("privateKeyPem",)
        ),
        "tls:index/selfSignedCert:SelfSignedCert": Kind(
            replaces=frozenset({*_NAMED, *_VALID}),
            compute=_self_signed,
            rules=(_known_uses,),
            required=("privateKeyPem",),
        ),
        "tls:index/locallySignedCert:LocallySignedCert": Kind(
            replaces=frozenset({"certRequestPem", "caCertPem", "caPrivateKeyPem", *_VALID}),
            compute=_locally_signed,
            rules=(_known_uses,),
            required=("caPrivateKeyPem",),
        ),
    },
)
