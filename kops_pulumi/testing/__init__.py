"""The public test double: what would a program register, without an engine, a cloud or a network?

    from kops_pulumi.testing import record

    resources = record(lambda: Cluster("prod", "cluster.yaml"))
    assert [r for r in resources if r.type == "aws:ec2/vpc:Vpc"]

`record` runs the program to its end in a thread and a context of its own, so Pulumi's global state is as before, and
returns plain data: assert outside of the program. Ids and computed outputs look like real ones (`Answers` says what;
give a subclass for others) and depend on names only, so that recordings can be compared as bytes; secrets are masked.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from kops_pulumi.components import readiness
from kops_pulumi.testing.answers import SECRET, Answers, fingerprint

__all__ = [
    "SECRET",
    "STACK",
    "UNKNOWN",
    "Answers",
    "Invoked",
    "Recording",
    "Registered",
    "fingerprint",
    "plain",
    "record",
]

UNKNOWN = "[unknown]"
STACK = "pulumi:pulumi:Stack"
_ENGINE = "pulumi:pulumi:"
"""Begins what the engine itself answers about its state: here there is none yet, so it has nothing to say."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks special values on Pulumi's wire (sdk/python/lib/pulumi/runtime/rpc.py)."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker
_UNKNOWN_SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True, slots=True)
class Registered:
    """One resource that a program registered."""

    urn: str
    type: str
    name: str
    parent: str | None
    """The parent's URN; None for what the program registered at its top."""
    custom: bool
    """A real resource; components are not."""
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] | None
    """What a component registered as its outputs; None when it never did, and for custom resources."""
    id: str
    provider: str | None
    """URN of the explicit provider; None for the default one."""
    protect: bool
    depends_on: tuple[str, ...]
    """URNs, explicit and by reference, sorted."""
    ignore_changes: tuple[str, ...]
    delete_before_replace: bool
    secret_outputs: tuple[str, ...]

    def to_data(self) -> dict[str, Any]:
        """Type, name, parent and inputs: what `toolbox resources` prints."""
        return {"type": self.type, "name": self.name, "parent": self.parent, "inputs": self.inputs}


@dataclass(frozen=True, slots=True)
class Invoked:
    """One look-up that a program made."""

    token: str
    args: Mapping[str, Any]


class Recording(list[Registered]):
    """The resources, sorted by URN, with what else the program did."""

    invokes: tuple[Invoked, ...] = ()
    exports: Mapping[str, Any] = {}
    """The stack's outputs."""

    def of(self, type_: str) -> list[Registered]:
        """Only the resources of one type."""
        return [resource for resource in self if resource.type == type_]


def record(
    program: Callable[[], object],
    *,
    answers: Answers | None = None,
    project: str = "kops-pulumi",
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    preview: bool = False,
) -> Recording:
    """Run a program to its end and return what it registered, sorted by URN.

    `config` has keys as the engine gives them (`aws:profile`). With `preview` nothing has an id or a computed output
    yet, as when a stack is first previewed. An exception of the program is raised here.
    """
    context = contextvars.copy_context()
    monitor = _Monitor(answers or Answers(), preview=preview)
    with _collector_paused(), ThreadPoolExecutor(1, "record") as thread:
        thread.submit(context.run, _run, program, monitor, project, stack, dict(config or {})).result()
    return monitor.recording()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A cloud's SDK makes so many lasting objects that looking for garbage among them takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _run(program: Callable[[], object], monitor: _Monitor, project: str, stack: str, config: dict[str, str]) -> None:
    settings.ROOT.set(None)
    mock_settings: Callable[..., settings.Settings] = mocks.MockSettings
    settings.configure(
        mock_settings(
            monitor=monitor,
            monitor_features=monitor.features(),
            engine=mocks.MockEngine(None),
            project=project,
            stack=stack,
            dry_run=monitor.preview,
            organization="organization",
            root_directory=".",
            callbacks=None,
            outputs=set(),
            lock=threading.Lock(),
            package_refs={},
            base_providers_by_ref={},
        )
    )
    pulumi.runtime.set_all_config(config)
    readiness.assumed.set(True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(lambda: _run_and_settle(program)))
    except BaseException:
        # The first failure is the one to tell; what waits for the failed resource would only repeat it.
        loop.set_exception_handler(lambda *_: None)
        raise
    finally:
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()


