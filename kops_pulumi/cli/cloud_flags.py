"""Flags of `create cluster` that only some clouds have, one table a cloud.

A flag's value reaches `clouds/<cloud>/starter.py` in `Wishes.options`, by the flag's name with underscores; a flag of
another cloud than the chosen one is a mistake. This module must stay cheap to import: `--help` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import click

Flag: TypeAlias = tuple[str, dict[str, Any]]
"""Names and keyword arguments of a `click.option`; the default stays None, so that it shows what was given."""

_GCE: tuple[Flag, ...] = (
    ("--gce-service-account", {"metavar": "EMAIL", "help": "Existing service account of all machines (GCE)."}),
)

_OPENSTACK: tuple[Flag, ...] = ()

_VSPHERE: tuple[Flag, ...] = ()

FLAGS: Mapping[str, tuple[Flag, ...]] = {"gce": _GCE, "openstack": _OPENSTACK, "vsphere": _VSPHERE}
"""By the cloud whose flags they are."""


def every() -> tuple[Flag, ...]:
    """All of them, cloud after cloud."""
    return tuple(flag for flags in FLAGS.values() for flag in flags)


def taken(cloud: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Take these flags out of `flags`; those that were given, by name. A flag of another cloud is refused."""
    given: dict[str, Any] = {}
    for owner, table in FLAGS.items():
        for text, _ in table:
            name = text.split()[0].lstrip("-").replace("-", "_")
            value = flags.pop(name)
            if value in (None, (), False):
                continue
            if owner != cloud:
                raise click.UsageError(f"{text.split()[0]} is for {owner}, the cluster is to run on {cloud}")
            given[name] = value
    return given
