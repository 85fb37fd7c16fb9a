"""ClusterStack against the real engine: locks, unfinished operations, failures, outputs; tiny programs, no cluster."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_random
import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation.report import Action
from kops_pulumi.automation.settings import StackSettings
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.errors import BusyError, EngineError

NAME = "tiny.example.com"


def program() -> None:
    pet = pulumi_random.RandomPet("pet", length=2, opts=pulumi.ResourceOptions(protect=True))
    pulumi.export("pet", pet.id)
    pulumi.export("hidden", pulumi.Output.secret("s3cret"))


def _open(world: rehearsal.World, run: Callable[[], None] = program) -> ClusterStack:
    settings = StackSettings.read(
        NAME, state=world.path, environ=world.environment, project_file=world.path / "Pulumi.yaml"
    )
    return ClusterStack(settings, run)


def _state(world: rehearsal.World) -> Path:
    (path,) = (world.path / "backend").glob(f".pulumi/stacks/*/{NAME}.json")
    return path


def _lock(world: rehearsal.World, host: str, pid: int) -> Path:
    state = _state(world)
    folder = world.path / "backend" / ".pulumi" / "locks" / "organization" / state.parent.name / NAME
    folder.mkdir(parents=True, exist_ok=True)
    content = {"pid": pid, "username": "ann", "hostname": host, "timestamp": "2026-11-23T08:00:00Z"}
    path = folder / "11111111-1111-1111-1111-111111111111.json"
    path.write_text(json.dumps(content))
    return path


def test_up_is_idempotent_and_secret_outputs_stay_secret(world: rehearsal.World) -> None:
    stack = _open(world)
    assert stack.preview().count(Action.CREATE) == 1
    assert stack.up().count(Action.CREATE) == 1
    assert stack.preview().empty
    assert set(stack.outputs()) == {"pet"}
    assert [(r.name, r.protected) for r in stack.resources()] == [("pet", True)]
    assert "s3cret" not in json.dumps(stack.export())


def test_destroy_takes_protected_things_and_the_stack_itself(world: rehearsal.World) -> None:
    stack = _open(world)
    stack.up()
    assert _open(world).destroy().count(Action.DELETE) == 1
    assert not list((world.path / "backend").glob(f".pulumi/stacks/*/{NAME}.json"))


def test_somebody_elses_lock_is_respected_and_named(world: rehearsal.World) -> None:
    _open(world).up()
    lock = _lock(world, "another-machine", 4711)
    with pytest.raises(BusyError) as caught:
        _open(world).up()
    assert "ann@another-machine (process 4711)" in str(caught.value)
    assert "pulumi cancel" in str(caught.value)
    assert lock.exists()


def test_the_lock_of_a_dead_process_here_is_broken(world: rehearsal.World) -> None:
    _open(world).up()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lock = _lock(world, socket.gethostname(), ended.pid)
    assert _open(world).up().empty
    assert not lock.exists()


def test_unfinished_operations_are_reported_and_can_be_forgotten(world: rehearsal.World) -> None:
    _open(world).up()
    state = json.loads(_state(world).read_text())
    pet: dict[str, Any] = next(r for r in state["checkpoint"]["latest"]["resources"] if r["type"].startswith("random:"))
    urn = pet["urn"].replace("::pet", "::half-made")
    pending = {"resource": {**pet, "urn": urn, "id": "", "outputs": {}}, "type": "creating"}
    state["checkpoint"]["latest"]["pending_operations"] = [pending]
    _state(world).write_text(json.dumps(state))
    stack = _open(world)
    assert stack.pending() == ("creating random:index/randomPet:RandomPet half-made",)
    stack.forget_pending()
    assert stack.pending() == ()
    assert stack.preview().empty


def test_a_failure_says_what_matters_in_few_lines(world: rehearsal.World) -> None:
    def bad() -> None:
        pulumi_random.RandomPet("pet", length=2)
        raise ValueError("the reason")

    with pytest.raises(EngineError) as caught:
        _open(world, bad).preview()
    assert "the reason" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 8
