"""A rendered cluster, booted: what `It is done when` 2 of issue B says, in the order in which it happens.

The tests share one cluster and build on each other: a failed one leaves the later ones without ground.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kops_pulumi.model import Role
from kops_pulumi.plan.store import CLUSTER_CA
from tests.e2e import pki
from tests.e2e.cluster import Cluster
from tests.e2e.machines import Failed, run, until
from tests.e2e.probe import Writer

pytestmark = pytest.mark.e2e

Figure = Callable[[str, object], None]
A, B, C = "control-plane-a", "control-plane-b", "control-plane-c"
ETCD = ("main", "events")
SECRET = secrets.token_hex(16)
OBJECTS = 60


@pytest.fixture(scope="module", autouse=True)
def told(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[None]:
    """What machines said, for who looks into a failed run."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        for group, machine in cluster.machines.items():
            sys.stdout.write(f"==== {group}\n{machine.journal(lines=150)}\n")


def address(cluster: Cluster, group: str) -> str:
    return cluster.machines[group].address


def members(cluster: Cluster, group: str, etcd: str) -> dict[str, dict[str, object]]:
    """The members of an etcd cluster by name, as one machine sees them."""
    found = json.loads(cluster.etcdctl(group, etcd, "member", "list", "--write-out=json"))
    return {member["name"]: member for member in found["members"]}


def healthy(cluster: Cluster, group: str, etcd: str) -> bool:
    """Whether every member is a healthy voter."""
    if any(member.get("isLearner") for member in members(cluster, group, etcd).values()):
        return False
    found = json.loads(cluster.etcdctl(group, etcd, "endpoint", "health", "--cluster", "--write-out=json"))
    return len(found) == 3 and all(endpoint["health"] for endpoint in found)


def all_healthy(cluster: Cluster, group: str = A) -> bool:
    return all(healthy(cluster, group, etcd) for etcd in ETCD)


def cluster_id(cluster: Cluster, group: str, etcd: str) -> int:
    found = json.loads(cluster.etcdctl(group, etcd, "endpoint", "status", "--write-out=json"))
    return int(found[0]["Status"]["header"]["cluster_id"])


def status(cluster: Cluster, group: str, path: str, *options: str) -> int:
    """The HTTP status of one request to a group's API server, from outside."""
    url = f"https://{address(cluster, group)}{path}"
    command = [
        "ip",
        "netns",
        "exec",
        cluster.site.name,
        "curl",
        "-ks",
        "-m",
        "10",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
    ]
    return int(run(*command, *options, url, check=False) or 0)


def data_is_complete(cluster: Cluster, group: str) -> None:
    """What was written before is still there, through this machine's API server."""
    names = cluster.kubectl(
        address(cluster, group), "get", "configmaps", "--selector=e2e=data", "--output=name"
    ).split()
    assert len(names) == OBJECTS
    secret = cluster.kubectl(address(cluster, group), "get", "secret", "e2e", "--output=jsonpath={.data.password}")
    assert base64.b64decode(secret).decode() == SECRET


def test_three_control_planes_boot_together_and_none_is_the_first(cluster: Cluster, figure: Figure) -> None:
    began = time.monotonic()
    for group in cluster.group_names(Role.CONTROL_PLANE):
        cluster.boot(group)
    cluster.wait_ready(A, B, C)
    figure("three control planes booted, from power on", f"{time.monotonic() - began:.0f} s")
    assert cluster.world.refused == []


def test_etcd_is_healthy_with_mutual_tls(cluster: Cluster) -> None:
    for etcd in cluster.planned.plan.etcd:
        assert healthy(cluster, A, etcd.name)
        assert set(members(cluster, B, etcd.name)) == {"a", "b", "c"}
        for port, authority in ((etcd.client_port, "etcd-clients-ca"), (etcd.peer_port, f"etcd-peers-ca-{etcd.name}")):
            there = f"{address(cluster, A)}:{port}"
            said = cluster.machines[A].run("openssl", "s_client", "-connect", there, data="", check=False)
            assert said.split("Acceptable client certificate CA names\n")[1].split("\n")[0] == f"CN = {authority}"
            with pytest.raises(Failed):
                cluster.machines[A].run("curl", "-ksS", "-m", "5", f"https://{there}/health")


