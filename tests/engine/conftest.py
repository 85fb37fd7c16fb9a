"""Fixtures of the engine tests: a fresh world, and stacks in it. Skips with the reason where there is no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation import engine as engines
from tests.support.deployment import Deployment, Program

Stacks = Callable[..., Deployment]


def pytest_configure(config: pytest.Config) -> None:
    """The Automation API leaves the event loops of inline programs to the collector, some until the very end."""
    for left in ("unclosed event loop", "unclosed <socket"):
        config.addinivalue_line("filterwarnings", f"ignore:{left}:ResourceWarning")
    program = "Exception ignored in. <coroutine object run_"  # of a program that the engine cut off
    config.addinivalue_line("filterwarnings", f"ignore:{program}:pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is an engine test."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[rehearsal.World]:
    """An empty world of this test's own."""
    look = engines.look()
    if look.engine is None:
        pytest.skip(f"no engine: {'; '.join(look.problems)} (`make setup` installs one)")
    with rehearsal.world(tmp_path / "world") as world:
        yield world


@pytest.fixture
def deployment(world: rehearsal.World, tmp_path: Path) -> Stacks:
    """Makes a stack of the world from a program: `deployment(program, "name")`."""

    def make(program: Program, name: str = "test") -> Deployment:
        return Deployment(world, tmp_path / name, program, name)

    return make
