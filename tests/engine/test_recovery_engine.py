"""An engine that is killed in the middle of a creation: one update later everything is there, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation import engine as engines
from kops_pulumi.cli import main
from kops_pulumi.rehearsal import Fault, FaultKind, Operation

NAME = "killed.example.com"
Cli = Callable[..., tuple[int, str, str]]
PATIENCE = 60.0


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    for variable in ("KOPS_CLUSTER_NAME", "KOPS_STATE_STORE", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KOPS_PULUMI_WORLD", str(tmp_path / "world"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    run("create", "cluster", NAME, "--zones", "eu-west-1a", "--admin-access", "192.0.2.0/24", "--networking", "cni")
    return run


UPDATE = ("update", "cluster", NAME, "--rehearse", "--yes", "--skip", "addons")


def _engines(parent: int) -> list[int]:
    """Engines that a process started and that update something."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit():
                continue
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == parent and "\0up\0" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _update(world: Path, type_: str, act: Callable[[int, int], None]) -> tuple[int, str]:
    """An update in a process of its own; `act` gets its pid and the engine's once the slow creation has begun.

    The fault is used up then.
    """
    command = [sys.executable, "-m", "kops_pulumi", *UPDATE]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        ends = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < ends:
            with rehearsal.open_store(world) as cloud:
                begun = not [fault for fault, _ in cloud.faults() if fault.type == type_]
            if begun and (engine := _engines(process.pid)):
                act(process.pid, engine[0])
                break
            threading.Event().wait(0.05)
        _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err


@pytest.mark.parametrize("type_", ["aws:ec2/vpc:Vpc"])
def test_what_a_killed_engine_began_is_adopted_and_nothing_is_made_twice(cli: Cli, tmp_path: Path, type_: str) -> None:
    world = tmp_path / "world"
    with rehearsal.open_store(world) as cloud:
        cloud.inject(Fault(FaultKind.SLOW, Operation.CREATE, type_, seconds=3.0))
    code, err = _update(world, type_, lambda _pid, engine: os.kill(engine, signal.SIGKILL))
    assert code != 0
    assert "Traceback" not in err
    ends = time.monotonic() + PATIENCE  # the provider outlives its engine, and ends what it began
    with rehearsal.open_store(world) as cloud:
        while not cloud.objects(type_) and time.monotonic() < ends:
            threading.Event().wait(0.05)
        assert cloud.objects(type_)

    code, _, err = cli("update", "cluster", NAME, "--rehearse", "--skip", "addons")
    assert (code, "warning: an earlier run was cut off during:" in err) == (0, True), err
    code, _, err = cli(*UPDATE)
    assert (code, "adopted what the run before made:" in err) == (0, True), err
    with rehearsal.open_store(world) as cloud:
        twice = [key for key, count in Counter((o.type, o.name) for o in cloud.objects()).items() if count > 1]
    assert twice == []
    code, out, _ = cli("update", "cluster", NAME, "--rehearse", "--skip", "addons")
    assert (code, out.startswith("no changes;")) == (0, True), out


def test_ctrl_c_lets_the_engine_finish_what_it_began_and_the_next_run_goes_on(cli: Cli, tmp_path: Path) -> None:
    world = tmp_path / "world"
    with rehearsal.open_store(world) as cloud:
        cloud.inject(Fault(FaultKind.SLOW, Operation.CREATE, "aws:ec2/vpc:Vpc", seconds=2.0))
    code, err = _update(world, "aws:ec2/vpc:Vpc", lambda pid, _engine: os.kill(pid, signal.SIGINT))
    assert code == 130
    assert "stopping after the operations in flight; once more stops at once and may leave things half-made" in err
    assert err.splitlines()[-1] == "error: interrupted; run the same command again to go on"
    code, _, err = cli(*UPDATE)
    assert code == 0, err
    with rehearsal.open_store(world) as cloud:
        assert len(cloud.objects("aws:ec2/vpc:Vpc")) == 1
