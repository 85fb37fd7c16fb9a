"""The vocabulary of the packages' tables: what a kind of object needs, refuses, gives back and is replaced for.

A package (`aws/`, `kubernetes.py`, …) is data: a `Package` of `Kind`s and look-up functions; `lifecycle.py`
interprets it. A new cloud is a new table; a kind without an entry gets `Package.default`. This module must not touch
store or engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from kops_pulumi.rehearsal.store import Record, Store

Values: TypeAlias = Mapping[str, Any]
Failure: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cloud:
    """The account and region that a call is about."""

    region: str
    account: str = "123456789012"
    partition: str = "aws"
    scope: str = ""
    """The cluster that a call is about, where names are a cluster's (`Package.scope`)."""


@dataclass(frozen=True, slots=True)
class Birth:
    """What an object's first outputs may be computed from."""

    cloud: Cloud
    seed: str
    """Unique for this object and the same in every run: its URN and how often that URN was created before."""
    inputs: Values
    store: Store

    def hex(self, length: int, salt: str = "") -> str:
        """Hexadecimal digits that look random and never change for this object."""
        return hashlib.sha256(f"{self.seed}|{salt}".encode()).hexdigest()[:length]

    def number(self, digits: int, salt: str = "") -> str:
        """Decimal digits, as `hex`."""
        return str(int(self.hex(32, salt), 16))[:digits]

    def target(self, value: Any, *kinds: str) -> Record | None:
        """The object of one of these kinds that a value refers to."""
        return self.store.resolve(str(value), kinds) if value is not None else None


Identify: TypeAlias = Callable[[Birth], str]
Compute: TypeAlias = Callable[[Birth, str], Values]
"""Outputs beyond the inputs, from the object's birth and its id."""
Revise: TypeAlias = Callable[[Values, Values], Values]
"""Outputs that an update changes, from the old outputs and the new inputs."""
Replaces: TypeAlias = Callable[[Values, Values], Iterable[str]]
Rule: TypeAlias = Callable[[Values], Iterable[Failure]]


Settle: TypeAlias = Callable[["Record", "Store"], None]
"""What the cloud does by itself once an object is made or changed: a group starts its machines."""
Admit: TypeAlias = Callable[[Birth], None]
"""Refuse an object that does not fit its surroundings, by raising `CloudError`."""


class OnDelete(StrEnum):
    """What a reference means for the deletion of its target."""

    BLOCK = "block"
    """The target cannot be deleted."""
    CASCADE = "cascade"
    """The referrer goes with its target."""
    IGNORE = "ignore"
    """The referrer is left pointing at nothing."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A property that must name an existing object."""

    path: str
    """`wire.at` path: `vpcId`, `networkInterfaces[].securityGroups[]`."""
    kinds: tuple[str, ...]
    on_delete: OnDelete = OnDelete.BLOCK
    external: str | None = None
    """Regular expression of values that exist outside of the simulated account."""


def _by_hash(birth: Birth) -> str:
    return birth.hex(20)


def _nothing(_birth: Birth, _id: str) -> Values:
    return {}


def _unchanged(_old: Values, _inputs: Values) -> Values:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """All that the simulation knows of one type of object."""

    replaces: frozenset[str] = frozenset()
    """Inputs whose change makes a new object."""
    unique: tuple[str, ...] = ()
    """Inputs that together must be free; empty: names may repeat."""
    refs: tuple[Ref, ...] = ()
    identify: Identify = _by_hash
    compute: Compute = _nothing
    revise: Revise = _unchanged
    handles: tuple[str, ...] = ("arn", "name")
    """Outputs, besides the id, that others may refer to it by."""
    autoname: str | None = None
    """The input that gets a generated name when it is absent."""
    name_prefix: str | None = "namePrefix"
    rules: tuple[Rule, ...] = ()
    admit: Admit | None = None
    settle: Settle | None = None
    also_replaces: Replaces | None = None
    """Further inputs that make a new object, depending on old and new values."""
    revised: tuple[str, ...] = ()
    """Outputs that are not known before an update is done."""
    required: tuple[str, ...] = ()
    """Required by the cloud although the SDK's types do not say so."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """An object that exists before any stack does."""

    type: str
    id: str
    inputs: Values
    outputs: Values = field(default_factory=dict)
    """Known outputs; the kind computes the others."""


Function: TypeAlias = Callable[["Question"], Values]


@dataclass(frozen=True, slots=True)
class Question:
    """A look-up (invoke): its arguments and where to look."""

    cloud: Cloud
    args: Values
    store: Store


class LookupFailed(Exception):  # noqa: N818 - reads as the event it is
    """A look-up found nothing, or too much."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Pulumi package as data."""

    name: str
    kinds: Mapping[str, Kind]
    functions: Mapping[str, Function] = field(default_factory=dict)
    default: Kind = field(default_factory=Kind)
    stored: bool = True
    """False: the package computes values and leaves nothing in the cloud (tls, random)."""
    typed: bool = True
    """Inputs are checked against the SDK; an unknown type token is refused."""
    needs_region: bool = False
    scope: str | None = None
    """The provider setting that tells which of several worlds of names a call is about; None: there is one."""
    known: Callable[[str], Kind] | None = None
    """Kinds by rule instead of by table."""

    def kind(self, token: str) -> Kind:
        """The table's entry for a type, or the default."""
        return self.kinds.get(token) or (self.known(token) if self.known else self.default)
