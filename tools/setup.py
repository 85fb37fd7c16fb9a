"""Set a checkout up: its virtual environment and the Pulumi engine, both in the cache outside the checkout.

    make setup  →  setup.sh (finds Python)  →  this file
        uv        a small environment with the pinned installer, made by pip
        packages  a virtual environment from requirements/dev.txt, hash-checked and byte-compiled
        engine    `kops_pulumi.automation.engine`, beside the packages when Go has to build it
        links     .venv → the environment; pulumi → the environment's bin/

Everything is keyed by what it is made from, so a second run finds it all and takes a fraction of a second. This file
runs before anything is installed: standard library only. It must not decide what the engine is or where it comes from.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kops_pulumi.automation import engine, engine_install, steps  # noqa: E402 (the checkout is not installed yet)
from kops_pulumi.errors import ExitCode, KopsError, ToolError  # noqa: E402

REQUIREMENTS = ROOT / "requirements"
LOCKS = ("setup", "base", "aws", "gce", "openstack", "vsphere", "dev", "docs")
"""The locks in the order in which they are made: clouds and dev are constrained by base."""

LINK = ROOT / ".venv"
_READY = ".kops-pulumi-ready"
"""Written into an environment when all its packages are in; without it the environment is made anew."""

_PROJECT = ".kops-pulumi-project"
"""The digest of the pyproject.toml that the editable install was made from."""

_STARTED = float(os.environ.get("KOPS_PULUMI_SETUP_STARTED") or time.time())


@dataclass(frozen=True, slots=True)
class Venv:
    """A virtual environment in the cache."""

    path: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.path / "bin" / "python"

    @property
    def ready(self) -> bool:
        """Whether all its packages are in."""
        return (self.path / _READY).exists() and self.python.exists()

    def done(self) -> None:
        """Mark it as ready; the last step of making one."""
        (self.path / _READY).touch()


def main(arguments: list[str]) -> int:
    """Run one task; every expected failure ends as a sentence with a way out, never as a traceback."""
    parser = argparse.ArgumentParser(prog="tools/setup.sh", description="Set this checkout of kops-pulumi up.")
    parser.add_argument("task", choices=TASKS, nargs="?", default="setup")
    parser.add_argument(
        "--upgrade", action="store_true", help="lock: take the newest versions that the .in files allow"
    )
    options = parser.parse_args(arguments)
    try:
        TASKS[options.task](options)
    except KopsError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)
        return int(error.exit_code)
    except OSError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)
        print(
            f"  is there room, and may you write, in {engine.cache_dir()}? KOPS_PULUMI_CACHE moves it", file=sys.stderr
        )
        return int(ExitCode.FAILED)
    except KeyboardInterrupt:
        print("set-up interrupted; run it again to go on", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.OK)


def set_up(_options: argparse.Namespace) -> None:
    """Packages and engine; together when both are missing and the engine must be built."""
    if LINK.exists() and not LINK.is_symlink():
        raise ToolError(
            f"{LINK} is a directory of your own",
            hint=f"set-up links it to the cache: move it away (mv {LINK} {LINK}.old)",
        )
    venv = project_venv()
    if engine.look().engine or engine_install.installer_in_reach():
        install_packages(venv)
        found = engine.ensure(say=say, python=venv.python)
    else:
        engine_install.find_go(os.environ)  # says at once, not after minutes, when there is none
        with engine_in_background() as build:
            install_packages(venv)
            if build.wait() != 0:
                raise SystemExit(build.returncode)
        found = engine.ensure(say=say, python=venv.python)
    install_project(venv)
    link(venv, found)
    say(f"ready: Python {sys.version.split()[0]}, Pulumi {found.version} ({found.origin}), .venv → {venv.path}")


def only_engine(_options: argparse.Namespace) -> None:
    """Nothing but the engine: what `engine_in_background` runs."""
    engine.ensure(say=say)


def lock(options: argparse.Namespace) -> None:
    """Write requirements/*.txt anew from the .in files; pins stay where they still fit, unless `--upgrade`."""
    flags = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet"]
    flags += ["--custom-compile-command", "make lock", *(["--upgrade"] if options.upgrade else [])]
    uv = installer()
    for name in LOCKS:
        command = [uv, "pip", "compile", *flags, "--output-file", f"{name}.txt", f"{name}.in"]
        steps.run(command, uv_environment(), say=say, what=f"locking {name}", cwd=REQUIREMENTS)


def docs(_options: argparse.Namespace) -> None:
    """Build the documentation into site/."""
    venv = Venv(engine.cache_dir() / "venvs" / f"docs-{digest('docs')}")
    with locked(venv):
        make_venv(venv, "docs")
    steps.run([venv.python, "-m", "mkdocs", "build", "--strict"], os.environ, say=say, what="building docs", cwd=ROOT)
    say(f"open {ROOT / 'site' / 'index.html'}")


def clean(_options: argparse.Namespace) -> None:
    """Remove what belongs to this checkout alone; the engine stays, other checkouts use it."""
    if LINK.is_symlink():
        LINK.unlink()
    caches = [ROOT / f".{tool}_cache" for tool in ("mypy", "ruff", "pytest", "import_linter")]
    for directory in (project_venv().path.parent, *caches, ROOT / ".hypothesis", ROOT / "dist", ROOT / "site"):
        shutil.rmtree(directory, ignore_errors=True)
    say(f"removed this checkout's environment and caches (the engine stays in {engine.engine_dir(engine.cache_dir())})")


TASKS = {"setup": set_up, "engine": only_engine, "lock": lock, "docs": docs, "clean": clean}


def install_packages(venv: Venv) -> None:
    """Make this checkout's environment, unless it is there; then drop those that older locks made."""
    with locked(venv):
        if not venv.ready:
            make_venv(venv, "dev")
            for other in venv.path.parent.iterdir():
                if other.is_dir() and other != venv.path:
                    say(f"removing the environment of an older lock, {other.name}")
                    shutil.rmtree(other, ignore_errors=True)


def make_venv(venv: Venv, lock_name: str) -> None:
    """A fresh environment with the packages of one lock, byte-compiled (an uncompiled pulumi is slow)."""
    if venv.ready:
        return
    shutil.rmtree(venv.path, ignore_errors=True)
    uv, environ = installer(), uv_environment()
    steps.run(
        [uv, "venv", "--quiet", "--python", sys.executable, venv.path],
        environ,
        say=say,
        what="making a virtual environment",
    )
    install = [uv, "pip", "install", "--python", str(venv.python), "--require-hashes", "--compile-bytecode"]
    what = f"installing the packages of requirements/{lock_name}.txt"
    steps.run([*install, "-r", REQUIREMENTS / f"{lock_name}.txt"], environ, say=say, what=what)
    venv.done()


def install_project(venv: Venv) -> None:
    """Put the checkout and its `kops-pulumi` into the environment; again only when pyproject.toml changed."""
    marker, wanted = venv.path / _PROJECT, hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not marker.exists() or marker.read_text() != wanted:
        flags = ["--python", str(venv.python), "--no-deps", "--no-build-isolation", "--offline", "--quiet"]
        command = [installer(), "pip", "install", *flags, "--editable", str(ROOT)]
        steps.run(command, uv_environment(), say=say, what="installing kops-pulumi itself (editable)")
        marker.write_text(wanted)
    compileall.compile_dir(ROOT / "kops_pulumi", quiet=2)


def link(venv: Venv, found: engine.Engine) -> None:
    """`.venv` and, when the engine is ours, `pulumi` inside it: after `. .venv/bin/activate` everything is on PATH."""
    replace_link(LINK, venv.path)
    for program in (found.cli, found.language_host):
        place = venv.path / "bin" / program.name
        if found.origin is engine.Origin.CACHE:
            replace_link(place, program)
        else:
            place.unlink(missing_ok=True)


def replace_link(place: Path, target: Path) -> None:
    """Point a symbolic link elsewhere in one step."""
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(place)


def installer() -> str:
    """The pinned uv; pip puts it into an environment of its own the first time."""
    venv = Venv(engine.cache_dir() / f"uv-{digest('setup')}")
    with locked(venv):
        if not venv.ready:
            hint = "does this Python have venv and pip? (Debian, Ubuntu: apt-get install python3-venv)"
            shutil.rmtree(venv.path, ignore_errors=True)
            steps.run(
                [sys.executable, "-m", "venv", venv.path],
                os.environ,
                say=say,
                what="making an environment for uv",
                hint=hint,
            )
            pip = [
                str(venv.python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--require-hashes",
                "-r",
                str(REQUIREMENTS / "setup.txt"),
            ]
            steps.run(pip, os.environ, say=say, what="installing uv")
            venv.done()
    return str(venv.path / "bin" / "uv")


def uv_environment() -> dict[str, str]:
    """This environment, with what pip is told about mirrors and certificates told to uv as well."""
    environ = dict(os.environ)
    environ.setdefault("UV_HTTP_TIMEOUT", "180")
    for ours, theirs in (("PIP_CERT", "SSL_CERT_FILE"), ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")):
        if environ.get(ours):
            environ.setdefault(theirs, environ[ours])
    return environ


@contextmanager
def engine_in_background() -> Iterator[subprocess.Popen[bytes]]:
    """Build the engine in a process group of its own, which ends with us however we leave."""
    environ = {**os.environ, "KOPS_PULUMI_SETUP_STARTED": str(_STARTED)}
    build = subprocess.Popen([sys.executable, __file__, "engine"], env=environ, start_new_session=True)
    try:
        yield build
    finally:
        if build.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(build.pid, signal.SIGTERM)
            build.wait()


def project_venv() -> Venv:
    """This checkout's environment: one directory a checkout, in it one environment a lock and Python."""
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    return Venv(engine.cache_dir() / "venvs" / f"{ROOT.name}-{checkout}" / digest("dev"))


def digest(lock_name: str) -> str:
    """What an environment is made from, in 12 hexadecimal digits: a lock, and the Python below any environment."""
    made_from = f"{sys.version}\0{sys.base_prefix}\0".encode() + (REQUIREMENTS / f"{lock_name}.txt").read_bytes()
    return hashlib.sha256(made_from).hexdigest()[:12]


@contextmanager
def locked(venv: Venv) -> Iterator[None]:
    """One process at a time makes an environment; the lock dies with its holder."""
    venv.path.parent.mkdir(parents=True, exist_ok=True)
    with venv.path.with_name(f"{venv.path.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another set-up is making {venv.path}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"[{time.time() - _STARTED:5.1f} s] {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
