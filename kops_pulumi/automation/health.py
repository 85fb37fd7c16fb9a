"""What `kops-pulumi doctor` finds: each thing we need, what is there of it, and the command that mends it.

Everything is found by looking: no SDK is imported, nothing is installed, no network is used. This module must not
print; `cli/doctor.py` shows what it returns.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import metadata, util
from pathlib import Path
from typing import Any

from kops_pulumi.automation import backend, engine, engine_install
from kops_pulumi.clouds import REGISTRY

DISTRIBUTION = "kops-pulumi"
BASE_SDKS = ("pulumi", "pulumi-kubernetes", "pulumi-random", "pulumi-tls")


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    OPTIONAL = "optional"
    """Not there, or not as it should be, but much works without."""
    MISSING = "missing"
    """Needed and not there."""
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report."""

    topic: str
    """`engine`, `language host`, `sdk`, `provider`, `python`, `environment` or `backend`."""
    name: str
    state: State
    found: str
    mend: str | None = None
    """A command, ready to be pasted; None when there is nothing to mend."""

    def to_json(self) -> dict[str, Any]:
        """The check as plain JSON values."""
        return asdict(self)


def examine(environ: Mapping[str, str], *, project: Path | None, state: Path) -> tuple[Check, ...]:
    """All checks, in the order of the way from Python to the state; `state` is the default backend's directory."""
    look = engine.look(environ)
    return (
        *_python(look),
        *_engine(look),
        *_sdks(),
        *_providers(environ),
        *_backend(environ, project=project, state=state),
    )


def _python(look: engine.Look) -> Iterator[Check]:
    yield Check("python", "python", State.OK, f"{platform.python_version()} ({sys.executable})")
    if sys.prefix != sys.base_prefix:
        yield Check("environment", "virtualenv", State.OK, sys.prefix)
    else:
        yield Check("environment", "virtualenv", State.OPTIONAL, "none is active", "make setup && . .venv/bin/activate")
    ours = look.engine is not None and look.engine.origin is engine.Origin.CACHE
    if ours and util.find_spec("pip") is None:
        # The language host of our cache lists what is installed with `python -m pip`.
        yield Check("environment", "pip", State.MISSING, "not installed", f"{sys.executable} -m ensurepip")


def _engine(look: engine.Look) -> Iterator[Check]:
    found = look.engine
    if found is None:
        problems = "; ".join(look.problems)
        yield Check("engine", engine.CLI, State.MISSING, problems, _install_engine())
        yield Check("language host", engine.LANGUAGE_HOST, State.MISSING, "comes with the engine", _install_engine())
        return
    passed_over = f"; passed over: {'; '.join(look.problems)}" if look.problems else ""
    yield Check("engine", engine.CLI, State.OK, f"{found.version} ({found.cli}, from {found.origin}){passed_over}")
    yield Check("language host", engine.LANGUAGE_HOST, State.OK, str(found.language_host))


def _install_engine() -> str:
    checkout = engine_install.TOOLS.parent
    if (checkout / "Makefile").is_file():
        return f"make -C {checkout} setup"
    return "curl -fsSL https://get.pulumi.com | sh"


def _sdks() -> Iterator[Check]:
    for name in BASE_SDKS:
        version = _version(name)
        if version:
            yield Check("sdk", name, State.OK, version)
        else:
            yield Check("sdk", name, State.MISSING, "not installed", f"{sys.executable} -m pip install {name}")
    for cloud, requirement in cloud_sdks(_requirements(), REGISTRY):
        name = _distribution(requirement)
        version = _version(name)
        if version:
            yield Check("sdk", name, State.OK, version)
        else:
            command = f"{sys.executable} -m pip install '{requirement}'"
            yield Check("sdk", name, State.OPTIONAL, f"not installed; clusters on {cloud} need it", command)


def cloud_sdks(requirements: Iterable[str], clouds: Collection[str]) -> tuple[tuple[str, str], ...]:
    """(cloud, requirement) for each cloud's SDK, from our metadata's extras: `pulumi-aws>=7; extra == "aws"`."""
    parted = (requirement.partition(";") for requirement in requirements if requirement.startswith("pulumi-"))
    extras = ((marker.partition("extra ==")[2].strip(" \"'"), requirement.strip()) for requirement, _, marker in parted)
    return tuple(sorted((extra, requirement) for extra, requirement in extras if extra in clouds))


def _requirements() -> list[str]:
    try:
        return metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []


def _distribution(requirement: str) -> str:
    """`pulumi-aws<8,>=7` → `pulumi-aws`."""
    return next((requirement[:at] for at, sign in enumerate(requirement) if sign in "<>=~! ["), requirement)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _providers(environ: Mapping[str, str]) -> Iterator[Check]:
    """The provider plug-ins that the installed SDKs talk to; a rehearsal simulates them, a real cloud needs them."""
    names = [*BASE_SDKS[1:], *(_distribution(requirement) for _, requirement in cloud_sdks(_requirements(), REGISTRY))]
    plugins = engine.pulumi_home(environ) / "plugins"
    for distribution in names:
        version = _version(distribution)
        if version is None:
            continue
        provider = distribution.removeprefix("pulumi-")
        binary = shutil.which(f"pulumi-resource-{provider}", path=environ.get("PATH", os.defpath))
        installed = sorted(path.name for path in plugins.glob(f"resource-{provider}-v*") if path.is_dir())
        if f"resource-{provider}-v{version}" in installed:
            yield Check("provider", provider, State.OK, version)
        elif binary:
            yield Check("provider", provider, State.OK, binary)
        else:
            others = f" (there: {', '.join(installed)})" if installed else ""
            found = f"{version} is not installed{others}; the engine fetches it on first use, rehearsals need none"
            command = f"pulumi plugin install resource {provider} v{version}"
            yield Check("provider", provider, State.OPTIONAL, found, command)


def _backend(environ: Mapping[str, str], *, project: Path | None, state: Path) -> Iterator[Check]:
    found = backend.find(environ, project=project, default=state)
    said = f"{found.url} ({found.source})"
    if found.leaves_attributes:
        command = f"export PULUMI_BACKEND_URL='{found.without_attributes}'"
        yield Check("backend", "state", State.OPTIONAL, f"{said}; a killed update can leave it unreadable", command)
    else:
        yield Check("backend", "state", State.OK, said)
    directory = found.directory(environ)
    for file in backend.damaged(directory) if directory else ():
        yield Check("backend", "attributes", State.DAMAGED, f"{file} is empty", f"{DISTRIBUTION} doctor --repair")
