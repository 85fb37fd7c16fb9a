"""Google Compute Engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kops_pulumi.clouds.gce import iam
from kops_pulumi.model import ClusterPlan, EndpointKind, Peer, PeerKind, Protocol
from kops_pulumi.testing import Recording, Registered
from tests.scenarios.kops_matrix import EVERY, Opening
from tests.support.clouds.row import NAME, Row

REGION = "europe-west3"
ZONES = (f"{REGION}-a", f"{REGION}-b", f"{REGION}-c")
PROJECT = "testproject"
_LABEL = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_LEGAL: Mapping[str, tuple[str, str]] = {
    # https://cloud.google.com/compute/docs/naming-resources
    **{
        f"gcp:compute/{kind[0].lower()}{kind[1:]}:{kind}": ("name", _LABEL)
        for kind in (
            *("Address", "Disk", "Firewall", "ForwardingRule", "InstanceGroupManager", "Network"),
            *("RegionBackendService", "RegionHealthCheck", "Router", "RouterNat", "Subnetwork"),
        )
    },
    "gcp:compute/instanceTemplate:InstanceTemplate": ("namePrefix", r"[a-z][a-z0-9-]{0,36}"),
    # https://cloud.google.com/iam/docs/service-accounts-create
    "gcp:serviceaccount/account:Account": ("accountId", r"[a-z]([-a-z0-9]{4,28}[a-z0-9])"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": ("roleId", r"[A-Za-z0-9_.]{3,64}"),
    # https://cloud.google.com/storage/docs/buckets#naming
    "gcp:storage/bucket:Bucket": ("name", r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]"),
}
_INTERNAL_PROBES = {"130.211.0.0/22", "35.191.0.0/16"}
_EXTERNAL_PROBES = {"209.85.152.0/22", "209.85.204.0/22", "35.191.0.0/16"}
PROBES = frozenset(_INTERNAL_PROBES | _EXTERNAL_PROBES)
"""Where health checks come from: https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges."""


def opened(recording: Recording, plan: ClusterPlan) -> Iterator[Opening]:
    """What the registered firewall lets through, roles by their tags."""
    del plan
    for rule in recording.of("gcp:compute/firewall:Firewall"):
        sources = [*map(_role, rule.inputs.get("sourceTags", [])), *rule.inputs.get("sourceRanges", [])]
        for allow in rule.inputs["allows"]:
            for source in sources:
                for target in map(_role, rule.inputs["targetTags"]):
                    yield from _openings(source, target, allow)


def _openings(source: str, target: str, allow: Mapping[str, Any]) -> Iterator[Opening]:
    protocol = {"58": "icmpv6"}.get(allow["protocol"], allow["protocol"])
    for text in allow.get("ports", [None]):
        first, _, last = (text or "").partition("-")
        yield Opening(source, target, protocol, (int(first), int(last or first)) if text else EVERY)


def _role(tag: str) -> str:
    return tag.rpartition("k8s-io-role-")[2]


def expected(plan: ClusterPlan) -> Iterator[Opening]:
    """The matrix, sources of load balancers let to the machines behind; no single types of ICMP, no ways out."""
    present = {group.role for group in plan.groups}
    behind = {
        Peer(PeerKind.LOAD_BALANCER, endpoint.name): [
            (role.value, listener.target_port)
            for role in endpoint.roles
            if role in present
            for listener in endpoint.listeners
        ]
        for endpoint in plan.endpoints
        if endpoint.kind is EndpointKind.LOAD_BALANCER
    }
    for rule in plan.rules:
        if rule.target.kind is PeerKind.ROLE and rule.source.kind is not PeerKind.LOAD_BALANCER:
            yield Opening(rule.source.name, rule.target.name, rule.protocol.value, rule.ports or EVERY)
        elif rule.target in behind and rule.protocol in (Protocol.TCP, Protocol.ALL):
            yield from (Opening(rule.source.name, role, "tcp", (port, port)) for role, port in behind[rule.target])
    for endpoint in plan.endpoints:
        probes = _EXTERNAL_PROBES if endpoint.public else _INTERNAL_PROBES
        probes = PROBES if plan.options.internal_balancer else probes
        targets = behind.get(Peer(PeerKind.LOAD_BALANCER, endpoint.name), [])
        yield from (Opening(probe, role, "tcp", (port, port)) for probe in probes for role, port in targets)


def kops(rule: Mapping[str, Any]) -> Iterator[Opening]:
    """What a rule of kops's Terraform lets in from ranges; its tags are roles, `master` the old word for one."""
    allows = rule["allow"] if isinstance(rule["allow"], list) else [rule["allow"]]
    targets = {_role(tag) for tag in rule["target_tags"]} - {"master"}
    for allow in allows if rule["disabled"] is False else []:
        for source in rule.get("source_ranges", []):
            for target in targets:
                yield from _openings(source, target, allow)


def _user_data(recording: Recording) -> Mapping[str, str]:
    templates = recording.of("gcp:compute/instanceTemplate:InstanceTemplate")
    texts = {made.name: made.inputs["metadata"].get("user-data") for made in templates}
    return {name: text for name, text in texts.items() if text}


def _unmapped(plan: ClusterPlan) -> Iterable[str]:
    return iam.unknown(item for identity in plan.identities for item in identity.permissions)


def _illegal(made: Registered) -> str | None:
    key, pattern = _LEGAL.get(made.type, ("name", ".*"))
    name = str(made.inputs.get(key, ""))
    tags = [tag for tag in made.inputs.get("tags", []) if not re.fullmatch(_LABEL, tag)]
    return None if re.fullmatch(pattern, name) and not tags else f"{made.type} {name!r} {tags}"


ROW = Row(
    cloud="gce",
    region=REGION,
    zones=ZONES,
    cluster={"project": PROJECT, "configBase": f"gs://harbor-state/{NAME}"},
    group={"image": "ubuntu-os-cloud/ubuntu-2404-noble-amd64-v20260918", "machineType": "n2-standard-2"},
    adopted={
        "networkID": "hostproject/shared",
        "subnets": [
            {"id": "machines", "name": REGION, "region": REGION, "type": "Private", "cidr": "10.40.32.0/20"},
            {"id": "edge", "name": f"utility-{REGION}", "region": REGION, "type": "Utility", "cidr": "10.40.64.0/20"},
        ],
    },
    never_made=frozenset(
        {"gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork", "gcp:compute/router:Router"}
    ),
    data_volume="gcp:compute/disk:Disk",
    own_protected=frozenset({"gcp:storage/bucket:Bucket"}),
    opened=opened,
    expected=expected,
    user_data=_user_data,
    unmapped=lambda plan: list(_unmapped(plan)),
    illegal=_illegal,
)
