"""Groups, etcd, keys and the termination queue."""

from __future__ import annotations

import pytest

from kops_pulumi.errors import ManifestError
from kops_pulumi.model import CertificateKind
from kops_pulumi.plan.pki import fingerprint

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOlT0sVqHbWhkyBOl8c6f4mXfkNQd7dlnV3uZHrJzwYt somebody"


def test_group_is_where_its_subnets_are(kit):
    groups = {group.name: group for group in kit.planned(kit.documents("abc", private=True, bastion=True)).plan.groups}
    assert groups["nodes"].zones == ("eu-west-1a", "eu-west-1b", "eu-west-1c")
    assert not groups["nodes"].public_ip
    assert groups["bastions"].public_ip


def test_associate_public_ip_cannot_open_a_private_subnet(kit):
    documents = kit.documents("a", private=True)
    documents[-1]["spec"]["associatePublicIp"] = True
    assert not any(group.public_ip for group in kit.planned(documents).plan.groups)


def test_nodes_carry_role_and_group_labels_and_control_planes_a_taint(kit):
    groups = {group.name: group for group in kit.planned(kit.documents()).plan.groups}
    assert groups["nodes"].node_labels == {"kops.k8s.io/instancegroup": "nodes", "node-role.kubernetes.io/node": ""}
    assert groups["nodes"].taints == ()
    assert groups["control-plane-a"].taints == ("node-role.kubernetes.io/control-plane=:NoSchedule",)


def test_group_tags_win_over_cluster_tags(kit):
    documents = kit.documents()
    documents[0]["spec"]["cloudLabels"] = {"team": "one", "cost": "lab"}
    documents[-1]["spec"]["cloudLabels"] = {"team": "two"}
    groups = {group.name: group for group in kit.planned(documents).plan.groups}
    assert groups["nodes"].tags == {"team": "two", "cost": "lab"}
    assert groups["control-plane-a"].tags == {"team": "one", "cost": "lab"}


def test_existing_profile_replaces_our_identity(kit):
    documents = kit.documents()
    documents[-1]["spec"]["iam"] = {"profile": "arn:aws:iam::000000000000:instance-profile/mine"}
    plan = kit.planned(documents).plan
    (nodes,) = [group for group in plan.groups if group.name == "nodes"]
    assert nodes.identity is None
    assert nodes.existing_identity == "arn:aws:iam::000000000000:instance-profile/mine"
    assert "node" not in {identity.key for identity in plan.identities}


def test_every_member_has_its_own_volume_in_its_groups_zone(kit):
    plan = kit.planned(kit.documents("abc")).plan
    assert [(etcd.name, etcd.client_port, etcd.peer_port) for etcd in plan.etcd] == [
        ("events", 4002, 2381),
        ("main", 4001, 2380),
    ]
    members = [member for etcd in plan.etcd for member in etcd.members]
    assert len({member.volume_name for member in members}) == 6
    assert {(member.name, member.zone) for member in members} == {(z, f"eu-west-1{z}") for z in "abc"}
    assert all(member.volume.encrypted and not member.volume.delete_on_termination for member in members)


def test_each_etcd_cluster_has_its_own_peer_authority(kit):
    certificates = {c.key: c.kind for c in kit.planned(kit.documents()).plan.certificates}
    assert certificates == {
        "apiserver-aggregator-ca": CertificateKind.AUTHORITY,
        "etcd-clients-ca": CertificateKind.AUTHORITY,
        "etcd-peers-ca-events": CertificateKind.AUTHORITY,
        "etcd-peers-ca-main": CertificateKind.AUTHORITY,
        "kubernetes-ca": CertificateKind.AUTHORITY,
        "service-account": CertificateKind.KEY_PAIR,
        "encryption-at-rest": CertificateKind.SECRET_KEY,
    }


def test_ssh_key_given_beside_the_manifest_is_named_by_its_fingerprint(kit):
    key = kit.planned(kit.documents(), ssh_public_keys=[KEY]).plan.ssh_key
    assert key.public_key == KEY
    assert key.physical_name == f"kubernetes.unit.test.example.org-{fingerprint(KEY)}"
    assert len(fingerprint(KEY).split(":")) == 16


@pytest.mark.parametrize(("name", "existing"), [("ops", "ops"), ("", None)])
def test_ssh_key_name_adopts_a_key_and_an_empty_one_means_none(kit, name, existing):
    documents = kit.documents()
    documents[0]["spec"]["sshKeyName"] = name
    key = kit.planned(documents, ssh_public_keys=[KEY]).plan.ssh_key
    assert (key.existing_name if key else None) == existing


def test_a_key_that_is_none_is_a_finding(kit):
    for text in ("not a key", "ssh-ed25519", ""):
        with pytest.raises(ValueError, match="OpenSSH"):
            fingerprint(text)
    with pytest.raises(ManifestError) as raised:
        kit.planned(kit.documents(), ssh_public_keys=["ssh-rsa ???"])
    (finding,) = raised.value.findings[-1:]
    assert (finding.document, finding.dotted) == ("SSHCredential/admin", "spec.publicKey")


@pytest.mark.parametrize(
    ("handler", "events"),
    [
        ({}, 4),
        ({"enableRebalanceDraining": True}, 5),
        ({"enabled": False}, 0),
        ({"enableSQSTerminationDraining": False}, 0),
    ],
)
def test_termination_events_need_the_handlers_queue_mode(kit, handler, events):
    documents = kit.documents()
    documents[0]["spec"]["nodeTerminationHandler"] = handler
    queue = kit.planned(documents).plan.termination_queue
    assert (len(queue.events) if queue else 0) == events
