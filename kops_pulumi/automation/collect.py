"""Engine events → ChangeReport.

The engine tells of each step before it takes it; a replacement comes as several steps of one URN. The collector listens
during an operation and folds the steps of a URN into one change. It must not judge or print.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kops_pulumi.automation.report import Action, ChangeReport, Difference, Kind, PropertyChange, ResourceChange

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent, StepEventMetadata, StepEventStateMetadata

SECRET: Final = "[secret]"  # noqa: S105 - the mask, not a secret
UNKNOWN: Final = "[unknown]"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Marks a property value as something special, a secret or an asset: the engine's sdk/go/common/resource/sig."""
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public constant of the engine
_UNKNOWN_VALUE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for values that a preview cannot know: sdk/go plugin.UnknownStringValue and its siblings."""

_ACTIONS: Final[Mapping[str, Action]] = {
    "same": Action.UNCHANGED,
    "create": Action.CREATE,
    "import": Action.CREATE,
    "update": Action.UPDATE,
    "delete": Action.DELETE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    "import-replacement": Action.REPLACE,
    "delete-replaced": Action.REPLACE,
    "read": Action.READ,
    "read-replacement": Action.READ,
}
"""Steps that are not here (refresh, discard, …) change nothing in the cloud."""

_PATH: Final = re.compile(r'\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+)\]|(?P<key>[^.\[\]]+)')


class Collector:
    """Give it as `on_event` of one operation, then ask for its report."""

    def __init__(self) -> None:
        self._steps: dict[str, ResourceChange] = {}
        self._drift: dict[str, ResourceChange] = {}
        self._messages: dict[str, None] = {}
        self.errors: list[str] = []
        """What went wrong, in the engine's order, without colours or progress noise."""

    def __call__(self, event: EngineEvent) -> None:
        """Take one event; events may come from another thread, but one at a time."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata)
        elif event.res_outputs_event and event.res_outputs_event.metadata.op.value == "refresh":
            self._refreshed(event.res_outputs_event.metadata)
        elif event.diagnostic_event and not event.diagnostic_event.ephemeral:
            text = plain_text(event.diagnostic_event.message)
            if event.diagnostic_event.severity == "error" and text:
                self.errors.append(text)
            elif event.diagnostic_event.severity == "warning" and text:
                self._messages.setdefault(text)

    def report(self, stack: str, operation: str) -> ChangeReport:
        """Everything seen so far as one report."""
        seen = self._drift if operation == "refresh" else self._steps
        unchanged = [c for c in seen.values() if c.action is Action.UNCHANGED and c.kind is Kind.RESOURCE]
        drift = () if operation == "refresh" else _ordered(self._drift)
        return ChangeReport(stack, operation, _ordered(seen), len(unchanged), tuple(sorted(self._messages)), drift)

    def _step(self, step: StepEventMetadata) -> None:
        action = _ACTIONS.get(step.op.value)
        if action is not None:
            self._fold(self._steps, _change(step, action))

    def _refreshed(self, step: StepEventMetadata) -> None:
        action = Action.DELETE if step.new is None else Action.UPDATE if step.detailed_diff else Action.UNCHANGED
        self._fold(self._drift, _change(step, action))

    @staticmethod
    def _fold(seen: dict[str, ResourceChange], change: ResourceChange) -> None:
        """Keep the gravest action of a URN, and the step that knows the properties."""
        known = seen.get(change.urn)
        order = list(Action)
        if known is None or (order.index(change.action), len(change.properties)) > (
            order.index(known.action),
            len(known.properties),
        ):
            seen[change.urn] = change


def _ordered(seen: Mapping[str, ResourceChange]) -> tuple[ResourceChange, ...]:
    changes = (change for change in seen.values() if change.action is not Action.UNCHANGED)
    return tuple(sorted(changes, key=lambda change: (change.component, change.type, change.name, change.urn)))


def _change(step: StepEventMetadata, action: Action) -> ResourceChange:
    state = step.new or step.old
    detailed = action in {Action.UPDATE, Action.REPLACE}
    return ResourceChange(
        action=action,
        type=step.type,
        name=step.urn.rpartition("::")[2],
        component=component_of(step.urn),
        kind=kind_of(step.type, custom=bool(state and state.custom)),
        urn=step.urn,
        properties=_properties(step) if detailed else (),
        protected=bool(step.old and step.old.protect),
    )


def kind_of(type_: str, *, custom: bool) -> Kind:
    """What a resource is to the engine, by its type token."""
    if type_.startswith("pulumi:providers:"):
        return Kind.PROVIDER
    return Kind.RESOURCE if custom and type_ != "pulumi:pulumi:Stack" else Kind.COMPONENT


def component_of(urn: str) -> str:
    """The nearest component above: `…::kops:index:Cluster$kops:aws:Network$aws:ec2/vpc:Vpc::name` → Network."""
    types = urn.split("::")[2].split("$") if urn.count("::") >= 3 else []
    ours = [token for token in types[:-1] if token.startswith("kops:")]
    return ours[-1].rpartition(":")[2] if ours else ""


def _properties(step: StepEventMetadata) -> tuple[PropertyChange, ...]:
    if step.detailed_diff:
        found = [
            _property(step, path, diff.diff_kind.value, input_diff=diff.input_diff)
            for path, diff in step.detailed_diff.items()
        ]
    else:
        replacing = set(step.keys or ())
        found = [
            _property(step, path, "update-replace" if path in replacing else "update", input_diff=True)
            for path in step.diffs or ()
        ]
    return tuple(sorted(found, key=lambda item: item.path))


def _property(step: StepEventMetadata, path: str, kind: str, *, input_diff: bool) -> PropertyChange:
    difference, _, replaces = kind.partition("-")
    return PropertyChange(
        path=path,
        difference=Difference(difference),
        forces_replacement=bool(replaces),
        before=None if difference == "add" else _value(step.old, path, inputs=input_diff),
        after=None if difference == "delete" else _value(step.new, path, inputs=True),
    )


def _value(state: StepEventStateMetadata | None, path: str, *, inputs: bool) -> Any:
    """The value at a property path; inputs or outputs first, the other when it is not there."""
    if state is None:
        return None
    bags = (state.inputs, state.outputs) if inputs else (state.outputs, state.inputs)
    return next((mask(found) for bag in bags if (found := _look_up(bag or {}, path)) is not None), None)


def _look_up(bag: Any, path: str) -> Any:
    for match in _PATH.finditer(path):
        key = match["quoted"] or match["key"]
        if isinstance(bag, Mapping):
            bag = bag.get(key if key is not None else match["index"])
        elif isinstance(bag, Sequence) and not isinstance(bag, str) and match["index"] is not None:
            position = int(match["index"])
            bag = bag[position] if position < len(bag) else None
        else:
            return None
    return bag


def mask(value: Any) -> Any:
    """A value without its secrets, and with readable unknowns."""
    match value:
        case dict() if _SIGNATURE in value:
            return SECRET if value[_SIGNATURE] == _SECRET_SIGNATURE else f"[{_kind_of_special(value)}]"
        case dict():
            return {str(key): mask(item) for key, item in sorted(value.items())}
        case list() | tuple():
            return [mask(item) for item in value]
        case str() if _UNKNOWN_VALUE in value:
            return UNKNOWN
        case _:
            return value


def _kind_of_special(value: Mapping[str, Any]) -> str:
    return next((key for key in ("hash", "text", "path", "uri", "urn") if key in value), "value")


def plain_text(message: str) -> str:
    """The engine's message without colour directives (`<{%reset%}>`) or escape codes."""
    return re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", message).strip()
