"""Rotation: at every step, and while machines are being replaced between two steps, everybody is accepted."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kops_pulumi.errors import KopsError, ManifestError
from kops_pulumi.model import Certificate, CertificateKind, Trust
from kops_pulumi.plan import keysets
from tests.support.authorities import authority

NOW = "2026-11-23T09:00:00Z"
CREATED = keysets.create(keysets.NEW)
PROMOTED = keysets.promote(CREATED)
DISTRUSTED = keysets.distrust(PROMOTED, NOW)
STEPS = (keysets.NEW, CREATED, PROMOTED, DISTRUSTED)


def keyset(step: keysets.Spec) -> Certificate:
    return Certificate("kubernetes-ca", CertificateKind.AUTHORITY, "kubernetes-ca", keysets.generations(step))


def signed(step: keysets.Spec) -> x509.Certificate:
    """A certificate that a machine or person gets while a step is in force."""
    issuer = authority(f"generation {keyset(step).primary.id}")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.certificate.not_valid_before_utc)
        .not_valid_after(issuer.certificate.not_valid_after_utc)
        .sign(issuer.key, hashes.SHA256())
    )


def accepted(certificate: x509.Certificate, step: keysets.Spec) -> bool:
    """Whether somebody with a step's trust bundle accepts the certificate."""
    for item in keyset(step).trusted:
        try:
            certificate.verify_directly_issued_by(authority(f"generation {item.id}").certificate)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


@pytest.mark.parametrize(("before", "after"), tuple(pairwise(STEPS)))
def test_between_two_steps_old_and_new_accept_each_other(before: keysets.Spec, after: keysets.Spec) -> None:
    for holder, judge in product((before, after), repeat=2):
        assert accepted(signed(holder), judge)


@pytest.mark.parametrize(
    ("before", "after"), [(keysets.NEW, PROMOTED), (CREATED, DISTRUSTED), (keysets.NEW, DISTRUSTED)]
)
def test_a_step_left_out_would_lock_somebody_out(before: keysets.Spec, after: keysets.Spec) -> None:
    pairs = product((before, after), repeat=2)
    assert not all(accepted(signed(holder), judge) for holder, judge in pairs)


def test_in_the_end_there_is_one_authority_and_the_old_one_is_refused() -> None:
    assert [item.id for item in keyset(DISTRUSTED).trusted] == ["2"]
    assert not accepted(signed(keysets.NEW), DISTRUSTED)


def test_every_step_can_be_taken_back() -> None:
    assert keysets.generations(keysets.trust(DISTRUSTED, "1")) == keysets.generations(PROMOTED)
    assert keysets.generations(keysets.promote(PROMOTED, "1")) == keysets.generations(CREATED)
    rolled_back = keyset(keysets.distrust(CREATED, NOW, "2"))
    assert rolled_back.trusted == keyset(keysets.NEW).trusted


def test_steps_change_no_document_in_place() -> None:
    assert keysets.NEW == {"primaryID": "1", "keys": [{"id": "1"}]}
    assert CREATED == {"primaryID": "1", "keys": [{"id": "1"}, {"id": "2"}]}


def test_a_second_rotation_goes_on_counting() -> None:
    second = keysets.distrust(keysets.promote(keysets.create(DISTRUSTED)), NOW)
    assert [(item.id, item.trust) for item in keysets.generations(second)] == [
        ("1", Trust.DISTRUSTED),
        ("2", Trust.DISTRUSTED),
        ("3", Trust.PRIMARY),
    ]
    assert [key["id"] for key in keysets.remove(second, "1")["keys"]] == ["2", "3"]


@pytest.mark.parametrize(
    "step",
    [
        lambda: keysets.promote(keysets.NEW),
        lambda: keysets.promote(DISTRUSTED, "1"),
        lambda: keysets.promote(CREATED, "7"),
        lambda: keysets.distrust(CREATED, NOW, "1"),
        lambda: keysets.distrust(keysets.NEW, NOW),
        lambda: keysets.trust(CREATED, "3"),
        lambda: keysets.remove(CREATED, "2"),
        lambda: keysets.remove(keysets.distrust(CREATED, NOW, "2"), "2"),
    ],
)
def test_what_would_break_trust_is_refused(step) -> None:
    with pytest.raises(KopsError) as caught:
        step()
    assert caught.value.hint


def planned(kit, **changes: object):
    body = {"primaryID": "2", "keys": [{"id": "1"}, {"id": "2"}], **changes}
    documents = kit.documents()
    name = documents[0]["metadata"]["name"]
    document = {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Keyset",
        "metadata": {"name": body.pop("name", "kubernetes-ca"), "labels": {"kops.k8s.io/cluster": name}},
        "spec": body,
    }
    return kit.planned([*documents, document]).plan


def test_a_manifests_document_says_the_generations(kit) -> None:
    [found] = [item for item in planned(kit).certificates if item.key == "kubernetes-ca"]
    assert [item.id for item in found.trusted] == ["2", "1"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "kubernets-ca"}, "metadata.name: this cluster has no keyset 'kubernets-ca'"),
        ({"primaryID": "9"}, "spec.primaryID: there is no key '9'"),
        ({"keys": [{"id": "2"}, {"id": "1"}]}, "spec.keys: ids must be different and in the order of the keys"),
        ({"keys": [{"id": "1"}, {"id": "2", "distrustTimestamp": NOW}]}, "spec.primaryID: the primary is distrusted"),
        ({"keys": [{"id": "1"}, {"id": "2", "privateMaterial": "x"}]}, "privateMaterial: unknown field"),
    ],
)
def test_documents_that_make_no_sense_are_findings(kit, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        planned(kit, **changes)
    assert said in str(caught.value)
