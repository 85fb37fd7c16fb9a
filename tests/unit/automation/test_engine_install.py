"""Installing the engine with a stand-in for Go and a stand-in for the installer: no network, nothing compiled."""

import fcntl
import threading
from pathlib import Path

import pytest

from kops_pulumi.automation import engine, engine_install, steps
from kops_pulumi.automation.engine import CLI, EXECUTOR, LANGUAGE_HOST, Origin
from kops_pulumi.errors import ExitCode, ToolError

FAKE_GO = """#!/bin/sh
# Answers as `go env`, `go list -m` and `go build -o OUT` do; counts its builds.
case "$1" in
  env) echo {version} ;;
  list) echo {module} ;;
  build)
    echo "$PWD $GOTOOLCHAIN $CGO_ENABLED" >>{log}
    [ -z "{fails}" ] || {{ echo "{fails}" >&2; exit 1; }}
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\n' >"$2" && chmod +x "$2" ;;
esac
"""


@pytest.fixture(autouse=True)
def _no_installer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_install, "installer_in_reach", lambda: False)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PATH": f"{tmp_path / 'path'}:/usr/bin:/bin", "KOPS_PULUMI_CACHE": str(tmp_path / "cache")}


def fake_go(tmp_path: Path, *, version: str = "go1.26.8", fails: str = "") -> Path:
    script = tmp_path / "module" / "python" / "cmd" / EXECUTOR
    script.parent.mkdir(parents=True)
    script.write_text("#!/usr/bin/env python\n")
    log = tmp_path / "builds"
    go = tmp_path / "path" / "go"
    go.parent.mkdir()
    go.write_text(FAKE_GO.format(version=version, module=tmp_path / "module", log=log, fails=fails))
    go.chmod(0o755)
    return log


def install(environ: dict[str, str], said: list[str] | None = None) -> engine.Engine:
    lines: list[str] = [] if said is None else said
    return engine_install.install(environ, say=lines.append, python=Path("/nowhere/python"))


def test_go_builds_both_programs_with_the_toolchain_that_is_there(tmp_path: Path, environ: dict[str, str]) -> None:
    log = fake_go(tmp_path)
    said: list[str] = []

    made = install(environ, said)

    tools = engine_install.TOOLS
    assert log.read_text().splitlines() == [f"{tools / 'engine'} local 0", f"{tools / 'language-host'} local 0"]
    assert made == engine.cached(tmp_path / "cache")
    assert made.origin is Origin.CACHE
    assert (made.cli.parent / EXECUTOR).stat().st_mode & 0o111
    assert f"building {CLI} with Go …" in said
    assert f"building {LANGUAGE_HOST} with Go …" in said


def test_a_second_install_finds_the_first_one(tmp_path: Path, environ: dict[str, str]) -> None:
    log = fake_go(tmp_path)

    assert install(environ) == install(environ)
    assert len(log.read_text().splitlines()) == 2


def test_a_failed_build_leaves_nothing_and_shows_what_go_said(tmp_path: Path, environ: dict[str, str]) -> None:
    fake_go(tmp_path, fails="dial tcp: lookup modules.test: no such host")

    with pytest.raises(ToolError) as caught:
        install(environ)

    assert "building pulumi with Go failed (exit code 1)" in caught.value.message
    assert "no such host" in caught.value.message
    assert "HTTPS_PROXY" in str(caught.value.hint)
    assert caught.value.exit_code == ExitCode.MISSING_TOOL
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["engine.lock"]


def test_what_a_killed_build_left_is_cleared_away(tmp_path: Path, environ: dict[str, str]) -> None:
    fake_go(tmp_path)
    left = tmp_path / "cache" / "making-engine-abc" / "pulumi"
    left.mkdir(parents=True)

    install(environ)

    assert not left.parent.exists()


def test_without_go_the_message_names_both_ways_out(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["PATH"] = str(tmp_path)

    with pytest.raises(ToolError, match="no Go to build one with") as caught:
        install(environ)

    assert "install Go 1.25.11 or newer" in str(caught.value.hint)
    assert "put a `pulumi` on PATH" in str(caught.value.hint)


@pytest.mark.parametrize("version", ["go1.22.1", "go1.25", "go1.25.10"])
def test_an_old_go_is_refused_before_it_builds(tmp_path: Path, environ: dict[str, str], version: str) -> None:
    log = fake_go(tmp_path, version=version)

    with pytest.raises(ToolError, match=rf"is {version}, older than 1\.25\.11"):
        install(environ)

    assert not log.exists()


def test_the_oldest_go_is_the_one_that_the_module_asks_for() -> None:
    module = (engine_install.TOOLS / "engine" / "go.mod").read_text()

    assert f"\ngo {'.'.join(map(str, engine_install.GO_MINIMUM))}\n" in module


def test_outside_a_checkout_nothing_can_be_built(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path)
    monkeypatch.setattr(engine_install, "TOOLS", tmp_path / "site-packages" / "tools")

    with pytest.raises(ToolError, match="without a checkout"):
        install(environ)


def test_a_failing_installer_gives_way_to_go(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path)
    monkeypatch.setattr(engine_install, "installer_in_reach", lambda: True)
    said: list[str] = []

    made = engine_install.install(environ, say=said.append, python=Path("/bin/false"))

    assert made.origin is Origin.CACHE
    assert any("the official installer failed" in line for line in said)


def test_a_good_installer_needs_no_go(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_install, "installer_in_reach", lambda: True)
    names = f"{CLI} {LANGUAGE_HOST} {EXECUTOR}"
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nmkdir -p "$3/bin"\nfor n in {names}; do echo >"$3/bin/$n"; chmod +x "$3/bin/$n"; done\n'
    )
    python.chmod(0o755)

    made = engine_install.install(environ, say=[].append, python=python)

    assert made == engine.cached(tmp_path / "cache")


def test_a_second_process_waits_and_says_so(tmp_path: Path, environ: dict[str, str]) -> None:
    fake_go(tmp_path)
    (tmp_path / "cache").mkdir()
    waiting = threading.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        waiting.set()

    with (tmp_path / "cache" / "engine.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=engine_install.install, args=(environ,), kwargs={"say": say, "python": Path()})
        other.start()
        assert waiting.wait(timeout=30)
        assert said == ["another process is installing the engine; waiting for it"]
    other.join(timeout=60)

    assert engine.cached(tmp_path / "cache") is not None


def test_a_long_step_says_that_it_lives_and_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "HEARTBEAT_SECONDS", 0.01)
    said: list[str] = []

    with pytest.raises(ToolError, match="waiting took more than 0 s"):
        steps.run(["/usr/bin/env", "tail", "-f", "/dev/null"], {}, say=said.append, what="waiting", limit=0.1)

    assert said[0] == "waiting …"
    assert said[1].startswith("waiting … ")
