"""Any command in a world: exit codes, signals, kills, and a world that outlives them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation import engine as engines
from kops_pulumi.errors import NotFoundError
from kops_pulumi.rehearsal import Fault, FaultKind, Operation

ROOT = Path(__file__).parents[2]
PROGRAM = """
import pulumi, pulumi_aws as aws
opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-west-1"))
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=opts)
"""
UP = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color", "never", "--stack", "test"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Pulumi project with a stack, in a world beside it; skips without an engine."""
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (directory / "__main__.py").write_text(PROGRAM)
    assert pulumi(directory, "pulumi", "stack", "init", "test") == 0
    return directory


def pulumi(project: Path, *command: str, faults: tuple[Fault, ...] = ()) -> int:
    """Run a command in the project's world."""
    return rehearsal.run(command, project.parent / "world", cwd=project, faults=faults)


def types(project: Path) -> list[str]:
    """What exists in the project's world."""
    with rehearsal.open_store(project.parent / "world") as store:
        return [record.type.rpartition(":")[2] for record in store.objects()]


@contextlib.contextmanager
def rehearsing(project: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """`kops-pulumi rehearse` as a process of its own, in a session of its own."""
    world = str(project.parent / "world")
    process = subprocess.Popen(
        [sys.executable, "-m", "kops_pulumi", "rehearse", "--world", world, "--", *command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_separate_runs_see_the_same_cloud(project: Path) -> None:
    assert pulumi(project, *UP) == 0
    assert types(project) == ["Vpc", "Subnet"]
    assert pulumi(project, *UP, "--expect-no-changes") == 0
    assert pulumi(project, "pulumi", "destroy", "--yes", "--skip-preview", "--stack", "test") == 0
    assert types(project) == []


def test_a_failing_engine_is_a_failing_rehearsal(project: Path) -> None:
    fault = Fault(FaultKind.ERROR, Operation.CREATE, name="subnet")
    assert pulumi(project, *UP, faults=(fault,)) != 0
    assert pulumi(project, *UP) == 0


@pytest.mark.parametrize(
    ("code", "expected"), [("raise SystemExit(7)", 7), ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143)]
)
def test_the_commands_exit_code_is_ours(world: rehearsal.World, code: str, expected: int) -> None:
    assert rehearsal.run([sys.executable, "-c", code], world.path.parent / "other") == expected


def test_a_command_that_does_not_exist_is_named(world: rehearsal.World) -> None:
    with pytest.raises(NotFoundError, match="there is no command `nonesuch`"):
        rehearsal.run(["nonesuch"], world.path.parent / "other")


def test_nothing_runs_on_after_a_world_is_closed(tmp_path: Path) -> None:
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    with rehearsal.world(tmp_path):  # once before: libraries start threads of their own at their first use
        pass
    before = threading.active_count()
    with rehearsal.world(tmp_path):
        pass
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("rehearsal")] == []
    assert threading.active_count() <= before


def test_termination_reaches_the_command(project: Path) -> None:
    code = "import signal; print('ready', flush=True); signal.pause()"
    with rehearsing(project, sys.executable, "-c", code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 128 + signal.SIGTERM


def test_a_kill_in_mid_air_leaves_a_readable_state_and_a_cloud_to_clean_up(project: Path) -> None:
    with rehearsal.open_store(project.parent / "world") as store:
        store.inject(Fault(FaultKind.SLOW, Operation.CREATE, name="subnet", seconds=5))
        with rehearsing(project, *UP) as process:
            while store.faults() and process.poll() is None:
                os.sched_yield()  # until the subnet is being made
            os.killpg(process.pid, signal.SIGKILL)

    assert pulumi(project, "pulumi", "cancel", "--yes", "--stack", "test") == 0
    state = project / "state.json"
    assert pulumi(project, "pulumi", "stack", "export", "--stack", "test", "--file", str(state)) == 0
    deployment = json.loads(state.read_text())["deployment"]
    assert [item["resource"]["type"] for item in deployment["pending_operations"]] == ["aws:ec2/subnet:Subnet"]

    refresh = ["pulumi", "refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", "test"]
    assert pulumi(project, *refresh) == 0
    assert pulumi(project, *UP) == 0
    assert types(project) == ["Vpc", "Subnet"]