def test_a_certificate_of_another_authority_opens_no_etcd(cluster: Cluster) -> None:
    keys = "/etc/kubernetes/pki/etcd"
    with pytest.raises(Failed, match=r"authentication handshake failed|bad certificate|DeadlineExceeded|deadline"):
        cluster.machines[A].run(
            "etcdctl", "--endpoints=https://127.0.0.1:4001", f"--cacert={keys}/etcd-clients-ca.crt",
            f"--cert={keys}/main/peer.crt", f"--key={keys}/main/peer.key", "--command-timeout=5s",
            "get", "/", "--prefix", "--keys-only",
        )  # fmt: skip


@pytest.mark.parametrize("group", [A, B, C])
def test_each_api_server_is_ready(cluster: Cluster, group: str) -> None:
    assert cluster.kubectl(address(cluster, group), "get", "--raw", "/readyz") == "ok"
    assert "v1.34.2" in cluster.kubectl(address(cluster, group), "version")


def test_the_admin_kubeconfig_works_and_nodes_are_marked(cluster: Cluster) -> None:
    nodes = json.loads(cluster.kubectl(address(cluster, A), "get", "nodes", "--output=json"))["items"]
    assert {node["metadata"]["name"] for node in nodes} == {machine.id for machine in cluster.machines.values()}
    for node in nodes:
        assert "node-role.kubernetes.io/control-plane" in node["metadata"]["labels"]
        assert {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"} in node["spec"]["taints"]


@pytest.mark.parametrize("path", ["/api/v1/namespaces/default", "/version", "/apis", "/metrics", "/openid/v1/jwks"])
def test_anonymous_is_refused(cluster: Cluster, path: str) -> None:
    assert status(cluster, A, path) == 401
    assert status(cluster, A, path, "--header", "Authorization: Bearer not.a.token") == 401


def test_a_certificate_of_another_authority_is_refused(cluster: Cluster) -> None:
    stranger = pki.leaf(pki.authority(CLUSTER_CA), "kops-pulumi-admin", ["system:masters"])
    file = cluster.site.directory / "stranger.pem"
    file.write_text(stranger.certificate + stranger.key)
    assert status(cluster, A, "/api/v1/namespaces/default", "--cert", str(file)) == 401


def test_old_tls_is_refused(cluster: Cluster) -> None:
    with pytest.raises(Failed):
        cluster.machines[A].run("openssl", "s_client", "-connect", f"{address(cluster, A)}:443", "-tls1_1", data="")
    assert "TLSv1.3" in cluster.machines[A].run(
        "openssl", "s_client", "-connect", f"{address(cluster, A)}:443", data="", check=False
    )


def test_secrets_are_encrypted_in_etcd(cluster: Cluster) -> None:
    cluster.kubectl(address(cluster, A), "create", "secret", "generic", "e2e", f"--from-literal=password={SECRET}")
    cluster.kubectl(address(cluster, A), "create", "configmap", "plain", f"--from-literal=password={SECRET}")
    stored = cluster.etcdctl(B, "main", "get", "/registry/secrets/default/e2e", "--print-value-only")
    assert stored.startswith("k8s:enc:secretbox:v1:")
    assert SECRET not in stored
    assert SECRET in cluster.etcdctl(B, "main", "get", "/registry/configmaps/default/plain", "--print-value-only")


def test_the_audit_log_tells_of_it_without_the_secret(cluster: Cluster) -> None:
    flags = cluster.machines[A].run("cat", "/etc/kubernetes/manifests/kube-apiserver.yaml")
    path = next(line.split("=", 1)[1] for line in flags.splitlines() if "--audit-log-path=" in line)
    log = cluster.machines[A].run("cat", path.strip())
    entries = [json.loads(line) for line in log.splitlines()]
    created = [
        e
        for e in entries
        if e["verb"] == "create" and e["objectRef"].get("name") == "e2e" and e["objectRef"]["resource"] == "secrets"
    ]
    assert [entry["user"]["username"] for entry in created] == ["kops-pulumi-admin"]
    assert SECRET not in log


def test_no_administrator_beyond_rbac_is_left_on_the_machines(cluster: Cluster) -> None:
    for group in (A, B, C):
        assert "super-admin.conf" not in cluster.machines[group].run("ls", "/etc/kubernetes")


def test_events_live_in_their_own_etcd(cluster: Cluster) -> None:
    def count(etcd: str) -> int:
        return len(cluster.etcdctl(A, etcd, "get", "/registry/events/", "--prefix", "--keys-only").split())

    until("an event was written", lambda: count("events") > 0, 30)
    assert count("main") == 0


def test_controllers_lead_and_sign(cluster: Cluster) -> None:
    for name in ("kube-controller-manager", "kube-scheduler"):
        lease = cluster.kubectl(
            address(cluster, C), "-n", "kube-system", "get", "lease", name, "--output=jsonpath={.spec.holderIdentity}"
        )
        assert lease.split("_")[0] in {machine.id for machine in cluster.machines.values()}


def test_a_worker_joins_with_the_token_of_the_store(cluster: Cluster, figure: Figure) -> None:
    began = time.monotonic()
    (worker,) = cluster.group_names(Role.NODE)
    cluster.boot(worker)
    cluster.wait_ready(worker)
    machine = cluster.machines[worker]

    def ready() -> bool:
        wanted = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}'
        return cluster.kubectl(address(cluster, A), "get", "node", machine.id, wanted) == "True"

    until("the worker is a node", ready, 60)
    figure("a worker is a node, from power on", f"{time.monotonic() - began:.0f} s")
    subject = machine.run(
        "openssl", "x509", "-noout", "-subject", "-in", "/var/lib/kubelet/pki/kubelet-client-current.pem"
    )
    assert subject.strip() == f"subject=O = system:nodes, CN = system:node:{machine.id}"
    assert cluster.world.refused == []