async def _run_and_settle(program: Callable[[], object]) -> None:
    """Wait for all values at once; Pulumi would look at all of them again each time that one is there."""
    program()
    while pending := [task for task in settings.SETTINGS.outputs if not task.done()]:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


class _Monitor(mocks.MockMonitor):
    """The engine's side of the wire: answers at once and keeps what it was told."""

    def __init__(self, answers: Answers, *, preview: bool) -> None:
        super().__init__(cast("mocks.Mocks", None))  # the parts that would ask it are overridden
        self.preview = preview
        self._answers = answers
        self._lock = threading.Lock()
        self._registered: dict[str, tuple[Any, str, Mapping[str, Any]]] = {}
        self._outputs: dict[str, Mapping[str, Any]] = {}
        self._invoked: list[Invoked] = []

    def features(self) -> set[int]:
        """What this monitor can do, as a program asks it."""
        info: Callable[[object], Any] = self.GetDeploymentInfo
        return set(info(empty_pb2.Empty()).supportedFeatures)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = plain(request.object, self._answers.secret)
        id_: str = ""
        computed: Mapping[str, Any] = {}
        if request.custom and not self.preview:
            id_, computed = self._answers.resource(request.type, request.name, inputs)
        with self._lock:
            if urn in self._registered:
                raise ValueError(f"two resources are called {urn}")
            self._registered[urn] = (request, id_, inputs)
        state = struct_pb2.Struct()
        state.update(_marked(computed, set(request.additionalSecretOutputs)))
        state.MergeFrom(request.object)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=state)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        with self._lock:
            self._outputs[request.urn] = plain(request.outputs, self._answers.secret)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok.startswith(_ENGINE):
            return resource_pb2.ResourceInvokeResponse(**{"return": struct_pb2.Struct()})
        args = plain(request.args)
        with self._lock:
            self._invoked.append(Invoked(request.tok, args))
        result = struct_pb2.Struct()
        result.update(self._answers.invoke(request.tok, args))
        return resource_pb2.ResourceInvokeResponse(**{"return": result})

    def recording(self) -> Recording:
        """Everything so far, in a stable order."""
        found = Recording(
            self._one(urn, *facts) for urn, facts in sorted(self._registered.items()) if facts[0].type != STACK
        )
        found.invokes = tuple(sorted(self._invoked, key=lambda invoked: (invoked.token, repr(invoked.args))))
        stacks = [self._outputs.get(urn, {}) for urn, facts in self._registered.items() if facts[0].type == STACK]
        found.exports = stacks[0] if stacks else {}
        return found

    def _one(self, urn: str, request: Any, id_: str, inputs: Mapping[str, Any]) -> Registered:
        top = request.parent.split("::")[2:3] == [STACK]
        return Registered(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=None if top or not request.parent else request.parent,
            custom=request.custom,
            inputs=inputs,
            outputs=None if request.custom else self._outputs.get(urn),
            id=id_,
            provider=request.provider.rpartition("::")[0] or None,
            protect=request.protect,
            depends_on=tuple(sorted(set(request.dependencies))),
            ignore_changes=tuple(request.ignoreChanges),
            delete_before_replace=request.deleteBeforeReplace,
            secret_outputs=tuple(request.additionalSecretOutputs),
        )


def plain(struct: struct_pb2.Struct, secret: Callable[[Any], Any] = lambda _: SECRET) -> dict[str, Any]:
    """A message's properties as plain values; secrets masked (or as `secret` has them), whole numbers as ints."""
    return {key: _value(value, secret) for key, value in sorted(struct.fields.items())}


def _value(value: struct_pb2.Value, secret: Callable[[Any], Any]) -> Any:  # noqa: PLR0911 - one line a form
    match value.WhichOneof("kind"):
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_SENTINEL else value.string_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_value(item, secret) for item in value.list_value.values]
        case "struct_value":
            marked = value.struct_value.fields.get(_SIGNATURE)
            if marked is not None and marked.string_value == _SECRET_SIGNATURE:
                return secret(_value(value.struct_value.fields["value"], secret))
            return plain(value.struct_value, secret)
    return None


def _marked(outputs: Mapping[str, Any], secret: set[str]) -> dict[str, Any]:
    return {
        key: {_SIGNATURE: _SECRET_SIGNATURE, "value": value} if key in secret else value
        for key, value in outputs.items()
    }
