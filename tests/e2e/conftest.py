"""The end-to-end tests' fixtures: one cluster for a whole module, and the figures that it showed.

Run by `make e2e` only: they need root, Debian's tools and the programs that `tools/e2e/build.py` builds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.machines import installed

PROGRAMS = Path(os.environ.get("KOPS_PULUMI_E2E", Path.home() / ".cache/kops-pulumi/e2e/bin"))
_NEEDED = ("ip", "losetup", "mkfs.ext4", "nsenter", "openssl", "systemd-nspawn", "cloud-init")
_BUILT = (
    "etcd",
    "etcdctl",
    "etcdutl",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
)
_FIGURES: list[str] = []


@pytest.fixture(scope="session")
def programs() -> Path:
    """Where the real programs are."""
    missing = [name for name in _BUILT if not (PROGRAMS / name).exists()]
    if missing:
        pytest.fail(f"not built: {', '.join(missing)}; `make e2e` builds them")
    return PROGRAMS


@pytest.fixture(scope="module")
def cluster(programs: Path) -> Iterator[Cluster]:
    """A cluster of which nothing runs yet."""
    if os.geteuid() != 0:
        pytest.fail("machines are made of namespaces and loop devices: run as root")
    if missing := installed(_NEEDED):
        pytest.fail(f"missing: {', '.join(missing)}; `make e2e` says which Debian packages have them")
    made = Cluster.create(programs)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def figure() -> object:
    """Writes down what was measured; shown when all is over."""
    return lambda what, value: _FIGURES.append(f"{what}: {value}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of docs/e2e.md."""
    if _FIGURES:
        terminalreporter.section("figures")
        for line in _FIGURES:
            terminalreporter.write_line(line)
