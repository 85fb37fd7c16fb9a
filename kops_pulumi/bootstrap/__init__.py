"""The fourth stage: what machines are told, and what they fetch at every boot.

`attach` gives every group of a plan its bundle (an archive of files, scripts and units, named by its digest) and its
user data: the user's own parts, and a small cloud-config document with the machine's name, the bundle's address and
digest, and the script that fetches it. Ours comes last because the last part says how lists merge, so that no part
drops another's. Neither holds a secret (decision 7). Bastions are no nodes: they get the user's parts, further SSH keys
and, where the cloud has none, a firewall. Pure; imports no cloud and no pulumi.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi import cni
from kops_pulumi.bootstrap import (
    assets,
    bundle,
    cis,
    cloud_config,
    customisation,
    firewall,
    kubeadm,
    kubelet,
    multipart,
    system,
)
from kops_pulumi.bootstrap.build import build, data
from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.errors import Finding
from kops_pulumi.model import Bundle, ClusterPlan, EndpointKind, Group, Role, UserData
from kops_pulumi.plan.names import bundle_prefix

if TYPE_CHECKING:
    from kops_pulumi.bootstrap.node import NodeConfig
    from kops_pulumi.plugins import Cloud
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import InstanceGroup

__all__ = ["attach", "build", "findings", "machines", "oversized", "undeliverable"]

_ONE_ADDRESS: Mapping[str, str] = {EndpointKind.EXTERNAL: "api.endpoint", EndpointKind.VIP: "api.vip"}
"""How the API is reached at an address that does not move, and that address: machines need not look for it."""
_HEADROOM = 0.9
"""User data may fill this share of the cloud's limit; the rest is room for what an upgrade of this tool may add."""


def machines(plan: ClusterPlan, full: FullSpec, cloud: Cloud) -> Mapping[str, NodeConfig]:
    """What the machines of each group are, by the group's name; bastions are no nodes."""
    return {group.name: build(plan, full, group, cloud) for group in plan.groups if group.role is not Role.BASTION}


def attach(plan: ClusterPlan, full: FullSpec, nodes: Mapping[str, NodeConfig]) -> ClusterPlan:
    """The same plan with bundle and user data on every group."""
    groups = tuple(_attached(plan, full, group, nodes.get(group.name)) for group in plan.groups)
    return dataclasses.replace(plan, groups=groups)


def findings(nodes: Mapping[str, NodeConfig], full: FullSpec) -> Sequence[Finding]:
    """What is doubtful or wrong about machines: unpinned programs, settings without effect, paths that are ours."""
    return list(dict.fromkeys(finding for node in nodes.values() for finding in _of_group(node, full)))


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


