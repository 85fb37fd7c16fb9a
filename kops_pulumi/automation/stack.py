"""ClusterStack: preview, update, refresh and destroy one cluster from Python, by Pulumi's engine.

The CLI is one user of it; a service can be another (`examples/`). Operations return ChangeReports and raise KopsErrors
with the few lines that matter. This module runs the same program as `stacks/__main__.py` (`kops_pulumi.program`) and
must not print: `watch` gets the engine's events as they come.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kops_pulumi.automation import engine as engines
from kops_pulumi.automation.collect import Collector, kind_of, plain_text
from kops_pulumi.automation.locks import Holder, holder_in
from kops_pulumi.automation.recovery import settled
from kops_pulumi.automation.report import ChangeReport, Kind
from kops_pulumi.automation.settings import StackSettings, plain_settings
from kops_pulumi.errors import BusyError, EngineError, KopsError, ToolError

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent, Stack

    from kops_pulumi.automation.scope import Scope
    from kops_pulumi.pipeline import Planned

Watch = Callable[["EngineEvent"], None]

_ADDONS = "$kops:index:AddOns"
"""In the URN of everything that is installed in the cluster; a URN has the types of all parents."""
_MACHINES = re.compile(r":Instances\$[^:]+:[^:]*(?:[Gg]roup|[Ii]nstance|[Vv]irtualMachine)[^:]*:[^:]+::")
"""In the URN of a group of machines, or of a machine where a cloud has no groups."""
_NOISE = ("update failed", "preview failed", "one or more errors occurred", "resource monitor shut down")
_PREFIX = re.compile(r"^(stderr: )?(error: )?")
_FEW = 5


@dataclass(frozen=True, slots=True)
class StateResource:
    """A resource as the state knows it."""

    type: str
    name: str
    urn: str
    kind: Kind
    protected: bool
    external: bool
    """Read only: it exists outside this stack, and stays when the stack goes."""


class ClusterStack:
    """The stack of one cluster."""

    def __init__(
        self,
        settings: StackSettings,
        program: Callable[[], None] | None = None,
        *,
        on_interrupt: Callable[[int], None] = lambda _count: None,
        on_output: Callable[[str], Any] | None = None,
    ) -> None:
        """`program` may be None when only state is read or destroyed; `on_interrupt` gets the number of ctrl-Cs."""
        self.settings = settings
        self._program = self._remembering(program) if program else None
        self._on_interrupt = on_interrupt
        self._on_output = on_output

    @classmethod
    def of(
        cls,
        planned: Planned,
        *,
        state: Path,
        environ: Mapping[str, str] = os.environ,
        project_file: Path = Path("Pulumi.yaml"),
        beside: Path | None = None,
        skip: Collection[str] = (),
        secrets: Mapping[str, str] | None = None,
        scope: Scope | None = None,
        **options: Any,
    ) -> ClusterStack:
        """The stack of a planned cluster; `state` is where the default file backend lies, `beside` the manifest.

        Parts to `skip` (`addons`) and instance groups out of `scope` are left as they are: neither made, nor changed,
        nor deleted. `secrets` are the values of the secrets that the manifest declares; None: the stack's secret
        configuration has them.
        """

        def program() -> None:
            from kops_pulumi.program import deploy

            deploy(planned, skip=skip, secrets=secrets)

        settings = StackSettings.read(
            planned.plan.name, state=state, environ=environ, project_file=project_file, beside=beside
        )
        stack = cls(settings, program, **options)
        stack._skip, stack._scope = frozenset(skip), scope
        return stack

    _refusal: KopsError | None = None
    """What the program itself said no with; the engine would only show its traceback."""

    def _remembering(self, program: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                program()
            except KopsError as error:
                self._refusal = error
                raise

        return run

    def preview(self, *, refresh: bool = False, watch: Watch | None = None) -> ChangeReport:
        """What `up` would change; `refresh` first asks the cloud what is really there."""
        return self._operate(
            "preview", watch, lambda **kw: self._stack.preview(refresh=refresh or None, exclude=self._kept(), **kw)
        )

    def up(self, *, refresh: bool = False, watch: Watch | None = None) -> ChangeReport:
        """Make the cloud as the plan says. When one resource fails, others go on: a second run then has less to do."""
        kept = self._kept()
        return self._operate(
            "update",
            watch,
            lambda **kw: self._stack.up(
                refresh=refresh or None, exclude=kept, continue_on_error=True, suppress_outputs=True, **kw
            ),
        )

    def _kept(self) -> list[str] | None:
        """URNs of what the engine shall not touch: add-ons while they are skipped, instance groups out of scope."""
        if not (self._skip or self._scope):
            return sorted(self._held) or None
        state = [str(item["urn"]) for item in self.export().get("resources") or ()]
        kept = [*self._held, *(urn for urn in state if self._skip and _ADDONS in urn)]
        if self._scope and self._program:
            from kops_pulumi import testing

            kept += self._scope.excluded(state, [resource.name for resource in testing.record(self._program)])
        return sorted(set(kept)) or None

    def hold(self, urns: Collection[str]) -> None:
        """Leave these resources as they are from now on, too."""
        self._held = frozenset(urns)

    _held: frozenset[str] = frozenset()
    _skip: frozenset[str] = frozenset()
    _scope: Scope | None = None

    def refresh(self, *, watch: Watch | None = None) -> ChangeReport:
        """Bring the state up to date with the cloud; the report tells what had drifted."""
        return self._operate("refresh", watch, self._stack.refresh)

    def destroy(self, *, watch: Watch | None = None) -> ChangeReport:
        """Delete everything the stack made, protected things included, and then the stack itself."""
        if any(resource.protected for resource in self.resources()):
            self._pulumi("state", "unprotect", "--all", "--yes")
        report = self._operate("destroy", watch, lambda **kw: self._stack.destroy(continue_on_error=True, **kw))
        with self._translated():
            self._stack.workspace.remove_stack(self.settings.stack, preserve_config=True)
        return report

    def destroy_machines(self, *, watch: Watch | None = None) -> None:
        """Delete the instance groups and what depends on them, so that nothing in the cluster works any more."""
        machines = [r.urn for r in self.resources() if _MACHINES.search(r.urn) and not r.protected]
        if machines:
            self._operate(
                "destroy",
                watch,
                lambda **kw: self._stack.destroy(target=machines, target_dependents=True, continue_on_error=True, **kw),
            )

    def forget(self) -> None:
        """Drop the stack with its state; what it made stays."""
        self._pulumi("stack", "rm", "--force", "--preserve-config", "--yes")

    def export(self) -> dict[str, Any]:
        """The state's deployment as the backend keeps it, secrets encrypted (the Automation API's own shows them)."""
        exported: dict[str, Any] = json.loads(self._pulumi("stack", "export")).get("deployment") or {}
        return exported

    def revealed(self) -> list[dict[str, Any]]:
        """The state's resources with their secrets in plain text: to be used at once, never written or printed."""
        exported = json.loads(self._pulumi("stack", "export", "--show-secrets")).get("deployment") or {}
        return list(exported.get("resources") or ())

    def outputs(self) -> dict[str, Any]:
        """The stack's plain outputs; secret ones are left out."""
        with self._translated():
            return {key: output.value for key, output in sorted(self._stack.outputs().items()) if not output.secret}

    def secret(self, name: str) -> Any:
        """One output, secret or not: to be used at once, never written or printed; None when there is none."""
        with self._translated():
            found = self._stack.outputs().get(name)
        return found.value if found else None

    def provider_settings(self, package: str) -> dict[str, Any]:
        """The stack's settings for a provider (`aws:profile` as `profile`), secret ones in plain text."""
        with self._translated():
            values = {key: item.value for key, item in self._stack.get_all_config().items()}
        return plain_settings(values, package)

    def ids(self) -> dict[str, str]:
        """URN of every resource by the cloud's id of it."""
        resources = self.export().get("resources") or ()
        return {str(item["id"]): str(item["urn"]) for item in resources if item.get("id")}

    def replace(self, urn: str) -> None:
        """Make one resource anew, with what is attached to it, and nothing else; its description is the program's.

        What merely comes after it (another machine in its turn) is left alone, which `--target-dependents` would not.
        """
        target = [urn, *self._attached(urn)]
        self._operate(
            "update", None, lambda **kw: self._stack.up(target=target, replace=[urn], suppress_outputs=True, **kw)
        )

    def _attached(self, urn: str) -> list[str]:
        """Resources of the cloud that hold something of this one in a property: a volume's attachment."""
        resources = self.export().get("resources") or ()
        holders = (
            str(item["urn"])
            for item in resources
            if item.get("custom") and any(urn in used for used in (item.get("propertyDependencies") or {}).values())
        )
        return sorted(holder for holder in holders if "::pulumi:providers:" not in holder)

    def resources(self) -> tuple[StateResource, ...]:
        """Everything in the state, in the order of creation; without the stack itself and providers."""
        found = (_state_resource(item) for item in self.export().get("resources") or ())
        return tuple(r for r in found if r.kind is not Kind.PROVIDER and r.type != "pulumi:pulumi:Stack")

    def pending(self) -> tuple[str, ...]:
        """Operations that an earlier run began and never ended, as `creating aws:ec2/vpc:Vpc name`."""
        return tuple(
            f"{item.get('type', 'changing')} {item['resource']['type']} {item['resource']['urn'].rpartition('::')[2]}"
            for item in self.export().get("pending_operations") or ()
        )

    def pending_items(self) -> list[dict[str, Any]]:
        """The same as the state has them: `type` (creating, …) and `resource`."""
        return list(self.export().get("pending_operations") or ())

    def forget_pending(self) -> None:
        """Drop pending operations from the state; the caller knows that they left nothing behind."""
        self.settle_pending({})

    def settle_pending(self, adopted: Mapping[str, str]) -> None:
        """End all pending operations: those of `adopted` (id by URN) made something, which is read; others did not."""
        document = json.loads(self._pulumi("stack", "export"))
        document["deployment"] = settled(document["deployment"], adopted)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "state.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            self._despite_stale_locks(lambda: self._pulumi("stack", "import", "--file", str(path)))
        if adopted:
            with self._translated():
                self._stack.refresh(target=list(adopted), color="never")

    @cached_property
    def _engine(self) -> engines.Engine:
        look = engines.look(self.settings.environment)
        if look.engine is None:
            raise ToolError("; ".join(look.problems), hint="`kops-pulumi doctor` tells how to get an engine")
        return look.engine

    @cached_property
    def _stack(self) -> Stack:
        """The Automation API's stack, selected or created."""
        self.settings.check()
        from pulumi import automation

        from kops_pulumi.automation.command import EngineCommand

        self.settings.prepare()
        workspace = automation.LocalWorkspace(
            work_dir=str(self.settings.work_dir),
            program=self._program,
            env_vars=self._engine.environment(self.settings.environment),
            secrets_provider=self.settings.secrets_provider,
            pulumi_command=EngineCommand(self._engine, self._on_interrupt),
        )
        with self._translated():
            return automation.Stack.create_or_select(self.settings.stack, workspace)

    def engine_call(self, arguments: list[str]) -> tuple[list[str], Path, dict[str, str]]:
        """Command, directory and environment for another command of the engine on this stack, which exists then."""
        workspace = self._stack.workspace
        command = [str(self._engine.cli), "--non-interactive", *arguments]
        return command, Path(workspace.work_dir), dict(workspace.env_vars)

    def _operate(self, operation: str, watch: Watch | None, run: Callable[..., object]) -> ChangeReport:
        collector = Collector()
        self._refusal = None

        def on_event(event: EngineEvent) -> None:
            collector(event)
            if watch:
                watch(event)

        def attempt() -> None:
            with self._translated(collector):
                run(on_event=on_event, on_output=self._on_output, on_error=self._on_output, color="never")

        self._despite_stale_locks(attempt)
        return collector.report(self.settings.stack, operation)

    def _despite_stale_locks(self, attempt: Callable[[], object]) -> None:
        """Do it, once more when all that stood in the way is the lock of a process that died."""
        try:
            attempt()
        except BusyError:
            if not self._break_stale_lock():
                raise
            attempt()

    def _break_stale_lock(self) -> bool:
        """Cancel the lock of a process that died on this machine; other machines' locks are left alone."""
        holder = self._holder
        if holder is None or not holder.gone:
            return False
        with self._translated():
            self._stack.cancel()
        return True

    _holder: Holder | None = None

    @contextmanager
    def _translated(self, collector: Collector | None = None) -> Iterator[None]:
        """Engine failures as ours, with the few lines that matter."""
        from pulumi.automation.errors import CommandError, ConcurrentUpdateError

        try:
            yield
        except ConcurrentUpdateError as error:
            self._holder = holder_in(str(error))
            who = f": {self._holder}" if self._holder else ""
            raise BusyError(
                f"somebody else is changing the cluster {self.settings.stack}{who}",
                hint="wait for them to finish; if that process is gone for good: "
                f"PULUMI_BACKEND_URL='{self.settings.backend}' pulumi cancel -s {self.settings.stack}",
            ) from error
        except CommandError as error:
            if self._refusal:
                raise self._refusal from error
            lines = what_matters(collector.errors if collector else [], str(error))
            raise EngineError("\n".join(lines), hint="--debug shows all that the engine said") from error

    def _pulumi(self, *arguments: str) -> str:
        """Run another command of the engine on this stack; returns what it printed."""
        workspace = self._stack.workspace
        command = [*arguments, "--stack", self.settings.stack]
        with self._translated():
            return workspace.pulumi_command.run(command, workspace.work_dir, workspace.env_vars).stdout


def _state_resource(item: Mapping[str, Any]) -> StateResource:
    return StateResource(
        type=item["type"],
        name=item["urn"].rpartition("::")[2],
        urn=item["urn"],
        kind=kind_of(item["type"], custom=bool(item.get("custom"))),
        protected=bool(item.get("protect")),
        external=bool(item.get("external")),
    )


def what_matters(diagnostics: list[str], output: str) -> list[str]:
    """The few lines of a failure that tell what to mend: the engine's errors, else the last of its output."""
    lines = [line.strip() for text in diagnostics for line in text.splitlines()]
    if not lines:
        said = plain_text(output).splitlines()
        lines = [_PREFIX.sub("", line.strip()) for line in said if "error" in line] or said[-_FEW:]
    useful = list(dict.fromkeys(line for line in lines if line and not line.lower().startswith(_NOISE)))
    rest = len(useful) - _FEW
    return useful[:_FEW] + ([f"… and {rest} more lines"] if rest > 0 else []) or ["the engine failed without a word"]
