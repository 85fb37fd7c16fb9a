"""The fourth stage: what a machine is told at its first boot.

`attach` gives every group of a plan its user data: the user's own parts, and a small cloud-config document that says
who the machine is, where its configuration bundle lies and which SHA-256 digest the group's node configuration has.
Ours comes last because the last part says how lists merge, so that no part drops another's. The configuration itself
(`node_config`) never travels in user data, nor does a secret (decision 7). Bastions get the user's parts only: they are
no nodes and may read no store. Pure; imports no cloud and no pulumi.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.bootstrap import cloud_config, multipart
from kops_pulumi.bootstrap.node_config import canonical, node_config
from kops_pulumi.errors import Finding
from kops_pulumi.model import Role, UserData
from kops_pulumi.plan.names import bundle_prefix

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan, Group
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import InstanceGroup

__all__ = ["attach", "digest", "node_config", "oversized"]

_HEADROOM = 0.9
"""User data may fill this share of the cloud's limit; the rest is room for what an upgrade of this tool may add."""


def attach(plan: ClusterPlan, full: FullSpec) -> ClusterPlan:
    """The same plan with user data on every group."""
    specs = {group.metadata.name: group for group in full.groups}
    groups = tuple(
        dataclasses.replace(group, user_data=_user_data(plan, full, group, specs[group.name])) for group in plan.groups
    )
    return dataclasses.replace(plan, groups=groups)


def digest(plan: ClusterPlan, full: FullSpec, group: Group) -> str:
    """The SHA-256 of a group's node configuration, in hexadecimal."""
    return hashlib.sha256(canonical(node_config(plan, full, group))).hexdigest()


def oversized(plan: ClusterPlan, limit: int) -> Sequence[Finding]:
    """A finding for every group whose user data, as it travels but before base64, takes over 90 % of `limit` bytes."""
    sizes = {group.name: _size(group.user_data) for group in plan.groups if group.user_data}
    return [
        Finding(
            ("spec", "additionalUserData"),
            f"user data takes {size} bytes, and this cloud allows {limit} (we keep a tenth free)",
            "move the parts' contents to fileAssets, or set compressUserData: true",
            document=f"InstanceGroup/{name}",
        )
        for name, size in sizes.items()
        if size > limit * _HEADROOM
    ]


def _user_data(plan: ClusterPlan, full: FullSpec, group: Group, spec: InstanceGroup) -> UserData | None:
    theirs = [multipart.Part(p.name, p.type, p.content) for p in spec.spec.additional_user_data or ()]
    ours = [] if group.role is Role.BASTION else [_our_part(plan, full, group)]
    parts = [*theirs, *ours]
    if not parts:
        return None
    text = parts[0].content if parts == ours else multipart.join(parts)
    return UserData(text, compress=bool(spec.spec.compress_user_data))


def _our_part(plan: ClusterPlan, full: FullSpec, group: Group) -> multipart.Part:
    sha256 = digest(plan, full, group)
    text = cloud_config.document(
        cluster=plan.name,
        group=group.name,
        role=group.role.value,
        bundle=f"{bundle_prefix(plan.store, group.role)}/{group.name}/{sha256}.json",
        sha256=sha256,
    )
    return multipart.Part("kops-pulumi.yaml", "text/cloud-config", text)


def _size(user_data: UserData) -> int:
    raw = user_data.text.encode()
    return len(gzip.compress(raw, mtime=0) if user_data.compress else raw)