def test_its_serving_certificate_is_approved_by_a_control_plane(cluster: Cluster) -> None:
    (worker,) = cluster.group_names(Role.NODE)
    machine = cluster.machines[worker]
    served = "/var/lib/kubelet/pki/kubelet-server-current.pem"
    until("the serving certificate is there", lambda: machine.run("test", "-s", served) == "", 180)
    text = machine.run("openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", served)
    assert f"DNS:{machine.id}" in text
    assert f"IP Address:{machine.address}" in text


@pytest.mark.parametrize(
    "what",
    [
        ("get", "secrets", "--all-namespaces"),
        ("get", "pods", "--all-namespaces"),
        ("get", "configmaps", "--namespace=kube-system"),
        ("create", "configmap", "x"),
        ("delete", "node", "--all"),
        ("create", "token", "default"),
    ],
)
def test_a_bootstrap_token_may_nothing_else(cluster: Cluster, what: tuple[str, ...]) -> None:
    with pytest.raises(Failed, match=r"Forbidden|forbidden"):
        with_token(cluster, *what)


def test_a_bootstrap_token_gets_no_certificate_but_a_kubelets(cluster: Cluster) -> None:
    masters = request("masters", "/O=system:masters/CN=mallory", "kubernetes.io/kube-apiserver-client")
    with pytest.raises(Failed, match="system:masters group is not allowed"):
        with_token(cluster, "create", "-f", "-", data=masters)
    wanted = {
        "client": ("/O=operators/CN=mallory", "kubernetes.io/kube-apiserver-client"),
        "masters-as-kubelet": (
            "/O=system:masters/CN=system:node:mallory",
            "kubernetes.io/kube-apiserver-client-kubelet",
        ),
        "serving": ("/O=system:nodes/CN=system:node:mallory", "kubernetes.io/kubelet-serving"),
    }
    for name, (subject, signer) in wanted.items():
        with_token(cluster, "create", "-f", "-", data=request(name, subject, signer))
    time.sleep(20)
    for name in wanted:
        found = json.loads(cluster.kubectl(address(cluster, A), "get", "csr", name, "--output=json"))
        assert "certificate" not in found.get("status", {}), name
        assert not any(c["type"] == "Approved" for c in found["status"].get("conditions", [])), name


