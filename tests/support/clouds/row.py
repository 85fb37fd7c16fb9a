"""What a cloud's row says; see `tests/support/clouds/__init__.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from kops_pulumi.model import ClusterPlan
from kops_pulumi.testing import Recording, Registered
from tests.scenarios.kops_matrix import Opening

NAME = "harbor.example.net"
Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Row:
    """One cloud."""

    cloud: str
    region: str
    zones: tuple[str, str, str]
    cluster: Mapping[str, Any]
    """The cloud's own part of the cluster's spec."""
    group: Mapping[str, Any]
    """The cloud's own part of every instance group's spec."""
    adopted: Mapping[str, Any]
    """Laid over the cluster's spec: a network and subnets of the user's."""
    never_made: frozenset[str]
    """Types that a cluster in such a network makes nothing of."""
    data_volume: str
    """Type of etcd members' volumes."""
    own_protected: frozenset[str]
    """Further types that cannot be made again: a bucket of ours."""
    opened: Callable[[Recording, ClusterPlan], Iterable[Opening]]
    """What the registered firewall lets through."""
    expected: Callable[[ClusterPlan], Iterable[Opening]]
    """What it is to let through: the plan's matrix, as far as this cloud has words for it."""
    user_data: Callable[[Recording], Mapping[str, str]]
    """Text of every user data, by what has it."""
    unmapped: Callable[[ClusterPlan], Collection[str]]
    """Verbs of the plan's permissions that mean nothing on this cloud."""
    illegal: Callable[[Registered], str | None]
    """What is wrong with a resource's physical name."""
    subnets: Callable[[bool], list[Document]] | None = None
    """Subnets where the usual ones do not fit; the argument says whether there are bastions."""
    annotations: Callable[[str], Mapping[str, str]] | None = None
    """Annotations of an instance group, by its name."""
