"""Address arithmetic: reading ranges, comparing them, and cutting a network into subnets the way kops does.

Pure functions over text and `ipaddress` values. Nothing here knows a manifest or a cloud; a range that cannot be read
is None, never an exception, because validators run over half-broken manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import islice
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

LITTLE_BITS = 3
"""Utility subnets are eighths of a slice."""
SLICES = (1, 2, 4, 8)
"""Into how many equal slices a network may be cut: https://kops.sigs.k8s.io/topology/."""


@lru_cache(maxsize=1024)
def network(text: str | None) -> Network | None:
    """The range in a text, or None; host bits are dropped, as clouds do."""
    if not text or "/" not in text:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def strict(text: str) -> bool:
    """Whether the address before the slash is the range's first (`10.0.0.0/8`, not `10.0.0.1/8`)."""
    try:
        ip_network(text, strict=True)
    except ValueError:
        return False
    return True


def overlap(one: Network | None, other: Network | None) -> bool:
    """Whether two ranges share an address; never for different families or unreadable ranges."""
    if one is None or other is None or one.version != other.version:
        return False
    return one.overlaps(other)


def inside(inner: Network | None, outer: Network | None) -> bool:
    """Whether a range lies wholly in another; never for different families or unreadable ranges."""
    match inner, outer:
        case (IPv4Network(), IPv4Network()):
            return inner.subnet_of(outer)
        case (IPv6Network(), IPv6Network()):
            return inner.subnet_of(outer)
        case _:
            return False


def nth_address(text: str | None, index: int) -> str | None:
    """The n-th address of a range (`100.64.0.0/13`, 10 → `100.64.0.10`)."""
    found = network(text)
    return str(found[index]) if found is not None and found.num_addresses > index else None


@dataclass(frozen=True, slots=True)
class Claim:
    """A subnet that may want a range; claims are served by zone, then by name."""

    zone: str
    name: str
    little: bool = False
    """A utility subnet: it gets an eighth of a slice."""
    cidr: str | None = None
    """The range it already has."""


def allocate(parent: str | None, claims: Iterable[Claim]) -> Mapping[str, str]:
    """Ranges for the claims without one, by name: kops's own cut, so that its clusters keep their subnets.

    The network is cut into 1, 2, 4 or 8 equal slices, as few as hold one per big subnet plus one for all utility
    subnets. Slices that hold a range somebody already has are left out (a finer cut is tried when too few are left);
    the first free one is cut in eight for the utility subnets (if there are any), the others go to the big subnets, by
    zone. The order of the manifest does not matter, and claims with a range keep it whatever is added; automatic ones
    may move when the number of slices grows, which is why `create` writes them down and `resolve` warns about those
    that are not. Claims that find no room are left out of the answer.
    """
    whole = network(parent)
    ordered = sorted(claims, key=lambda claim: (claim.zone, claim.name))
    if not isinstance(whole, IPv4Network) or all(claim.cidr for claim in ordered):
        return {}
    bigs = [claim for claim in ordered if not claim.little]
    littles = [claim for claim in ordered if claim.little]
    wanted = len(bigs) + bool(littles)
    needed = sum(not claim.cidr for claim in bigs) + bool(littles)
    taken = [claim.cidr for claim in ordered if claim.cidr]
    cuts = [_free_slices(whole, count, taken) for count in SLICES if count >= min(wanted, SLICES[-1])]
    free = next((cut for cut in cuts if len(cut) >= needed), cuts[-1])
    little_ranges = _cut(free[0], 1 << LITTLE_BITS) if littles and free else []
    return {**_serve(bigs, free[bool(littles) :]), **_serve(littles, little_ranges)}


def allocate_regional(parent: str, names: Iterable[str], taken: Sequence[str], prefix_length: int) -> Mapping[str, str]:
    """Ranges of a fixed size for regional subnets, by name; the parent's first block is left out, as kops does."""
    whole = network(parent)
    if whole is None:
        return {}
    used = [network(text) for text in taken]
    blocks = (
        block for block in islice(_pieces(whole, prefix_length), 1, None) if not any(overlap(block, u) for u in used)
    )
    return {name: str(block) for name, block in zip(sorted(names), blocks, strict=False)}


def _pieces(whole: Network, prefix_length: int) -> Iterator[Network]:
    """Parts of a range with this prefix length; none when it is smaller."""
    if whole.prefixlen <= prefix_length <= whole.max_prefixlen:
        yield from whole.subnets(new_prefix=prefix_length)


def _free_slices(whole: IPv4Network, count: int, taken: Sequence[str]) -> list[Network]:
    """The slices in which nobody has a range yet."""
    used = [network(text) for text in taken]
    return [piece for piece in _cut(whole, count) if not any(overlap(piece, range_) for range_ in used)]


def _cut(whole: Network, count: int) -> list[Network]:
    """Equal pieces of a range; none when it is too small."""
    bits = count.bit_length() - 1
    if whole.prefixlen + bits > whole.max_prefixlen:
        return []
    return list(whole.subnets(prefixlen_diff=bits)) if bits else [whole]


def _serve(claims: Iterable[Claim], ranges: Iterable[Network]) -> dict[str, str]:
    """The next range for each claim that has none."""
    needy = [claim.name for claim in claims if not claim.cidr]
    return {name: str(range_) for name, range_ in zip(needy, ranges, strict=False)}
