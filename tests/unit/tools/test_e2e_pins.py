"""What `make e2e` builds is what its modules pin and what its cluster asks for."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
E2E = ROOT / "tools/e2e"


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("e2e_build", E2E / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_kubernetes_and_each_of_its_parts_have_one_version(build):
    text = (E2E / "kubernetes/go.mod").read_text()
    assert f"k8s.io/kubernetes {build.KUBERNETES}" in text
    parts = re.findall(r"^\s+k8s\.io/([a-z-]+) => k8s\.io/([a-z-]+) (v\S+)$", text, re.MULTILINE)
    assert len(parts) > 25
    for name, replacement, version in parts:
        assert (replacement, version) == (name, build.KUBERNETES.replace("v1", "v0", 1))


def test_the_cluster_asks_for_the_version_that_is_built(build):
    manifest = (ROOT / "tests/e2e/cluster.yaml").read_text()
    assert f"kubernetesVersion: {build.KUBERNETES.removeprefix('v')}" in manifest


def test_every_program_is_a_tool_of_its_module(build):
    for module, programs in build.PROGRAMS.items():
        tools = (E2E / module / "go.mod").read_text()
        for package in programs.values():
            assert f"\t{package}\n" in tools


def test_what_a_program_is_made_from_changes_with_the_pins(build, tmp_path, monkeypatch):
    before = build.digest("etcd")
    for module in ("etcd", "kubernetes"):
        (tmp_path / module).mkdir()
        for name in ("go.mod", "go.sum"):
            (tmp_path / module / name).write_text((E2E / module / name).read_text() + "\n")
    monkeypatch.setattr(build, "HERE", tmp_path)
    assert build.digest("etcd") != before


def test_missing_tools_are_named_with_the_command_that_installs_them(build, monkeypatch):
    from kops_pulumi.errors import ToolError

    monkeypatch.setattr(build.shutil, "which", lambda program: None if program == "systemd-nspawn" else "/usr/bin/x")
    with pytest.raises(ToolError) as caught:
        build.check_tools()
    assert "systemd-container" in str(caught.value)
    assert "apt-get install" in str(caught.value)
