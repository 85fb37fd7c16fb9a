"""What a cloud would answer to a recorded program: ids, computed outputs and look-ups, by package.

Each package's table is a module of its own (`aws.py`, `gce.py`, `keys.py`); a package without one answers with names.
Values depend on names only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

SECRET = "[secret]"  # noqa: S105 - what is shown instead of one


class Answers:
    """What the cloud would answer. Override `resource` or `invoke` to say something else."""

    region = "us-test-1"
    account = "123456789012"

    def resource(self, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """The id of a new resource and its computed outputs (the inputs are outputs anyway)."""
        return _table(type_).resource(self, type_, name, inputs)

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of a look-up."""
        seed = fingerprint(token, repr(sorted(args.items())))
        answer = _table(token).lookups.get(token)
        return {"id": f"id-{seed[:17]}", **(answer(seed, args, self) if answer else {})}

    def secret(self, value: object) -> Any:  # noqa: ARG002 - for those who need it
        """What a recording has in place of a secret."""
        return SECRET


Born: TypeAlias = Callable[[Answers, str, str, Mapping[str, Any]], tuple[str, Mapping[str, Any]]]
"""Id and computed outputs from the answers, the type, the logical name and the inputs."""
LookUp: TypeAlias = Callable[[str, Mapping[str, Any], Answers], Mapping[str, Any]]
"""The result of a look-up from its fingerprint, its arguments and the answers."""


def _named(_: Answers, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    del type_
    return str(inputs.get("name") or name), {}


@dataclass(frozen=True, slots=True)
class Table:
    """One package's answers."""

    resource: Born = _named
    lookups: Mapping[str, LookUp] = field(default_factory=dict)


_TABLES: Mapping[str, str] = {
    "aws": "aws",
    "gcp": "gce",
    "openstack": "openstack",
    "random": "keys",
    "tls": "keys",
    "vsphere": "vsphere",
}
"""Pulumi package → the module here that has its TABLE."""


def _table(token: str) -> Table:
    module = _TABLES.get(token.partition(":")[0])
    table: Table = import_module(f"kops_pulumi.testing.{module}").TABLE if module else Table()
    return table


def fingerprint(*parts: str) -> str:
    """Hexadecimal digits that depend on the parts only."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
