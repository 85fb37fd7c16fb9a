"""Keys, certificates and random values are real ones."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from kops_pulumi.rehearsal.lifecycle import Lifecycle
from kops_pulumi.rehearsal.randoms import RANDOM
from kops_pulumi.rehearsal.store import Store
from kops_pulumi.rehearsal.tls import TLS, openssh_fingerprints
from kops_pulumi.rehearsal.wire import Secret

KEY = "tls:index/privateKey:PrivateKey"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
REQUEST = "tls:index/certRequest:CertRequest"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"


@pytest.fixture
def tls(tmp_path: Path) -> Lifecycle:
    return Lifecycle(TLS, Store(tmp_path / "cloud.sqlite"))


def made(life: Lifecycle, token: str, **inputs: Any) -> dict[str, Any]:
    outputs = life.create(token, f"urn::{token}", "x", inputs).outputs
    return {key: value.value if isinstance(value, Secret) else value for key, value in outputs.items()}


def authority(tls: Lifecycle, key: str) -> str:
    uses = ["cert_signing", "crl_signing", "digital_signature"]
    subject = {"commonName": "kubernetes-ca", "organization": "orchard"}
    made_ = made(
        tls,
        SELF_SIGNED,
        privateKeyPem=key,
        allowedUses=uses,
        validityPeriodHours=24,
        isCaCertificate=True,
        subject=subject,
    )
    return str(made_["certPem"])


@pytest.mark.parametrize(
    "inputs",
    [{"algorithm": "RSA", "rsaBits": 2048}, {"algorithm": "ECDSA", "ecdsaCurve": "P256"}, {"algorithm": "ED25519"}],
)
def test_private_keys_load_and_fit_their_public_half(tls: Lifecycle, inputs: dict[str, Any]) -> None:
    outputs = made(tls, KEY, **inputs)
    for form in ("privateKeyPem", "privateKeyPemPkcs8"):
        key = serialization.load_pem_private_key(outputs[form].encode(), None)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert public.decode() == outputs["publicKeyPem"]
    assert openssh_fingerprints(outputs["publicKeyOpenssh"]).items() <= outputs.items()


def test_private_halves_leave_as_secrets_and_public_ones_do_not(tls: Lifecycle) -> None:
    outputs = tls.create(KEY, "urn", "x", {"algorithm": "ED25519"}).outputs
    secret = {key for key, value in outputs.items() if isinstance(value, Secret)}
    assert secret == {"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}
    assert tls.store.objects() == []


@pytest.mark.parametrize("algorithm", ["RSA", "ECDSA", "ED25519"])
def test_a_chain_of_certificates_verifies(tls: Lifecycle, algorithm: str) -> None:
    ca_key = made(tls, KEY, algorithm=algorithm, ecdsaCurve="P256")["privateKeyPem"]
    ca = authority(tls, ca_key)
    key = made(tls, KEY, algorithm="ECDSA", ecdsaCurve="P256")["privateKeyPem"]
    subject = {"commonName": "kubernetes-admin", "organization": "system:masters"}
    request = made(
        tls, REQUEST, privateKeyPem=key, subject=subject, dnsNames=["api.example.net"], ipAddresses=["10.0.0.1"]
    )
    uses = ["client_auth", "digital_signature"]
    signed = made(
        tls,
        SIGNED,
        certRequestPem=request["certRequestPem"],
        caCertPem=ca,
        caPrivateKeyPem=ca_key,
        allowedUses=uses,
        validityPeriodHours=12,
    )
    root, leaf = (x509.load_pem_x509_certificate(pem.encode()) for pem in (ca, signed["certPem"]))

    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:masters"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["api.example.net"]
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).total_seconds() == 12 * 3600


@pytest.mark.parametrize(
    ("token", "inputs", "complaint"),
    [
        (KEY, {"algorithm": "DSA"}, ("algorithm", "'DSA' is none of RSA, ECDSA, ED25519")),
        (
            SELF_SIGNED,
            {"privateKeyPem": "x", "allowedUses": ["sign"], "validityPeriodHours": 1},
            ("allowedUses", "unknown use 'sign'"),
        ),
        (
            SELF_SIGNED,
            {"allowedUses": [], "validityPeriodHours": 1},
            ("privateKeyPem", "required property is missing"),
        ),
    ],
)
def test_what_makes_no_certificate_is_refused(
    tls: Lifecycle, token: str, inputs: dict[str, Any], complaint: tuple[str, str]
) -> None:
    assert tls.check(token, "x", {}, inputs, b"")[1] == [complaint]


def test_renewal_hours_change_in_place_and_subjects_replace(tls: Lifecycle) -> None:
    old = {"subject": {"commonName": "a"}, "earlyRenewalHours": 1}
    assert tls.diff(SELF_SIGNED, old, {**old, "earlyRenewalHours": 2}).replaces == ()
    assert tls.diff(SELF_SIGNED, old, {**old, "subject": {"commonName": "b"}}).replaces == ("subject",)


class TestRandom:
    @pytest.fixture
    def random(self, tmp_path: Path) -> Lifecycle:
        return Lifecycle(RANDOM, Store(tmp_path / "cloud.sqlite"))

    def test_strings_keep_their_rules(self, random: Lifecycle) -> None:
        token = "random:index/randomString:RandomString"
        text = made(random, token, length=12, special=False, upper=False, minNumeric=4)["result"]
        assert re.fullmatch(r"[a-z0-9]{12}", text)
        assert sum(character.isdigit() for character in text) >= 4
        assert text != made(random, token, length=12, special=False, upper=False)["result"]

    def test_ids_are_one_number_in_several_spellings(self, random: Lifecycle) -> None:
        outputs = made(random, "random:index/randomId:RandomId", byteLength=4, prefix="a-")
        number = int(outputs["hex"].removeprefix("a-"), 16)
        assert int(outputs["dec"].removeprefix("a-")) == number
        assert base64.b64decode(outputs["b64Std"].removeprefix("a-")) == number.to_bytes(4, "big")

    def test_integers_stay_in_range(self, random: Lifecycle) -> None:
        token = "random:index/randomInteger:RandomInteger"
        assert {made(random, token, min=5, max=6)["result"] for _ in range(40)} <= {5, 6}

    def test_shuffles_keep_their_items(self, random: Lifecycle) -> None:
        outputs = made(random, "random:index/randomShuffle:RandomShuffle", inputs=["a", "b", "c"], resultCount=2)
        assert set(outputs["results"]) < {"a", "b", "c"}

    def test_other_keepers_make_another_value(self, random: Lifecycle) -> None:
        token = "random:index/randomUuid:RandomUuid"
        assert random.diff(token, {"keepers": {"a": "1"}}, {"keepers": {"a": "2"}}).replaces == ("keepers",)
        assert re.fullmatch(r"[0-9a-f-]{36}", made(random, token)["result"])