def test_a_kubelets_certificate_reads_no_secret_and_names_no_role(cluster: Cluster) -> None:
    (worker,) = cluster.group_names(Role.NODE)
    kubectl = ["kubectl", "--kubeconfig=/etc/kubernetes/kubelet.conf", "--request-timeout=10s"]
    for words in (
        ["get", "secrets", "--all-namespaces"],
        ["get", "secret", "e2e"],
        ["label", "node", cluster.machines[worker].id, "node-role.kubernetes.io/control-plane="],
        ["label", "node", cluster.machines[A].id, "mine=yes"],
    ):
        with pytest.raises(Failed, match=r"forbidden|Forbidden|cannot"):
            cluster.machines[worker].run(*kubectl, *words)


def test_a_second_run_of_the_boot_changes_nothing(cluster: Cluster) -> None:
    machine = cluster.machines[A]
    look = (
        "find /etc /opt /usr/local -xdev -type f -newermt 2026-01-01 -printf '%p %m %u\\n' -exec sha256sum {} + | sort;"
        "pgrep -x 'etcd|kube-apiserver|kube-scheduler' | sort"
    )
    machine.run("systemctl", "stop", "kops-renew.timer")
    before = machine.shell(look, timeout=120)
    machine.shell("/opt/kops-pulumi/current/boot.sh", timeout=300)
    after = machine.shell(look, timeout=120)
    assert after == before


def test_a_lost_control_plane_is_replaced_on_its_volumes_under_its_name(cluster: Cluster, figure: Figure) -> None:
    for number in range(OBJECTS):
        write(cluster, f"data-{number}")
    before = {etcd: members(cluster, A, etcd)["b"]["ID"] for etcd in ETCD}
    others = [address(cluster, A), address(cluster, C)]
    old = address(cluster, B)
    with Writer(cluster.site.name, others, cluster.pki.authorities[CLUSTER_CA], cluster.site.directory) as writer:
        until("the writer writes", lambda: writer.writes > 5, 20)
        cluster.lose(B)
        began = time.monotonic()
        cluster.boot(B)
        assert address(cluster, B) != old
        cluster.wait_ready(B)
        until("etcd is whole", lambda: all_healthy(cluster), 240, 1)
        took = time.monotonic() - began
    figure("one of three lost: replaced and healthy after", f"{took:.0f} s")
    figure("one of three lost: longest pause between writes", f"{writer.longest:.1f} s")
    assert writer.longest < 10
    assert {etcd: members(cluster, A, etcd)["b"]["ID"] for etcd in ETCD} == before
    assert cluster.kubectl(address(cluster, B), "get", "--raw", "/readyz") == "ok"
    data_is_complete(cluster, B)
    assert cluster.world.refused == []


def test_a_lost_volume_is_repaired_from_the_others(cluster: Cluster, figure: Figure) -> None:
    before = {etcd: members(cluster, A, etcd)["c"]["ID"] for etcd in ETCD}
    ids = {etcd: cluster_id(cluster, A, etcd) for etcd in ETCD}
    cluster.lose(C)
    for volume in cluster.volumes(C):
        cluster.site.wipe(volume)
    began = time.monotonic()
    cluster.boot(C)
    cluster.wait_ready(C)
    until("etcd is whole", lambda: all_healthy(cluster), 300, 1)
    figure("one volume lost: member replaced and voting after", f"{time.monotonic() - began:.0f} s")
    for etcd in ETCD:
        now = members(cluster, A, etcd)
        assert set(now) == {"a", "b", "c"}
        assert now["c"]["ID"] != before[etcd]
        assert cluster_id(cluster, C, etcd) == ids[etcd]
    data_is_complete(cluster, C)


