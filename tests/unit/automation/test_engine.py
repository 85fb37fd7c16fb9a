"""Finding the engine: PATH, then the cache, with reasons for what was passed over. No network, no real engine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kops_pulumi.automation import engine
from kops_pulumi.automation.engine import CLI, EXECUTOR, LANGUAGE_HOST, VERSION, Origin

ROOT = Path(engine.__file__).parents[2]


def program(path: Path, prints: str = "", code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def fill_cache(cache: Path) -> Path:
    binaries = engine.engine_dir(cache) / "bin"
    for name in (CLI, LANGUAGE_HOST, EXECUTOR):
        program(binaries / name, prints=f"v{VERSION}")
    return binaries


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with an empty PATH, an empty home and an empty cache."""
    (tmp_path / "path").mkdir()
    return {
        "PATH": str(tmp_path / "path"),
        "HOME": str(tmp_path / "home"),
        "KOPS_PULUMI_CACHE": str(tmp_path / "cache"),
    }


def test_an_engine_on_path_is_taken(tmp_path: Path, environ: dict[str, str]) -> None:
    cli = program(tmp_path / "path" / CLI, prints="v3.270.1")
    host = program(tmp_path / "path" / LANGUAGE_HOST)

    found = engine.look(environ).engine

    assert found == engine.Engine(cli, host, "3.270.1", Origin.PATH)


def test_path_wins_over_the_cache(tmp_path: Path, environ: dict[str, str]) -> None:
    fill_cache(tmp_path / "cache")
    program(tmp_path / "path" / CLI, prints="v3.270.1")
    program(tmp_path / "path" / LANGUAGE_HOST)

    found = engine.look(environ).engine

    assert found is not None
    assert found.origin is Origin.PATH


def test_a_link_on_path_to_our_cache_counts_as_the_cache(tmp_path: Path, environ: dict[str, str]) -> None:
    binaries = fill_cache(tmp_path / "cache")
    (tmp_path / "path" / CLI).symlink_to(binaries / CLI)

    found = engine.look(environ).engine

    assert found == engine.Engine(binaries / CLI, binaries / LANGUAGE_HOST, VERSION, Origin.CACHE)


@pytest.mark.parametrize(
    ("says", "code", "reason"),
    [
        ("v3.199.9", 0, "is 3.199.9, older than 3.200.0"),
        ("hello", 0, "does not tell its version"),
        ("v3.270.1", 1, "does not tell its version"),
    ],
)
def test_a_cli_that_does_not_do_is_passed_over_with_the_reason(
    tmp_path: Path, environ: dict[str, str], says: str, code: int, reason: str
) -> None:
    program(tmp_path / "path" / CLI, prints=says, code=code)
    program(tmp_path / "path" / LANGUAGE_HOST)
    fill_cache(tmp_path / "cache")

    seen = engine.look(environ)

    assert seen.engine is not None
    assert seen.engine.origin is Origin.CACHE
    assert seen.problems == (f"{tmp_path / 'path' / CLI} {reason}",)


def test_a_cli_without_language_host_is_passed_over(tmp_path: Path, environ: dict[str, str]) -> None:
    program(tmp_path / "path" / CLI, prints="v3.270.1")

    seen = engine.look(environ)

    assert seen.engine is None
    assert seen.problems == (f"{tmp_path / 'path' / CLI} has no {LANGUAGE_HOST} beside it or on PATH",)


def test_the_language_host_is_found_where_a_linked_cli_really_lies(tmp_path: Path, environ: dict[str, str]) -> None:
    real = program(tmp_path / "opt" / "bin" / CLI, prints="v3.270.1")
    host = program(tmp_path / "opt" / "bin" / LANGUAGE_HOST)
    (tmp_path / "path" / CLI).symlink_to(real)

    found = engine.look(environ).engine

    assert found is not None
    assert found.language_host == host


@pytest.mark.parametrize("missing", [CLI, LANGUAGE_HOST, EXECUTOR])
def test_an_incomplete_cache_is_no_engine(tmp_path: Path, environ: dict[str, str], missing: str) -> None:
    (fill_cache(tmp_path / "cache") / missing).unlink()

    assert engine.look(environ) == engine.Look(None, ("there is no `pulumi` on PATH or in the cache",))


def test_looking_changes_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    engine.look(environ)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["path"]


def test_the_cache_is_where_the_user_wants_it_or_below_home() -> None:
    assert engine.cache_dir({"HOME": "/home/me"}) == Path("/home/me/.cache/kops-pulumi")
    assert engine.cache_dir({"HOME": "/home/me", "KOPS_PULUMI_CACHE": "/big/disk"}) == Path("/big/disk")


def test_the_environment_runs_programs_in_this_python(tmp_path: Path, environ: dict[str, str]) -> None:
    fill_cache(tmp_path / "cache")
    found = engine.look(environ).engine
    assert found is not None

    result = found.environment({"PATH": "/usr/bin", "HOME": "/home/me", "EXTRA": "kept"})

    first, second, *_ = result["PATH"].split(os.pathsep)
    assert (Path(first), Path(second)) == (found.cli.parent, Path(sys.executable).parent)
    assert result["PATH"].endswith("/usr/bin")
    assert result["PULUMI_PYTHON_CMD"] == sys.executable
    assert result["PULUMI_HOME"] == "/home/me/.pulumi"
    assert result["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert result["EXTRA"] == "kept"


def test_only_rehearsals_forbid_the_download_of_plugins(tmp_path: Path, environ: dict[str, str]) -> None:
    fill_cache(tmp_path / "cache")
    found = engine.look(environ).engine
    assert found is not None

    switch = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert switch not in found.environment({})
    assert found.environment({}, acquire_plugins=False)[switch] == "true"


def test_a_home_for_the_engine_that_the_user_chose_is_kept(tmp_path: Path, environ: dict[str, str]) -> None:
    fill_cache(tmp_path / "cache")
    found = engine.look(environ).engine
    assert found is not None

    assert found.environment({"PULUMI_HOME": "/elsewhere"})["PULUMI_HOME"] == "/elsewhere"


def test_an_engine_that_is_there_is_not_installed_again(tmp_path: Path, environ: dict[str, str]) -> None:
    fill_cache(tmp_path / "cache")
    said: list[str] = []

    found = engine.ensure(environ, say=said.append)

    assert found.version == VERSION
    assert said == []


def test_set_up_can_use_these_modules_before_anything_is_installed() -> None:
    """`-S` hides site-packages: an import of pulumi, click or any other package fails."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import kops_pulumi.automation.engine_install"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0


def test_the_go_modules_pin_the_version_that_we_announce() -> None:
    pinned = (ROOT / "tools" / "engine" / "go.mod").read_text()

    assert f"github.com/pulumi/pulumi/pkg/v3 v{VERSION} " in pinned
