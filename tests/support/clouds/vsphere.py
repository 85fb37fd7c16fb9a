"""vSphere."""

from __future__ import annotations

import base64
import gzip
import io
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kops_pulumi.clouds.vsphere import verbs
from kops_pulumi.clouds.vsphere.guestinfo import OBJECTS, USER_DATA
from kops_pulumi.clouds.vsphere.options import ADDRESSES
from kops_pulumi.model import ClusterPlan
from kops_pulumi.testing import Recording, Registered
from tests.scenarios import kops_matrix
from tests.scenarios.kops_matrix import EVERY, Opening
from tests.support.clouds.row import Row

MACHINE = "vsphere:index/virtualMachine:VirtualMachine"
REGION, ZONES = "dc1", ("rack-a", "rack-b", "rack-c")
SITE = {
    "server": "vcenter.example.net",
    "datacenter": REGION,
    "cluster": "compute",
    "datastore": "fast",
    "network": "machines",
    "template": "ubuntu-26.04-kops",
    "apiVIP": "10.40.32.5",
    "gateway": "10.40.32.1",
    "dnsServers": ["10.40.32.2"],
}
_FIXED = {
    **{f"control-plane-{zone}": f"10.40.32.{11 + index}" for index, zone in enumerate(ZONES)},
    "nodes": "10.40.32.20-10.40.32.29",
    "bastions": "10.40.128.11",
}
_LEGAL = r"[A-Za-z0-9][\w. =/:-]{0,79}"
"""https://configmax.broadcom.com/: 80 characters; no slash in a path's part, no percent sign."""
_PROTOCOLS = {"tcp": "tcp", "udp": "udp", "icmp": "icmp", "ipv6-icmp": "icmpv6", "icmpv6": "icmpv6"}
_ANYWHERE = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


def annotations(group: str) -> Mapping[str, str]:
    """Fixed addresses of a group, and the gateway where its network is another."""
    gateway = {"vsphere.kops.io/gateway": "10.40.128.1"} if group == "bastions" else {}
    return {ADDRESSES: _FIXED[group], **gateway}


def _user_data(recording: Recording) -> Mapping[str, str]:
    packed = {made.name: made.inputs["extraConfig"].get(USER_DATA) for made in recording.of(MACHINE)}
    return {name: gzip.decompress(base64.b64decode(text)).decode() for name, text in packed.items() if text}


def bundle(made: Registered) -> Mapping[str, bytes]:
    """The files of the bundle that a machine is brought, by path in the archive."""
    keys = made.inputs["extraConfig"]
    (first,) = [key for key in keys if re.fullmatch(rf"{re.escape(OBJECTS)}nodes\..*\.tar\.gz\.1", key)]
    count = int(keys[first].partition(":")[0])
    text = "".join(keys[f"{first[:-1]}{number}"].partition(":")[2] for number in range(1, count + 1))
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as archive:
        return {item.name: archive.extractfile(item).read() for item in archive}  # type: ignore[union-attr]


def firewall(made: Registered, user_data: str) -> str:
    """A machine's nftables rules: of its bundle, or (on a bastion) of its user data."""
    if "nftables.service" in user_data:
        (_, _, rest) = user_data.partition("/etc/nftables.conf")
        return rest
    return bundle(made)["firewall.nft"].decode()


def _opened(recording: Recording, plan: ClusterPlan) -> Iterable[Opening]:
    texts = _user_data(recording)
    for made in recording.of(MACHINE):
        role = made.inputs["annotation"].partition(" ")[0]
        rules = firewall(made, texts[made.name])
        assert "policy drop" in rules
        assert not re.search("hook (output|forward)", rules)
        yield from (Opening(role, world, "all", EVERY) for world in _ANYWHERE.values())
        yield from (_opening(line.strip(), role) for line in _open_chain(rules))


def _open_chain(rules: str) -> Iterator[str]:
    _, _, rest = rules.partition("chain open {\n")
    yield from rest.partition("  }")[0].strip().splitlines()


def _opening(line: str, role: str) -> Opening:
    found = re.fullmatch(
        r"(?:ip saddr @(?P<role>\w+)|ip6? saddr (?P<cidr>\S+)|meta nfproto (?P<any>ipv[46])) ?"
        r"(?:(?P<ports>tcp|udp) dport (?P<range>[\d-]+)|meta l4proto (?P<all>[\w-]+)|(?P<ipip>ip protocol 4)"
        r"|(?P<icmp>icmp(?:v6)?) type (?P<type>\d+) icmp(?:v6)? code (?P<code>\d+))? ?accept comment \".*\"",
        line,
    )
    assert found, line
    source = found["role"].replace("_", "-") if found["role"] else found["cidr"] or _ANYWHERE[found["any"]]
    if found["ports"]:
        first, _, last = found["range"].partition("-")
        return Opening(source, role, found["ports"], (int(first), int(last or first)))
    if found["icmp"]:
        return Opening(source, role, _PROTOCOLS[found["icmp"]], (int(found["type"]), int(found["code"])))
    protocol = "ipip" if found["ipip"] else _PROTOCOLS[found["all"]] if found["all"] else "all"
    return Opening(source, role, protocol, EVERY)


def _expected(plan: ClusterPlan) -> Iterable[Opening]:
    """Of roles that the cluster has machines of."""
    present = {group.role.value for group in plan.groups}
    worlds = set(_ANYWHERE.values())
    for item in kops_matrix.openings(kops_matrix.ours(plan)):
        if item.target in present or (item.source in present and item.target in worlds):
            yield item


def _unmapped(plan: ClusterPlan) -> set[str]:
    return {item.verb for identity in plan.identities for item in identity.permissions} - verbs.VERBS.keys()


def _illegal(made: Registered) -> str | None:
    name: Any = made.inputs.get("name") or made.inputs.get("path")
    if name is None or not made.type.startswith("vsphere:"):
        return None
    if made.type == MACHINE and not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        return f"{name!r} is no host name"
    return None if re.fullmatch(_LEGAL, str(name)) else f"{made.type} {name!r}"


ROW = Row(
    cloud="vsphere",
    region=REGION,
    zones=ZONES,
    cluster={"cloudConfig": {"vsphere": SITE}},
    group={"machineType": "2cpu-8gb"},
    adopted={"cloudConfig": {"vsphere": {"folder": "teams/harbor", "resourcePool": "compute/Resources/harbor"}}},
    never_made=frozenset({"vsphere:index/folder:Folder", "vsphere:index/resourcePool:ResourcePool"}),
    data_volume="vsphere:index/virtualDisk:VirtualDisk",
    own_protected=frozenset(),
    opened=_opened,
    expected=_expected,
    user_data=_user_data,
    unmapped=_unmapped,
    illegal=_illegal,
    annotations=annotations,
)
