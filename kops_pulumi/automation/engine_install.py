"""Put a Pulumi engine into the cache: by Pulumi's own installer where it can be reached, else by Go from tools/.

Nothing is ever half there: files are made in a temporary directory and appear in the cache by one rename, under a lock,
so that two processes never build at once and a killed build leaves no engine behind. Like `engine`, this module runs
before anything is installed: standard library only. It must not print; progress goes to `say`.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kops_pulumi.automation import steps
from kops_pulumi.automation.engine import (
    CLI,
    EXECUTOR,
    LANGUAGE_HOST,
    VERSION,
    Engine,
    cache_dir,
    cached,
    engine_dir,
)
from kops_pulumi.automation.steps import Say
from kops_pulumi.errors import ToolError

TOOLS = Path(__file__).resolve().parents[2] / "tools"
"""The Go modules that pin the engine; only a checkout has them, an installed wheel does not."""

GO_MINIMUM = (1, 25, 11)
"""The `go` line of tools/engine/go.mod."""

REACH_SECONDS = 5
"""How long the official installer may take to answer before we take it to be out of reach."""

INSTALLER_SECONDS = 300

_SCRATCH = "making-engine-"
_INSTALLER_URL = "https://get.pulumi.com/install.sh"
"""The script that `PulumiCommand.install` fetches."""

_INSTALLER_PROGRAM = """
import socket, sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
socket.setdefaulttimeout(20)
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]), skip_version_check=True)
"""


@dataclass(frozen=True, slots=True)
class GoTool:
    """A program of one of the modules in tools/."""

    directory: str
    """Below tools/."""
    package: str
    ldflags: str


_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_GO_TOOLS = {
    CLI: GoTool("engine", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", f"-s -w -X {_VERSION_VARIABLE}=v{VERSION}"),
    LANGUAGE_HOST: GoTool(
        "language-host", "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python", "-s -w"
    ),
}
_LANGUAGE_HOST_MODULE = "github.com/pulumi/pulumi/sdk/v3"


def install(environ: Mapping[str, str], *, say: Say, python: Path) -> Engine:
    """Install the engine into the cache, unless another process just did; raises `ToolError` with the way out."""
    cache = cache_dir(environ)
    with _only_one(cache, say):
        if engine := cached(cache):
            return engine
        for left_by_a_killed_process in cache.glob(f"{_SCRATCH}*"):
            shutil.rmtree(left_by_a_killed_process, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=cache) as scratch:
            made = Path(scratch) / "pulumi"
            if not _by_installer(made, environ, say=say, python=python):
                shutil.rmtree(made, ignore_errors=True)
                _by_go(made, environ, say)
            target = engine_dir(cache)
            shutil.rmtree(target, ignore_errors=True)
            made.rename(target)
    engine = cached(cache)
    if engine is None:
        raise ToolError(
            f"the new engine in {engine_dir(cache)} is incomplete",
            hint=f"remove {engine_dir(cache)} and run `make setup` again",
        )
    return engine


def installer_in_reach() -> bool:
    """Whether Pulumi's download site answers (REACH_SECONDS at most)."""
    request = urllib.request.Request(_INSTALLER_URL, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=REACH_SECONDS):  # noqa: S310 (the URL is a constant)
            return True
    except (OSError, urllib.error.URLError):
        return False


def _by_installer(made: Path, environ: Mapping[str, str], *, say: Say, python: Path) -> bool:
    """Try the official installer; False when it is out of reach or fails."""
    if not installer_in_reach():
        say("Pulumi's installer is out of reach; building the engine with Go instead")
        return False
    say(f"installing Pulumi {VERSION} with its official installer")
    command = [str(python), "-c", _INSTALLER_PROGRAM, str(made), VERSION]
    try:
        steps.run(command, environ, say=say, what="installing Pulumi", limit=INSTALLER_SECONDS)
    except ToolError as error:
        say(f"the official installer failed ({error.message.splitlines()[0]}); building the engine with Go instead")
        return False
    return all((made / "bin" / name).exists() for name in (CLI, LANGUAGE_HOST, EXECUTOR))


def _by_go(made: Path, environ: Mapping[str, str], say: Say) -> None:
    """Build both programs from the modules that tools/ pins; about 4 minutes and 4 GB of Go's caches on two cores."""
    go = find_go(environ)
    if not TOOLS.is_dir():
        raise ToolError(
            "there is no Pulumi engine, and without a checkout of kops-pulumi none can be built",
            hint="install Pulumi from https://www.pulumi.com/docs/install/ and put it on PATH",
        )
    binaries = made / "bin"
    binaries.mkdir(parents=True)
    go_environ = {**environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    for name, tool in _GO_TOOLS.items():
        command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", tool.ldflags]
        steps.run(
            [*command, "-o", str(binaries / name), tool.package],
            go_environ,
            say=say,
            what=f"building {name} with Go",
            cwd=TOOLS / tool.directory,
        )
    _copy_executor(go, binaries, go_environ)


def _copy_executor(go: str, binaries: Path, environ: Mapping[str, str]) -> None:
    """The language host's start script is a file of its module, not a Go program."""
    command = [go, "list", "-m", "-f", "{{.Dir}}", _LANGUAGE_HOST_MODULE]
    directory = TOOLS / _GO_TOOLS[LANGUAGE_HOST].directory
    listed = subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=False)
    script = Path(listed.stdout.strip()) / "python" / "cmd" / EXECUTOR
    if listed.returncode != 0 or not script.is_file():
        raise ToolError(
            f"Go does not find {EXECUTOR}: {listed.stderr.strip()}", hint="run `go clean -modcache`, then `make setup`"
        )
    shutil.copyfile(script, binaries / EXECUTOR)
    (binaries / EXECUTOR).chmod(0o755)


def find_go(environ: Mapping[str, str]) -> str:
    """Go's command, new enough for tools/engine/go.mod; raises `ToolError` with the way out."""
    needed = ".".join(map(str, GO_MINIMUM))
    hint = f"install Go {needed} or newer (https://go.dev/doc/install), or put a `pulumi` on PATH, and try again"
    go = shutil.which("go", path=environ.get("PATH", os.defpath))
    if go is None:
        raise ToolError("there is no Pulumi engine, and no Go to build one with", hint=hint)
    answer = subprocess.run([go, "env", "GOVERSION"], env=environ, capture_output=True, text=True, check=False)
    match = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    if match is None or tuple(int(part or 0) for part in match.groups()) < GO_MINIMUM:
        raise ToolError(f"{go} is {answer.stdout.strip() or 'broken'}, older than {needed}", hint=hint)
    return go


@contextmanager
def _only_one(cache: Path, say: Say) -> Iterator[None]:
    """Hold the cache's engine lock; the kernel releases it when the process ends, however it ends."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "engine.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is installing the engine; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
