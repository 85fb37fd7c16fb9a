"""A world: one simulated cloud and one Pulumi backend in one directory, with the environment that leads there.

    <path>/cloud.sqlite    the simulated cloud, shared by every process that opens the world
    <path>/backend/        stacks and their state (`metadata=skip`: a kill -9 can leave an unreadable attributes file)

`with world(path) as w:` serves the providers from threads of this process; `w.environment` is for any engine run
meanwhile. This module must not run commands (that is `run.py`) nor know a cluster (`seed.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kops_pulumi.automation import engine as engines
from kops_pulumi.errors import ToolError
from kops_pulumi.rehearsal.aws import AWS
from kops_pulumi.rehearsal.gcp import GCP
from kops_pulumi.rehearsal.kinds import Package
from kops_pulumi.rehearsal.kubernetes import KUBERNETES
from kops_pulumi.rehearsal.openstack import OPENSTACK
from kops_pulumi.rehearsal.randoms import RANDOM
from kops_pulumi.rehearsal.store import Store
from kops_pulumi.rehearsal.tls import TLS
from kops_pulumi.rehearsal.vsphere import VSPHERE

if TYPE_CHECKING:
    from kops_pulumi.rehearsal.api import Api
    from kops_pulumi.rehearsal.clusters import Clusters

PACKAGES: Final[tuple[Package, ...]] = (AWS, GCP, KUBERNETES, OPENSTACK, RANDOM, TLS, VSPHERE)
"""Every package that can be rehearsed; those whose SDK is not installed are left out."""
PASSPHRASE: Final = "rehearsal"  # noqa: S105 - protects nothing: everything in a world is made up
READYZ: Final = "KOPS_PULUMI_READYZ"
"""Where the readiness gate asks (`components/readiness.py`)."""
STORE_FILE: Final = "cloud.sqlite"


@dataclass(frozen=True, slots=True)
class World:
    """An open world."""

    path: Path
    store: Store
    environment: Mapping[str, str]
    """The whole environment for an engine that is to work in this world."""
    clusters: Clusters
    """The clusters as their own APIs show them."""
    api: Api


@contextmanager
def world(path: Path, *, environ: Mapping[str, str] | None = None) -> Iterator[World]:
    """Open (or begin) the world in a directory and serve its providers until the context ends.

    Raises `ToolError` when there is no engine.
    """
    from kops_pulumi.rehearsal.api import Api
    from kops_pulumi.rehearsal.clusters import Clusters
    from kops_pulumi.rehearsal.server import Servers

    path = path.absolute()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys in its states are under a passphrase everybody knows
    outside = os.environ if environ is None else environ
    found = engines.look(outside)
    if found.engine is None:
        raise ToolError("; ".join(found.problems), hint="run `make demo` once, or install Pulumi")
    with open_store(path) as store, Servers(installed(), store) as servers:
        clusters = Clusters(store)
        with Api(store, clusters.lookup) as api, _told(api.address):
            inside = found.engine.environment(outside, acquire_plugins=False)
            told = environment(path, servers.attachment, api.address)
            yield World(path, store, {**inside, **told}, clusters, api)


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Programs that run inside this process, beside the engine, find the API of the world too."""
    before = os.environ.get(READYZ)
    os.environ[READYZ] = address
    try:
        yield
    finally:
        if before is None:
            del os.environ[READYZ]
        else:
            os.environ[READYZ] = before


def default_path(environ: Mapping[str, str]) -> Path:
    """Where a rehearsal goes on when nobody says: KOPS_PULUMI_WORLD, else `.rehearsal` in this directory."""
    return Path(environ.get("KOPS_PULUMI_WORLD") or ".rehearsal")


def open_store(path: Path) -> Store:
    """The simulated cloud of a world, without serving it: to look, to seed, to break things."""
    return Store(path / STORE_FILE)


def installed() -> tuple[Package, ...]:
    """The packages whose SDK is there."""
    from importlib.util import find_spec

    return tuple(package for package in PACKAGES if find_spec(f"pulumi_{package.name}"))


def environment(path: Path, attachment: str, readyz: str) -> dict[str, str]:
    """What leads an engine into the world and nowhere else."""
    backend = path / "backend"
    backend.mkdir(exist_ok=True)
    return {
        READYZ: readyz,
        "PULUMI_DEBUG_PROVIDERS": attachment,
        "PULUMI_BACKEND_URL": f"file://{backend}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "KOPS_SECRETS_PROVIDER": "passphrase",  # a key that the caller's own stacks use is out of reach
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
