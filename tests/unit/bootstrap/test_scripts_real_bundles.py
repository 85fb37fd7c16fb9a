"""The bundles that are rendered from a manifest, booted: everything in them but the downloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kops_pulumi.bootstrap import bundle
from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.bootstrap.tables import HOME
from tests.support import nodes
from tests.support.cloud_stub import Cloud, serve
from tests.support.machine import Machine
from tests.support.throwaway_pki import openssl, secrets

STORE = f"s3://mill-state/{nodes.CLUSTER}"
SERVING = ("apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with serve(Cloud()) as running:
        yield running


def booted(tmp_path: Path, cloud: Cloud, group: str) -> Machine:
    node = nodes.node(group)
    whole = bundle.bundle(node)
    assert whole.files[f"{HOME}/assets.tsv"].content.count(b"\t") > 50
    files = {**whole.files, f"{HOME}/assets.tsv": BundleFile(b"")}
    (tmp_path / "root").mkdir()
    box = Machine(tmp_path / "root", cloud, node.role, whole=bundle.Bundle(files), store=STORE)
    box.environment = {"KOPS_CLUSTER": nodes.CLUSTER, "KOPS_GROUP": group, "KOPS_VOLUME_EVENTS": "vol-2"}
    cloud.volumes = {"vol-1": None, "vol-2": None}
    pki = dict(secrets())
    pki |= {f"etcd-peers-ca-events.{kind}": pki[f"etcd-peers-ca-main.{kind}"] for kind in ("crt", "key")}
    pki |= {f"{name}.{kind}": pki[f"etcd-clients-ca.{kind}"] for name in SERVING for kind in ("crt", "key")}
    place = STORE.removeprefix("s3://")
    cloud.objects |= {
        f"{place}/join/ca.crt": pki["kubernetes-ca.crt"],
        f"{place}/join/token": b"abcdef.0123456789abcdef\n",
        f"{place}/join/addresses/i-7": b"10.8.0.7 1000000 cp-a\n",
    }
    cloud.machines = [
        {"id": f"i-{name}", "name": "n", "time": name, "address": f"10.8.0.{number}", "group": f"cp-{name}"}
        for number, name in enumerate("abc", 1)
    ]
    box.install(pki)
    (box.played / "kubelet.pem").write_bytes(pki["kubernetes-ca.crt"])
    result = box.run()
    assert result.returncode == 0, result.stderr
    assert not cloud.refused
    return box


@pytest.mark.parametrize("group", ["cp-a", "apis", "nodes"])
def test_a_rendered_bundle_boots_and_leaves_no_mark_unfilled(tmp_path: Path, cloud: Cloud, group: str):
    box = booted(tmp_path, cloud, group)
    files = [path for path in box.root.rglob("*") if path.is_file() and "opt/kops-pulumi" not in str(path)]
    assert not [path for path in files if b"@machine(" in path.read_bytes()]
    first = box.tree()
    box.reboot()
    assert box.run().returncode == 0
    assert box.tree() == first


def test_a_control_planes_pods_and_documents_are_its_own(tmp_path: Path, cloud: Cloud):
    box = booted(tmp_path, cloud, "cp-a")
    for name, port in (("main", 2380), ("events", 2381)):
        pod = yaml.safe_load(box.read(f"etc/kubernetes/manifests/etcd-{name}.yaml"))
        command = pod["spec"]["containers"][0]["command"]
        assert f"--listen-peer-urls=https://10.0.0.1:{port}" in command
        assert "--initial-cluster-state=new" in command
        for flag in command:
            if flag.endswith((".crt", ".key")):
                assert (box.root / flag.partition("=")[2].lstrip("/")).is_file(), flag
    documents = {item["kind"]: item for item in yaml.safe_load_all(box.read("etc/kubernetes/kubeadm.yaml")) if item}
    assert documents["ClusterConfiguration"]["apiServer"]["certSANs"] == list(nodes.node("cp-a").api.sans)
    assert documents["InitConfiguration"]["nodeRegistration"]["name"] == "i-1"
    external = documents["ClusterConfiguration"]["etcd"]["external"]
    for key in ("caFile", "certFile", "keyFile"):
        openssl("x509" if key != "keyFile" else "pkey", "-noout", "-in", f"{box.root}{external[key]}")
    hosts = box.read("etc/hosts")
    for line in ("127.0.0.1 api.internal", "10.0.0.1 etcd-a.", "10.8.0.2 etcd-b.", "10.8.0.3 etcd-c."):
        assert line in hosts


def test_an_api_server_holds_no_authoritys_key(tmp_path: Path, cloud: Cloud):
    box = booted(tmp_path, cloud, "apis")
    assert not [*box.root.rglob("*ca*.key")]
    assert (box.root / "etc/kubernetes/manifests/kube-apiserver.yaml").exists()
    assert "10.8.0.7 api.internal" in box.read("etc/hosts")
    assert "10.8.0.7 etcd-a." in box.read("etc/hosts")


def test_a_worker_holds_no_key_at_all(tmp_path: Path, cloud: Cloud):
    box = booted(tmp_path, cloud, "nodes")
    assert not [path for path in box.root.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