def test_without_quorum_nothing_forms_a_second_cluster(cluster: Cluster) -> None:
    for group in (A, B, C):
        cluster.machines[group].shell("/opt/kops-pulumi/current/bin/kops-etcd-snapshot", timeout=120)
    ids = {etcd: cluster_id(cluster, A, etcd) for etcd in ETCD}
    for group in (B, C):
        cluster.lose(group)
        for volume in cluster.volumes(group):
            cluster.site.wipe(volume)
    for group in (B, C):
        cluster.boot(group)
    waits = "journalctl --no-pager --grep='quorum of the others no: wait' | grep -c main"
    for group in (B, C):
        until(f"{group} waits", lambda group=group: int(cluster.machines[group].shell(waits) or 0) > 0, 240, 1)
    time.sleep(60)
    for group in (B, C):
        shell = cluster.machines[group].shell
        assert "etcd-" not in shell("ls /etc/kubernetes/manifests")
        assert shell("find /mnt/etcd -name '*.wal'") == ""
        assert status(cluster, group, "/readyz") != 200
    for etcd in ETCD:
        with pytest.raises(Failed):
            cluster.etcdctl(A, etcd, "endpoint", "health", "--command-timeout=5s")
        assert cluster_id(cluster, A, etcd) == ids[etcd]


def test_an_operator_restores_the_cluster_from_the_last_snapshot(cluster: Cluster, figure: Figure) -> None:
    """The procedure of docs/nodes.md, with the newest snapshot in the store."""
    began = time.monotonic()
    for etcd in ETCD:
        snapshot = max(key for key in cluster.world.objects if f"/backups/etcd/{etcd}/recent/" in key)
        for group in (A, B, C):
            machine = cluster.machines[group]
            Path(f"/proc/{machine.leader}/root/root/{etcd}.db.gz").write_bytes(cluster.world.objects[snapshot])
            volume = next(volume for volume in cluster.volumes(group) if etcd in volume.id)
            device = volume.device.replace("/dev/sd", "/dev/xvd")
            mounted = f"mountpoint -q /mnt/etcd/{etcd}"
            machine.shell(f"{mounted} || {{ mkfs.ext4 -q {device} && mount {device} /mnt/etcd/{etcd}; }}")
            machine.shell(
                f"/opt/kops-pulumi/current/bin/kops-etcd-restore {etcd} /root/{etcd}.db.gz --yes", timeout=180
            )
    for group in (A, B, C):
        cluster.machines[group].shell("crictl ps -q --name kube-apiserver | xargs -r crictl stop")
    until("etcd is whole", lambda: all_healthy(cluster), 240, 1)
    until("the API is back", lambda: cluster.kubectl(address(cluster, A), "get", "--raw", "/readyz") == "ok", 240, 1)
    figure("quorum lost: restored from a snapshot after", f"{time.monotonic() - began:.0f} s")
    cluster.wait_ready(B, C)
    for group in (A, B, C):
        data_is_complete(cluster, group)
    write(cluster, "after-the-restore")


def with_token(cluster: Cluster, *arguments: str, data: str | None = None) -> str:
    """kubectl with nothing but the bootstrap token in the store."""
    token = cluster.world.get("join/token")
    assert token is not None
    authority = cluster.site.directory / "ca.crt"
    authority.write_bytes(cluster.world.get("join/ca.crt") or b"")
    command = [
        "ip", "netns", "exec", cluster.site.name, str(cluster.programs / "kubectl"), "--kubeconfig=/dev/null",
        f"--server=https://{address(cluster, A)}", "--tls-server-name=kubernetes",
        f"--certificate-authority={authority}",
        f"--token={token.decode().strip()}", "--request-timeout=10s",
    ]  # fmt: skip
    return run(*command, *arguments, data=data)


def request(name: str, subject: str, signer: str) -> str:
    """A CertificateSigningRequest."""
    made = run(
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        subject,
    )
    usages = ["digital signature", "server auth" if "serving" in signer else "client auth"]
    spec = {"request": base64.b64encode(made.encode()).decode(), "signerName": signer, "usages": usages}
    return json.dumps(
        {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"name": name},
            "spec": spec,
        }
    )


def write(cluster: Cluster, name: str) -> None:
    """One object that must not be lost."""
    labels = {"e2e": "data"}
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels},
        "data": {"text": "x" * 2000},
    }
    cluster.kubectl(address(cluster, A), "create", "-f", "-", data=json.dumps(body))