def undeliverable(plan: ClusterPlan, limit: int | None) -> Sequence[Finding]:
    """A finding for every group whose bundle, in base64, leaves no tenth of what machines may be brought."""
    sizes = {group.name: -(-len(group.bundle.content) // 3) * 4 for group in plan.groups if group.bundle}
    return [
        Finding(
            ("spec", "fileAssets"),
            f"what a machine is brought takes {size} bytes, and this cloud allows {limit} (we keep a tenth free)",
            "let large files be fetched by a hook instead",
            document=f"InstanceGroup/{name}",
        )
        for name, size in sizes.items()
        if limit is not None and size > limit * _HEADROOM
    ]


def _attached(plan: ClusterPlan, full: FullSpec, group: Group, node: NodeConfig | None) -> Group:
    spec = next(candidate for candidate in full.groups if candidate.metadata.name == group.name)
    keys = _further_keys(plan, full)
    if node is None:
        closed = _closed(plan, group)
        ours = cloud_config.document({}, closed, keys, firewall.START) if keys or closed else None
        return dataclasses.replace(group, user_data=_user_data(spec, ours))
    fetched = _bundle(node)
    environment = _environment(node, fetched, plan.store)
    ours = cloud_config.document(environment, bundle.first_files(plan.cloud), keys)
    return dataclasses.replace(group, bundle=fetched, user_data=_user_data(spec, ours))


def _closed(plan: ClusterPlan, group: Group) -> Mapping[str, BundleFile]:
    """The firewall of a machine that is no node: who may log in is known beforehand."""
    rules = firewall.of(plan, group.role)
    return {} if rules is None else {firewall.PATH: BundleFile.text(firewall.table(rules), 0o600)}


def _bundle(node: NodeConfig) -> Bundle:
    content = bundle.bundle(node).archive()
    sha256 = hashlib.sha256(content).hexdigest()
    return Bundle(f"{bundle_prefix('', node.role).lstrip('/')}/{node.group}/{sha256}.tar.gz", sha256, content)


def _environment(node: NodeConfig, fetched: Bundle, store: str) -> dict[str, str]:
    """The lines of node.env (docs/contracts/bootstrap.md); values that only deployed resources have are late."""
    volumes = {etcd.name: f"{etcd.name}/{etcd.here}" for etcd in node.etcd if etcd.here}
    late = " ".join(f"@late({name})@" for name in node.api.late_sans) if node.control_plane else ""
    reached = node.api.reached_by or ""
    return {
        "KOPS_CLUSTER": node.cluster,
        "KOPS_CLOUD": node.cloud,
        "KOPS_REGION": node.region,
        "KOPS_GROUP": node.group,
        "KOPS_ROLE": node.role.value,
        "KOPS_BUNDLE": f"{store.rstrip('/')}/{fetched.path}",
        "KOPS_SHA256": fetched.sha256,
        **{f"KOPS_VOLUME_{name.upper()}": f"@late(volume.{key})@" for name, key in volumes.items()},
        **({"KOPS_LATE_SANS": late} if late else {}),
        **({"KOPS_API_VIP": f"@late({_ONE_ADDRESS[reached]})@"} if reached in _ONE_ADDRESS else {}),
        **(system.environment(node.proxy) if node.proxy else {}),
        **dict(sorted(node.options.items())),
    }


def _user_data(spec: InstanceGroup, ours: str | None) -> UserData | None:
    parts = [multipart.Part(p.name, p.type, p.content) for p in spec.spec.additional_user_data or ()]
    alone = ours if not parts else None
    if ours is not None:
        parts.append(multipart.Part("kops-pulumi.yaml", "text/cloud-config", ours))
    if not parts:
        return None
    return UserData(alone or multipart.join(parts), compress=bool(spec.spec.compress_user_data))


def _further_keys(plan: ClusterPlan, full: FullSpec) -> list[str]:
    """Public keys besides the one that the cloud itself puts on machines; none where the user brings a key pair."""
    if plan.ssh_key is None or plan.ssh_key.public_key is None:
        return []
    keys = sorted({credential.spec.public_key.strip() for credential in full.ssh_keys})
    return [key for key in keys if key != plan.ssh_key.public_key]


def _of_group(node: NodeConfig, full: FullSpec) -> Iterator[Finding]:
    spec, version = full.cluster.spec, node.kubernetes_version
    own = next(candidate for candidate in full.groups if candidate.metadata.name == node.group)
    document = f"InstanceGroup/{node.group}"
    yield from assets.unpinned(node.assets)
    yield from _at(document, cni.for_spec(full).machines(full, own).findings)
    yield from kubeadm.findings(node)
    yield from _weakened(node, own, document)
    for key, layer in (("kubelet", spec.kubelet), ("masterKubelet", spec.master_kubelet)):
        yield from kubelet.ineffective(data(layer), version, ("spec", key))
    yield from _at(document, kubelet.ineffective(data(own.spec.kubelet), version, ("spec", "kubelet")))
    bare = dataclasses.replace(node, files=(), hooks=())
    ours = frozenset(bundle.bundle(bare).files)
    yield from customisation.clashes(ours, spec)
    yield from _at(document, customisation.clashes(ours, own.spec))


def _weakened(node: NodeConfig, own: InstanceGroup, document: str) -> Iterator[Finding]:
    """What the manifest gives up of the CIS benchmark, at the group where the group itself says so."""
    theirs = data(own.spec.kubelet)
    for finding in cis.findings(node):
        in_group = finding.path[1] == "kubelet" and finding.path[-1] in theirs
        yield dataclasses.replace(finding, document=document) if in_group else finding


def _at(document: str, found: Iterable[Finding]) -> Iterator[Finding]:
    return (dataclasses.replace(finding, document=document) for finding in found)


def _size(user_data: UserData) -> int:
    raw = user_data.text.encode()
    return len(gzip.compress(raw, mtime=0) if user_data.compress else raw)
