"""The step that closes a metadata service to pods: loaded by nft where the cloud has one, nothing elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kops_pulumi.bootstrap import bundle
from kops_pulumi.bootstrap.bundle import scripts
from kops_pulumi.model import Role

FILES = Path(bundle.__file__).parent / "files"


def run(root: Path, settings: str) -> str:
    """The step on a machine with these settings; what nft was given."""
    home, played = root / "opt/kops-pulumi/current", root / "played"
    for directory in (home / "steps", played, root / "etc/kops-pulumi"):
        directory.mkdir(parents=True)
    shutil.copy(FILES / "lib.sh", home / "lib.sh")
    shutil.copy(FILES / "steps/guard.sh", home / "steps/guard.sh")
    (home / "settings.env").write_text(settings)
    (root / "etc/kops-pulumi/node.env").touch()
    (played / "nft").write_text(f"#!/bin/bash\ncat >{root}/loaded\n")
    (played / "nft").chmod(0o755)
    environment = {**os.environ, "KOPS_ROOT": str(root), "PATH": f"{played}:{os.environ['PATH']}"}
    subprocess.run(["bash", str(home / "steps/guard.sh")], env=environment, check=True, capture_output=True)
    loaded = root / "loaded"
    return loaded.read_text() if loaded.exists() else ""


def test_pods_and_all_but_root_are_kept_from_the_metadata_service(tmp_path: Path) -> None:
    loaded = run(tmp_path, "KOPS_GUARD=169.254.169.254\n")
    assert "ip daddr 169.254.169.254 tcp dport 80 drop" in loaded
    assert "ip daddr 169.254.169.254 tcp dport 80 meta skuid != 0 drop" in loaded
    assert loaded.index("delete table inet kops_guard") < loaded.index("hook forward")


def test_a_cloud_that_guards_itself_gets_no_rules(tmp_path: Path) -> None:
    assert run(tmp_path, "") == ""


@pytest.mark.parametrize("role", [Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE])
def test_every_node_is_guarded_before_it_runs_a_pod(role: Role) -> None:
    order = (
        next(f for path, f in scripts(role, "openstack").items() if path.endswith("/order")).content.decode().split()
    )
    assert order.index("packages") < order.index("guard") < order.index("kubelet")
