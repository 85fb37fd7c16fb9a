"""vSphere's shell library and whole machines with it, against a stand-in for VMware Tools."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kops_pulumi.clouds.vsphere import guestinfo
from kops_pulumi.plan import machines
from tests.support import clouds
from tests.support.clouds.vsphere import ROW
from tests.support.vmware import TOKEN, Guest

CONTROL_PLANE = "control-plane-rack-a"
FIRST, SECOND, THIRD = (f"control-plane-{zone}-1-harbor-example-net" for zone in ROW.zones)
ADDRESSES = {FIRST: "10.40.32.11", SECOND: "10.40.32.12", THIRD: "10.40.32.13"}
NODE_1, NODE_2 = "nodes-1-harbor-example-net", "nodes-2-harbor-example-net"


def guest(tmp_path: Path, group: str, *, static: bool = True) -> Guest:
    planned = clouds.planned(clouds.documents(ROW, 3, bastion=True))
    nodes = {NODE_1: "10.40.32.20", NODE_2: "10.40.32.21" if static else "-"}
    made = Guest(
        tmp_path / "root", planned, group, {**ADDRESSES, **nodes, "bastions-1-harbor-example-net": "10.40.128.11"}
    )
    made.root.mkdir()
    made.install()
    return made


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Guest:
    """A control plane that has booted."""
    made = guest(tmp_path_factory.mktemp("control-plane"), CONTROL_PLANE)
    result = made.run()
    assert result.returncode == 0, result.stderr
    return made


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Guest:
    """A worker that has joined; the other worker's address is the site's business."""
    made = guest(tmp_path_factory.mktemp("worker"), "nodes", static=False)
    result = made.run()
    assert result.returncode == 0, result.stderr
    return made


def test_every_machine_is_in_the_plan() -> None:
    plan = clouds.planned(clouds.documents(ROW, 3, bastion=True)).plan
    assert [m.name for m in machines.all_of(plan)][:3] == [FIRST, SECOND, THIRD]


def test_a_control_plane_boots_from_its_own_configuration(control_plane: Guest) -> None:
    for name, port in (("main", 2380), ("events", 2381)):
        pod = yaml.safe_load(control_plane.read(f"etc/kubernetes/manifests/etcd-{name}.yaml"))
        assert f"--listen-peer-urls=https://10.40.32.11:{port}" in pod["spec"]["containers"][0]["command"]
    hosts = control_plane.read("etc/hosts")
    for line in ("127.0.0.1 api.internal", "10.40.32.11 etcd-a.", "10.40.32.12 etcd-b.", "10.40.32.13 etcd-c."):
        assert line in hosts
    assert {line.rpartition(" ")[2] for line in control_plane.calls if line.startswith("mount ")} >= {
        f"{control_plane.root}/mnt/etcd/main"
    }


def test_the_apis_address_is_held_by_kube_vip_on_control_planes_only(control_plane: Guest, worker: Guest) -> None:
    pod = yaml.safe_load(control_plane.read("etc/kubernetes/manifests/kube-vip.yaml"))
    (container,) = pod["spec"]["containers"]
    settings = {item["name"]: item["value"] for item in container["env"]}
    assert settings["address"] == "10.40.32.5"
    assert settings["port"] == "443"
    assert container["image"].startswith("ghcr.io/kube-vip/kube-vip:v")
    assert not (worker.root / "etc/kubernetes/manifests/kube-vip.yaml").exists()
    assert "10.40.32.5 api.internal" in worker.read("etc/hosts")


def test_a_control_plane_lets_the_cluster_know_the_tokens_that_machines_were_given(tmp_path: Path) -> None:
    box = guest(tmp_path, CONTROL_PLANE)
    (box.played / "kubectl").write_text('#!/bin/bash\necho "kubectl $*" >>"$PLAYED/calls"\ncat >>"$PLAYED/applied"\n')
    assert box.run("opt/kops-pulumi/boot/fetch.sh", "never").returncode == 0
    (box.played / "applied").unlink(missing_ok=True)
    (box.played / "calls").unlink()
    result = box.run("opt/kops-pulumi/current/bin/kops-token")
    assert result.returncode == 0, result.stderr
    (token,) = yaml.safe_load_all((box.played / "applied").read_text())
    assert token["metadata"] == {"name": "bootstrap-token-abcdef", "namespace": "kube-system"}
    assert token["stringData"]["token-secret"] == TOKEN.partition(".")[2]
    assert token["stringData"]["usage-bootstrap-authentication"] == "true"
    assert not [call for call in box.calls if TOKEN in call or TOKEN.partition(".")[2] in call]


def test_a_worker_joins_with_its_groups_token_and_has_no_other_secret(worker: Guest) -> None:
    assert [call for call in worker.calls if call.startswith("kubeadm join")]
    held = [key.name for key in worker.keys.iterdir() if "secrets" in key.name or "token" in key.name]
    assert held == ["guestinfo.kops.join.token.1"]
    assert not [path for path in worker.root.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]


def test_the_firewall_knows_the_machines_of_each_role(control_plane: Guest, worker: Guest) -> None:
    loaded = (control_plane.played / "loaded").read_text()
    assert "elements = { 10.40.32.11,10.40.32.12,10.40.32.13 }" in loaded
    assert "elements = { 10.40.32.20,10.40.32.21, " in loaded
    assert "@role(" not in loaded
    # Nobody plans the other worker's address: it may be any of the network
    assert "elements = { 10.40.32.20,10.40.32.0/20, " in (worker.played / "loaded").read_text()


def test_the_firewall_is_loaded_again_only_when_it_changes(tmp_path: Path) -> None:
    box = guest(tmp_path, "nodes")
    assert box.run().returncode == 0
    (box.played / "calls").unlink()
    assert box.run("opt/kops-pulumi/current/bin/kops-firewall").returncode == 0
    assert [call for call in box.calls if call.startswith("nft -f")] == []
    table = box.table() + "node nodes nodes-3 10.40.32.22\n"
    for key, value in guestinfo.parts("join/machines", table.encode()).items():
        (box.keys / key).write_text(value)
    assert box.run("opt/kops-pulumi/current/bin/kops-firewall").returncode == 0
    assert "10.40.32.22" in (box.played / "loaded").read_text()


def test_a_firewall_that_cannot_be_loaded_leaves_the_old_one(tmp_path: Path) -> None:
    box = guest(tmp_path, "nodes")
    assert box.run().returncode == 0
    before = box.read("etc/nftables.conf")
    (box.played / "nft").write_text("#!/bin/bash\n[[ $1 != -c ]]\n")
    for key, value in guestinfo.parts("join/machines", b"node nodes nodes-1 10.40.32.77\n").items():
        (box.keys / key).write_text(value)
    assert box.run("opt/kops-pulumi/current/bin/kops-firewall").returncode != 0
    assert box.read("etc/nftables.conf") == before


def test_peers_tell_names_for_ids_and_the_own_address(control_plane: Guest) -> None:
    result = control_plane.shell("cloud_peers")
    assert result.stdout.splitlines()[0] == f"{CONTROL_PLANE} {FIRST} 10.40.32.11 {FIRST}"
    assert control_plane.shell("cloud_instance_id").stdout == FIRST


def test_an_address_that_nobody_plans_is_the_one_the_way_out_begins_at(tmp_path: Path) -> None:
    box = guest(tmp_path, "nodes")
    (box.keys / guestinfo.NAME).write_text("stranger")
    assert box.run().returncode == 0
    assert box.shell("cloud_address").stdout == "10.40.32.99\n"


def test_disks_are_found_by_their_unit_on_the_paravirtual_controller(control_plane: Guest) -> None:
    result = control_plane.shell('cloud_attach scsi:2; cloud_device scsi:2; cloud_device scsi:4 || echo "not there"')
    assert result.stdout.splitlines() == [f"{control_plane.root}/dev/sdc", "not there"]


def test_an_object_of_several_parts_is_put_together_and_a_missing_part_is_a_failure(control_plane: Guest) -> None:
    content = bytes(range(256)) * 400
    whole = guestinfo.parts("some/thing", content)
    assert len(whole) == 5
    for key, value in whole.items():
        (control_plane.keys / key).write_text(value)
    out = control_plane.root / "out"
    assert control_plane.shell(f"cloud_get machine:/some/thing {out}").returncode == 0
    assert out.read_bytes() == content
    out.unlink()
    (control_plane.keys / "guestinfo.kops.some.thing.3").unlink()
    assert control_plane.shell(f"cloud_get machine:/some/thing {out}").returncode != 0
    assert not out.exists()


def test_snapshots_stay_on_the_members_disk_and_old_ones_go(control_plane: Guest) -> None:
    script = (
        'for n in {10..29}; do echo $n >"$RUN/s"; cloud_put "$RUN/s" machine:/backups/etcd/main/recent/$n.db.gz; done'
    )
    result = control_plane.shell(f"{script}\ncloud_list machine:/backups/etcd/main/recent/")
    assert result.returncode == 0, result.stderr
    names = [line.rpartition("/")[2] for line in result.stdout.splitlines()]
    assert names == [f"{number}.db.gz" for number in range(22, 30)]
    assert control_plane.read("mnt/etcd/main/backups/recent/29.db.gz") == "29\n"


def test_nothing_is_kept_where_no_disk_is_mounted(tmp_path: Path, worker: Guest) -> None:
    (worker.root / "thing").write_text("x")
    put = 'cloud_put "$KOPS_ROOT/thing" machine:'
    assert worker.shell(f"{put}/backups/etcd/main/recent/1.db.gz").returncode != 0
    assert worker.shell(f"{put}/join/token").returncode != 0
    assert worker.shell(f"{put}/backups/etcd/../../x").returncode != 0
