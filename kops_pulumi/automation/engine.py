"""Find the Pulumi engine: the CLI and, beside it, the Python language host.

`look` only looks: on PATH, then in our cache. `ensure` looks and, when nothing fits, has `engine_install` put an engine
into the cache. Either answer is an `Engine`: where it is, its version, and the environment to run it with. Set-up runs
this module before anything is installed, so it must import nothing but the standard library and `kops_pulumi.errors`;
it must not print (progress goes to the `say` it is given).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kops_pulumi.automation.steps import Say

VERSION = "3.259.0"
"""The engine that `ensure` installs; the Go modules of tools/ pin the same one."""

MINIMUM = (3, 200, 0)
"""Oldest engine on PATH that we use; older ones have never been tried with these programs."""

CLI = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"
EXECUTOR = "pulumi-language-python-exec"
"""The script that the language host starts Python programs with; it lies beside the host."""


class Origin(StrEnum):
    """Where an engine was found."""

    PATH = "PATH"
    CACHE = "cache"


@dataclass(frozen=True, slots=True)
class Engine:
    """A CLI and a language host that fit together."""

    cli: Path
    language_host: Path
    version: str
    """Without the `v`: `3.259.0`."""
    origin: Origin

    @property
    def root(self) -> Path:
        """The directory above `bin/`, as `pulumi.automation.PulumiCommand(root=…)` wants it."""
        return self.cli.parent.parent

    def environment(self, base: Mapping[str, str], *, acquire_plugins: bool = True) -> dict[str, str]:
        """`base` with what the engine needs to run programs in this very Python.

        The engine's directory and this interpreter's come first on PATH. `PULUMI_PYTHON_CMD` names this interpreter,
        because the language host that Go builds ignores `runtime.options` (decision 17). `acquire_plugins=False` is for
        rehearsals, whose providers are attached and must never be downloaded.
        """
        interpreter = Path(sys.executable)
        first = (self.cli.parent, interpreter.parent, self.language_host.parent)
        path = [*dict.fromkeys(str(directory) for directory in first), base.get("PATH", os.defpath)]
        plugins = {} if acquire_plugins else {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
        return {
            "PULUMI_HOME": str(pulumi_home(base)),
            **base,
            "PATH": os.pathsep.join(path),
            "PULUMI_PYTHON_CMD": str(interpreter),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **plugins,
        }


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: an engine, or the reasons why what lies around does not make one."""

    engine: Engine | None
    problems: tuple[str, ...]


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where everything we install lives: KOPS_PULUMI_CACHE, else ~/.cache/kops-pulumi."""
    chosen = environ.get("KOPS_PULUMI_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else home(environ) / ".cache" / "kops-pulumi"


def pulumi_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The engine's own directory of plugins and credentials: PULUMI_HOME, else ~/.pulumi."""
    chosen = environ.get("PULUMI_HOME")
    return Path(chosen).expanduser() if chosen else home(environ) / ".pulumi"


def home(environ: Mapping[str, str]) -> Path:
    """The user's home directory in this environment."""
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def engine_dir(cache: Path) -> Path:
    """Where our own engine lies in the cache; its files are in `bin/`."""
    return cache / f"pulumi-v{VERSION}"


def look(environ: Mapping[str, str] = os.environ) -> Look:
    """Find an engine without changing anything: PATH first, then the cache; at most one subprocess."""
    cache = cache_dir(environ)
    on_path, problems = _on_path(environ, cache)
    engine = on_path or cached(cache)
    if engine is None and not problems:
        problems = ("there is no `pulumi` on PATH or in the cache",)
    return Look(engine, problems)


def cached(cache: Path) -> Engine | None:
    """The engine in our cache, if it is complete."""
    binaries = engine_dir(cache) / "bin"
    files = [binaries / name for name in (CLI, LANGUAGE_HOST, EXECUTOR)]
    if not all(os.access(file, os.X_OK) for file in files):
        return None
    return Engine(files[0], files[1], VERSION, Origin.CACHE)


def ensure(environ: Mapping[str, str] = os.environ, *, say: Say, python: Path | None = None) -> Engine:
    """The engine that `look` finds, else a new one in the cache (minutes, when Go has to build it).

    `python` is an interpreter that has the Pulumi SDK, for the official installer; None means this one.
    Raises `ToolError`, with the way out, when no engine can be had.
    """
    found = look(environ)
    if found.engine:
        return found.engine
    from kops_pulumi.automation import engine_install

    for problem in found.problems:
        say(problem)
    return engine_install.install(environ, say=say, python=python or Path(sys.executable))


def _on_path(environ: Mapping[str, str], cache: Path) -> tuple[Engine | None, tuple[str, ...]]:
    """The engine on PATH, or what is wrong with it (nothing at all when there is none)."""
    path = environ.get("PATH", os.defpath)
    found = shutil.which(CLI, path=path)
    if found is None:
        return None, ()
    ours = cached(cache)
    if ours and Path(found).resolve() == ours.cli.resolve():
        return ours, ()
    cli = Path(found)
    version = version_of(cli, environ)
    if version is None:
        return None, (f"{cli} does not tell its version",)
    if version < MINIMUM:
        return None, (f"{cli} is {_dotted(version)}, older than {_dotted(MINIMUM)}",)
    host = language_host_for(cli, environ)
    if host is None:
        return None, (f"{cli} has no {LANGUAGE_HOST} beside it or on PATH",)
    return Engine(cli, host, _dotted(version), Origin.PATH), ()


def language_host_for(cli: Path, environ: Mapping[str, str]) -> Path | None:
    """The Python language host that the engine itself would start: beside the CLI, on PATH, or in PULUMI_HOME/bin."""
    beside = (cli.parent, cli.resolve().parent)
    path = os.pathsep.join([*map(str, beside), environ.get("PATH", os.defpath), str(pulumi_home(environ) / "bin")])
    found = shutil.which(LANGUAGE_HOST, path=path)
    return Path(found) if found else None


def version_of(cli: Path, environ: Mapping[str, str]) -> tuple[int, int, int] | None:
    """What `pulumi version` says; None when it fails or says something else."""
    quiet = {**environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [cli, "version"],
            env=quiet,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
