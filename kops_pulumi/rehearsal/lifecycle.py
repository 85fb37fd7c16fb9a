"""What happens to objects: checked, named, born, changed, read and deleted, by the rules of a package's table.

`Lifecycle` joins one `Package`, its `Sdk` and the `Store`; `provider.py` puts it on the wire. Values are plain
(`wire.py`), refusals are `CloudError`s. This module must not know gRPC, nor any single resource type.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from kops_pulumi.rehearsal import checks
from kops_pulumi.rehearsal.differ import Diff, diff
from kops_pulumi.rehearsal.kinds import Adopted, Birth, Cloud, Failure, Kind, LookupFailed, Package, Question, Values
from kops_pulumi.rehearsal.sdk import ResourceSchema, Sdk
from kops_pulumi.rehearsal.store import CloudError, Link, Record, Store, Ties
from kops_pulumi.rehearsal.wire import UNKNOWN, at, has_unknown

GENERATED: Final = "__defaults"
"""Input that lists the inputs we filled in; the engine keeps it in the state for us."""


class Lifecycle:
    """One package's objects."""

    def __init__(self, package: Package, store: Store) -> None:
        self.package = package
        self.store = store
        self.sdk = Sdk(package.name)
        self.cloud = Cloud(region="")

    def check(
        self, token: str, name: str, olds: Values, news: Values, seed: bytes
    ) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs to go on with (named, if a name was missing), and every reason to refuse them."""
        kind, schema = self.package.kind(token), self._schema(token)
        if schema is None and self.package.typed:
            return dict(news), [("", f"pulumi_{self.package.name} {self.sdk.version} has no resource type '{token}'")]
        inputs = {**news, **self._generated_name(kind, name, olds, news, seed)}
        failures = checks.check(schema, inputs) if schema and self.package.typed else []
        missing = [(key, "required property is missing") for key in kind.required if inputs.get(key) is None]
        known = not failures and not missing
        broken = [failure for rule in kind.rules for failure in rule(inputs)] if known else []
        return inputs, [*failures, *missing, *broken]

    @staticmethod
    def _generated_name(kind: Kind, name: str, olds: Values, news: Values, seed: bytes) -> dict[str, Any]:
        """A name for an object that has none: the old generated one, or a new one, marked as generated."""
        key = kind.autoname
        if key is None or news.get(key) is not None or (kind.name_prefix and news.get(kind.name_prefix) is not None):
            return {}
        digits = hashlib.sha256(seed or name.encode()).hexdigest()[:7]
        kept = olds.get(key) if key in olds.get(GENERATED, ()) else None
        return {key: kept or f"{name}-{digits}", GENERATED: [key]}

    def diff(self, token: str, olds: Values, news: Values) -> Diff:
        """What changed between two sets of inputs."""
        also = self.package.kind(token).also_replaces
        return diff(olds, news, self._replacing(token) | frozenset(also(olds, news) if also else ()))

    def conflicts(self, token: str, olds: Values, news: Values) -> bool:
        """Whether old and new object would hold the same name, so that the old one must go first."""
        kind = self.package.kind(token)
        if kind.autoname in news.get(GENERATED, ()):
            return False  # the new object gets a new name
        claim = _claim(kind, news)
        return claim is not None and claim == _claim(kind, olds)

    def draft(self, token: str, inputs: Values) -> dict[str, Any]:
        """Outputs in a preview: the inputs, and everything computed as unknown."""
        schema = self._schema(token)
        return {**dict.fromkeys(schema.outputs if schema else (), UNKNOWN), **_plain(inputs)}

    def create(self, token: str, urn: str, name: str, inputs: Values) -> Record:
        """Bring an object into the world."""
        kind = self.package.kind(token)
        seed = self.store.birth(urn) if self.package.stored else urn
        birth = Birth(self.cloud, seed, inputs, self.store)
        id_ = kind.identify(birth)
        if kind.admit:
            kind.admit(birth)
        outputs = {**_plain(inputs), **kind.compute(birth, id_)}
        record = Record(token, id_, name, inputs, outputs)
        if self.package.stored:
            self.store.create(record, self._ties(kind, inputs, outputs))
            self._settle(kind, token, id_)
        return record

    def draft_update(self, token: str, old_outputs: Values, old_inputs: Values, inputs: Values) -> dict[str, Any]:
        """Outputs of an update in a preview."""
        kind = self.package.kind(token)
        kept = {key: value for key, value in old_outputs.items() if key not in old_inputs or key in inputs}
        revised = kind.revise(old_outputs, inputs)
        return {**kept, **_plain(inputs), **revised, **dict.fromkeys(kind.revised, UNKNOWN)}

    def update(self, token: str, id_: str, old_outputs: Values, inputs: Values) -> dict[str, Any]:
        """Change an object in place; the answer is its outputs."""
        kind = self.package.kind(token)
        current = self.store.get(token, id_) if self.package.stored else Record(token, id_, "", {}, old_outputs)
        if current is None:
            raise CloudError("NotFound", f"{token} {id_} does not exist any more; refresh and try again")
        kept = {key: value for key, value in current.outputs.items() if key not in current.inputs or key in inputs}
        outputs = {**kept, **_plain(inputs), **kind.revise(current.outputs, inputs)}
        if self.package.stored:
            ties = self._ties(kind, inputs, outputs)
            self.store.update(Record(token, id_, current.name, inputs, outputs), ties)
            self._settle(kind, token, id_)
        return outputs

    def _ties(self, kind: Kind, inputs: Values, outputs: Values) -> Ties:
        """An object's ties; the name it holds is its cluster's, where names are."""
        ties, scope = _ties(kind, inputs, outputs), self.cloud.scope
        return replace(ties, claim=f"{scope}: {ties.claim}") if scope and ties.claim else ties

    def _settle(self, kind: Kind, token: str, id_: str) -> None:
        made = self.store.get(token, id_) if kind.settle else None
        if kind.settle and made:
            kind.settle(made, self.store)

    def read(self, token: str, id_: str) -> Record | None:
        """The object as it is now, by its id or whatever else identifies it."""
        return self.store.get(token, id_) or self.store.resolve(id_, (token,))

    def delete(self, token: str, id_: str) -> None:
        """Remove an object; one that is gone already is no error."""
        if self.package.stored:
            self.store.delete(token, id_)

    def invoke(self, token: str, args: Values) -> Values:
        """Answer a look-up."""
        function = self.package.functions.get(token)
        if function is None:
            raise LookupFailed(f"the rehearsal does not know the function '{token}'")
        return function(Question(self.cloud, args, self.store))

    def _schema(self, token: str) -> ResourceSchema | None:
        return self.sdk.schema(token)

    def _replacing(self, token: str) -> frozenset[str]:
        """The table's word; for types without an entry, the SDK's documentation."""
        if token in self.package.kinds or self.package.known:
            return self.package.kind(token).replaces
        schema = self._schema(token)
        return schema.forces_new if schema else frozenset()


def adopt(package: Package, store: Store, cloud: Cloud, thing: Adopted) -> Record:
    """Let something exist that no stack made; it keeps its name, and what it refers to is not looked at."""
    kind = package.kind(thing.type)
    birth = Birth(cloud, f"adopted {thing.type} {thing.id}", thing.inputs, store)
    outputs = {**thing.inputs, **kind.compute(birth, thing.id), **thing.outputs}
    record = Record(thing.type, thing.id, thing.id, thing.inputs, outputs, adopted=True)
    store.create(record, replace(_ties(kind, thing.inputs, outputs), links=()))
    return record


def _ties(kind: Kind, inputs: Values, outputs: Values) -> Ties:
    return Ties(
        handles=tuple(value for key in kind.handles if isinstance(value := outputs.get(key), str)),
        claim=_claim(kind, inputs),
        links=tuple(_links(kind, inputs)),
    )


def _claim(kind: Kind, inputs: Values) -> str | None:
    """The name an object holds, as text: `name=x, vpcId=y`; None when nothing of it is given or known."""
    parts = {key: value for key in kind.unique for value in at(inputs, key)}
    if not parts or has_unknown(parts):
        return None
    return ", ".join(f"{key}={value}" for key, value in parts.items())


def _plain(inputs: Values) -> dict[str, Any]:
    """Inputs without our own notes."""
    return {key: value for key, value in inputs.items() if key != GENERATED}


def _links(kind: Kind, inputs: Mapping[str, Any]) -> Iterator[Link]:
    for ref in kind.refs:
        for value in dict.fromkeys(v for v in at(inputs, ref.path) if isinstance(v, str) and v):
            if not (ref.external and re.fullmatch(ref.external, value)):
                yield Link(ref.path, value, ref.kinds, ref.on_delete)
