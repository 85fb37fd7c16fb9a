"""Certificates made, renewed and approved on machines, with the real openssl."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cloud_stub import Cloud, serve
from tests.support.machine import Machine
from tests.support.throwaway_pki import openssl, secrets

DAY = 86400
ETCD = "etc/kubernetes/pki/etcd"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serve(Cloud()) as running:
        yield running


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, cloud: Cloud) -> Machine:
    root = tmp_path_factory.mktemp("certificates") / "root"
    root.mkdir()
    made = Machine(root, cloud)
    made.install(secrets())
    result = made.run()
    assert result.returncode == 0, result.stderr
    client = openssl("x509", "-outform", "pem", stdin=(root / ETCD / "main/client.crt").read_bytes())
    for name in ("admin", "controller-manager", "scheduler"):
        text = f"users:\n- user:\n    client-certificate-data: {base64.b64encode(client).decode()}\n"
        (root / f"etc/kubernetes/{name}.conf").write_text(text)
    for name in ("apiserver", "apiserver-kubelet-client", "front-proxy-client"):
        (root / f"etc/kubernetes/pki/{name}.crt").write_bytes(client)
    return made


def test_the_webhook_beside_the_api_server_gets_a_certificate_of_the_clusters_authority(box: Machine):
    place = box.root / "var/aws-iam-authenticator"
    assert not place.exists(), "where no API server asks one there is none"
    asks = box.root / "etc/kubernetes/authentication/aws-iam-authenticator.yaml"
    asks.parent.mkdir(parents=True, exist_ok=True)
    asks.write_text("{}")
    try:
        result = box.run("opt/kops-pulumi/current/steps/certificates.sh")
        assert result.returncode == 0, result.stderr
        command = ["openssl", "verify", "-CAfile", str(box.root / "etc/kubernetes/pki/ca.crt"), str(place / "cert.pem")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
        assert "IP Address:127.0.0.1" in described(box, "var/aws-iam-authenticator/cert.pem")
        assert (place / "key.pem").resolve().stat().st_mode & 0o077 == 0
    finally:
        asks.unlink()


def described(box: Machine, path: str) -> str:
    return openssl("x509", "-in", str(box.root / path), "-noout", "-text").decode()


@pytest.mark.parametrize(
    ("name", "authority"),
    [
        (f"{ETCD}/main/server", "etcd-clients-ca"),
        (f"{ETCD}/main/client", "etcd-clients-ca"),
        (f"{ETCD}/main/peer", "etcd-peers-ca-main"),
        ("etc/kubernetes/pki/apiserver-etcd-client", "etcd-clients-ca"),
    ],
)
def test_leaves_are_signed_by_their_own_authority(box: Machine, name: str, authority: str):
    for other in ("etcd-clients-ca", "etcd-peers-ca-main"):
        command = ["openssl", "verify", "-CAfile", str(box.root / ETCD / f"{other}.crt"), str(box.root / f"{name}.crt")]
        good = subprocess.run(command, capture_output=True, check=False).returncode == 0
        assert good == (other == authority)
    own = openssl("x509", "-in", str(box.root / f"{name}.crt"), "-pubkey", "-noout")
    assert own == openssl("pkey", "-in", str(box.root / f"{name}.key"), "-pubout")


def test_servers_and_peers_are_named_and_clients_are_not_servers(box: Machine):
    server, peer = described(box, f"{ETCD}/main/server.crt"), described(box, f"{ETCD}/main/peer.crt")
    for name in (
        "DNS:etcd-a.internal.c1",
        "DNS:localhost",
        "DNS:api.internal.c1",
        "IP Address:10.0.0.1",
        "IP Address:127.0.0.1",
    ):
        assert name in server
    assert "DNS:etcd-a.internal.c1, IP Address:10.0.0.1" in peer
    client = described(box, f"{ETCD}/main/client.crt")
    assert "TLS Web Client Authentication" in client
    assert "TLS Web Server Authentication" not in client
    assert "CA:FALSE" in client


def test_certificates_are_renewed_after_two_thirds_of_their_life_and_not_before(box: Machine):
    server = box.root / ETCD / "main/server.crt"
    before = server.read_bytes()
    now = int(time.time())
    early = box.command("kops-renew", KOPS_NOW=str(now + 242 * DAY))
    assert early.returncode == 0, early.stderr
    assert server.read_bytes() == before
    assert not [call for call in box.calls if call.startswith("kubeadm certs renew")]
    assert box.command("kops-renew", KOPS_NOW=str(now + 244 * DAY)).returncode == 0
    assert server.read_bytes() != before
    renewed = {call.split()[3] for call in box.calls if call.startswith("kubeadm certs renew")}
    assert renewed == {
        "apiserver",
        "apiserver-kubelet-client",
        "front-proxy-client",
        "admin.conf",
        "controller-manager.conf",
        "scheduler.conf",
    }
    restarted = [call for call in box.calls if call.startswith("crictl ps -q --name ^kube-")]
    assert len(restarted) == 3


def request(directory: Path, subject: str, names: str) -> str:
    key, csr = directory / "key", directory / "csr"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
    extension = ["-addext", f"subjectAltName={names}"] if names else []
    openssl("req", "-new", "-key", str(key), "-subj", subject, *extension, "-out", str(csr))
    return base64.b64encode(csr.read_bytes()).decode()


OURS = "/O=system:nodes/CN=system:node:i-5"
USAGES = "digital signature server auth "
REQUESTS = {
    "good": ("system:node:i-5", OURS, "DNS:i-5,IP:10.0.0.5", USAGES, None),
    "good-more-names": ("system:node:i-5", OURS, "DNS:i-5,DNS:ip-5.internal,IP:10.0.0.5,IP:10.0.0.200", USAGES, None),
    "other-user": ("eve", OURS, "DNS:i-5,IP:10.0.0.5", USAGES, "not a node"),
    "other-node": ("system:node:i-6", OURS, "DNS:i-5,IP:10.0.0.5", USAGES, "not the node's"),
    "others-address": (
        "system:node:i-5",
        OURS,
        "DNS:i-5,IP:10.0.0.1",
        USAGES,
        "ip address:10.0.0.1 is not that machine's",
    ),
    "others-name": ("system:node:i-5", OURS, "DNS:api.internal.c1,IP:10.0.0.5", USAGES, "dns:api.internal.c1 is not"),
    "mail": ("system:node:i-5", OURS, "email:a@b.example,IP:10.0.0.5", USAGES, "is not that machine's"),
    "no-names": ("system:node:i-5", OURS, "", USAGES, "no names"),
    "client-too": ("system:node:i-5", OURS, "IP:10.0.0.5", USAGES + "client auth ", "it is for"),
    "masters": ("system:node:i-5", "/O=system:masters/CN=system:node:i-5", "IP:10.0.0.5", USAGES, "not the node's"),
    "unknown-machine": (
        "system:node:i-9",
        "/O=system:nodes/CN=system:node:i-9",
        "IP:10.0.0.9",
        USAGES,
        "the cloud has no machine",
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_serving_certificates_are_approved_only_for_the_machine_that_asks(
    box: Machine, cloud: Cloud, tmp_path: Path, case: str
):
    user, subject, names, usages, reason = REQUESTS[case]
    cloud.machines[1:] = [
        {"id": "i-5", "name": "ip-5.internal", "time": "5", "address": "10.0.0.5", "group": "workers"},
        {"id": "i-6", "name": "ip-6.internal", "time": "6", "address": "10.0.0.6", "group": "workers"},
    ]
    line = f"{case}\t{user}\tsystem:nodes system:authenticated \t{usages}\t{request(tmp_path, subject, names)}\n"
    (box.played / "csr").write_text(line)
    result = box.command("kops-csr-approver")
    assert result.returncode == 0, result.stderr
    approved = [call for call in box.calls if call.endswith(f"certificate approve {case}")]
    assert bool(approved) == (reason is None), result.stderr
    assert (reason or "is approved") in result.stderr


def test_a_request_that_is_garbage_stays_pending_and_stops_nobody(box: Machine, cloud: Cloud, tmp_path: Path):
    cloud.machines[1:] = [{"id": "i-5", "name": "n", "time": "5", "address": "10.0.0.5", "group": "workers"}]
    good = request(tmp_path, OURS, "DNS:i-5,IP:10.0.0.5")
    rows = [("garbage", "%%%"), ("not-a-request", base64.b64encode(b"hello").decode()), ("later", good)]
    (box.played / "csr").write_text(
        "".join(f"{name}\tsystem:node:i-5\tsystem:nodes \t{USAGES}\t{text}\n" for name, text in rows)
    )
    result = box.command("kops-csr-approver")
    assert result.returncode == 0, result.stderr
    approved = [call.rpartition(" ")[2] for call in box.calls if "certificate approve" in call]
    assert "later" in approved
    assert not {"garbage", "not-a-request"} & set(approved)


def test_addresses_of_ipv6_are_compared_as_numbers(box: Machine, cloud: Cloud, tmp_path: Path):
    address = "2001:db8::5"
    cloud.machines[1:] = [{"id": "i-5", "name": "n", "time": "5", "address": address, "group": "workers"}]
    (box.played / "csr").write_text(
        f"six\tsystem:node:i-5\tsystem:nodes \t{USAGES}\t{request(tmp_path, OURS, 'IP:2001:db8:0:0::5')}\n"
    )
    result = box.command("kops-csr-approver")
    assert [call for call in box.calls if call.endswith("certificate approve six")], result.stderr
