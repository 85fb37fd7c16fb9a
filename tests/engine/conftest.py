"""Fixtures of the engine tests: a fresh world, and stacks in it. Skips with the reason where there is no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation import engine as engines
from tests.support.deployment import Deployment, Program

Stacks = Callable[..., Deployment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is an engine test. (The Automation API leaves event loops of inline programs unclosed.)"""
    here = Path(__file__).parent
    leaks = ("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.engine)
            for leak in leaks:
                item.add_marker(pytest.mark.filterwarnings(leak))


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
