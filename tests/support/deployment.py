"""A stack of the real engine in a rehearsal, for tests: operations return what was done, as counts and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation import EngineEvent
from pulumi.automation.errors import CommandError

from kops_pulumi.automation import engine as engines
from kops_pulumi.automation.command import EngineCommand
from kops_pulumi.rehearsal import World

Program = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the engine did or would do."""

    operation: str
    type: str
    name: str
    diffs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation came to."""

    steps: tuple[Step, ...]
    errors: str

    @property
    def counts(self) -> dict[str, int]:
        """How many resources (providers and the stack itself left out) by operation; unchanged ones too, as `same`."""
        return dict(Counter(step.operation for step in self.steps))

    @property
    def changes(self) -> dict[str, str]:
        """Operation by resource name, of those that change."""
        return {step.name: step.operation for step in self.steps if step.operation not in ("same", "refresh", "read")}


class Deployment:
    """One stack with an inline program, in a world."""

    def __init__(self, world: World, directory: Path, program: Program, name: str = "test") -> None:
        self.world = world
        self.program = program
        self._directory = directory
        self._name = name

    @cached_property
    def stack(self) -> automation.Stack:
        """The Automation API's stack."""
        engine = engines.look(self.world.environment).engine
        assert engine is not None
        self._directory.mkdir(parents=True, exist_ok=True)
        workspace = automation.LocalWorkspace(
            work_dir=str(self._directory),
            project_settings=automation.ProjectSettings(name="rehearsed", runtime="python"),
            env_vars=dict(self.world.environment),
            pulumi_command=EngineCommand(engine, lambda _count: None),
        )
        return automation.Stack.create_or_select(self._name, workspace)

    def preview(self) -> Outcome:
        """What `up` would do."""
        return self._run(lambda **kw: self.stack.preview(program=self.program, **kw))

    def up(self) -> Outcome:
        """Run the program; a failure is in the outcome's errors."""
        return self._run(lambda **kw: self.stack.up(program=self.program, continue_on_error=True, **kw))

    def refresh(self, **options: Any) -> Outcome:
        """Ask the cloud what is there."""
        return self._run(lambda **kw: self.stack.refresh(**options, **kw))

    def destroy(self) -> Outcome:
        """Delete everything."""
        return self._run(self.stack.destroy)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets included."""
        return {key: output.value for key, output in self.stack.outputs().items()}

    def state(self) -> str:
        """Everything the backend keeps, as text."""
        backend = self.world.path / "backend"
        return "\n".join(path.read_text() for path in sorted(backend.rglob("*.json")))

    @staticmethod
    def _run(operate: Callable[..., object]) -> Outcome:
        steps: list[Step] = []
        errors: list[str] = []

        def watch(event: EngineEvent) -> None:
            if event.resource_pre_event:
                meta = event.resource_pre_event.metadata
                own = meta.type == "pulumi:pulumi:Stack" or meta.type.startswith("pulumi:providers:")
                if not own:
                    changed = tuple(sorted(meta.detailed_diff or ()))
                    steps.append(Step(str(meta.op.value), meta.type, meta.urn.rpartition("::")[2], changed))
            if event.diagnostic_event and event.diagnostic_event.severity == "error":
                errors.append(event.diagnostic_event.message)

        try:
            operate(on_event=watch, color="never")
        except CommandError as error:
            errors.append(str(error))
        return Outcome(tuple(steps), "\n".join(errors))
