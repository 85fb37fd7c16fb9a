"""Instance groups: sizes, subnets, machines, disks, taints and labels (https://kops.sigs.k8s.io/instance_groups/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding
from kops_pulumi.model import Role
from kops_pulumi.resolve.traits import dns_none, karpenter_managed, role_of, subnet_types, text
from kops_pulumi.resolve.validate.components import component_flags
from kops_pulumi.resolve.validate.subject import Subject, closest, duplicates, warning
from kops_pulumi.spec.base import plain

if TYPE_CHECKING:
    from kops_pulumi.spec import InstanceGroup

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_PREFIX = r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?"
LABEL_KEY = re.compile(rf"{_PREFIX}[A-Za-z0-9]([A-Za-z0-9._-]{{0,61}}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"""
TAINT = re.compile(r"(?P<key>[^=:]+)(=(?P<value>[^:]*))?:(?P<effect>\w+)")
PERCENT = re.compile(r"\d+%?")
GROUP_RUNTIME = {"nvidiaGPU", "gvisor"}
"""What a group may say about its runtime."""
FILESYSTEMS = ("btrfs", "ext3", "ext4", "xfs")


def size(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """Minimum and maximum; a control-plane group is one machine, for it is one etcd member."""
    del subject
    spec = group.spec
    if (spec.min_size or 0) > (spec.max_size or 0):
        message = f"minSize {spec.min_size} is more than maxSize {spec.max_size}"
        yield Finding(("spec", "minSize"), message, "raise maxSize, or lower minSize")
    if role_of(group) is Role.CONTROL_PLANE and (spec.max_size or 0) > 1:
        message = f"a control-plane group is one machine, not {spec.max_size}"
        yield Finding(("spec", "maxSize"), message, "set 1, and add a group for each further control plane")
    pool = spec.warm_pool
    if pool and pool.max_size != 0 and role_of(group) not in {Role.NODE, Role.API_SERVER}:
        yield Finding(("spec", "warmPool"), f"{text(spec.role)} groups have no warm pool", "remove it")


def warm_pool(spec: Any) -> Iterator[Finding]:
    """The warm pool of a cluster or a group."""
    pool = spec.warm_pool
    if pool and pool.max_size is not None and (pool.min_size or 0) > pool.max_size:
        message = f"warmPool.minSize {pool.min_size} is more than its maxSize {pool.max_size}"
        yield Finding(("spec", "warmPool", "minSize"), message, "raise maxSize, or lower minSize")


def place(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """The subnets exist, once each; all machines are public or all are private."""
    known, path = subnet_types(subject.cluster), ("spec", "subnets")
    subnets = group.spec.subnets or []
    if not subnets:
        yield Finding(path, "the group has no subnets", "name at least one")
    for index, name in duplicates(subnets):
        yield Finding((*path, index), f"subnet {name!r} is named twice")
    for index, name in enumerate(subnets):
        if name not in known:
            yield Finding((*path, index), f"the cluster has no subnet {name!r}", closest(name, known))
    kinds = {known[name] for name in subnets if name in known}
    if len(kinds & {"Public", "Utility"}) and len(kinds & {"Private", "DualStack"}):
        message = f"the group is in {' and '.join(sorted(kinds))} subnets"
        yield Finding(path, message, "use subnets of one type, or two groups")
    if role_of(group) in {Role.CONTROL_PLANE, Role.NODE} and kinds == {"Utility"}:
        yield warning(path, "utility subnets are for load balancers and bastions", "use Public or Private ones")


def machine(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """What to start and how to replace it."""
    spec = group.spec
    if not spec.image:
        yield Finding(("spec", "image"), "the group has no image", f"name an image of your {subject.cloud}")
    if not spec.machine_type and not karpenter_managed(group):
        yield Finding(("spec", "machineType"), "the group has no machine type", f"name a type of your {subject.cloud}")
    if karpenter_managed(group):
        yield from _karpenter(subject, group)
    policy = spec.mixed_instances_policy
    if policy and policy.instances and policy.instance_requirements:
        message = "instances and instanceRequirements exclude each other"
        yield Finding(("spec", "mixedInstancesPolicy"), message, "keep one of them")
    if policy and not policy.instances and not policy.instance_requirements:
        yield Finding(("spec", "mixedInstancesPolicy"), "no instances to mix", "set instances or instanceRequirements")
    for index, balancer in enumerate(spec.external_load_balancers or ()):
        if bool(balancer.load_balancer_name) == bool(balancer.target_group_arn):
            path = ("spec", "externalLoadBalancers", index)
            yield Finding(path, "a load balancer by name or a target group by ARN", "set exactly one of the two")
    if role_of(group) is Role.API_SERVER and dns_none(subject.spec) and subject.capabilities.zonal_subnets:
        yield Finding(("spec", "role"), "APIServer groups need DNS here", "set a topology.dns.type other than None")
    yield from _rolling(group)


def _karpenter(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    spec, karpenter = group.spec, subject.spec.karpenter
    if not (karpenter and karpenter.enabled):
        yield Finding(
            ("spec", "manager"), "Karpenter is not enabled", "set spec.karpenter.enabled: true in the cluster"
        )
    if role_of(group) is not Role.NODE:
        yield Finding(("spec", "manager"), f"Karpenter manages Node groups, not {text(spec.role)}", "remove manager")
    if spec.max_price:
        yield Finding(("spec", "maxPrice"), "Karpenter does not bid", "remove maxPrice")


def _rolling(group: InstanceGroup) -> Iterator[Finding]:
    update, path = group.spec.rolling_update, ("spec", "rollingUpdate")
    if update is None:
        return
    for key, value in (("maxSurge", update.max_surge), ("maxUnavailable", update.max_unavailable)):
        if value is not None and not PERCENT.fullmatch(str(value)):
            yield Finding((*path, key), f"{value!r} is neither a number nor a percentage", "like 1 or 25%")
    zero = {"0", "0%"}
    if str(update.max_surge) in zero and str(update.max_unavailable) in zero:
        yield Finding(path, "with neither surge nor unavailable machines nothing is ever replaced", "set one of them")
    if role_of(group) is Role.CONTROL_PLANE and str(update.max_surge) not in {"None", *zero}:
        yield Finding((*path, "maxSurge"), "control planes are replaced in place, never surged", "remove maxSurge")


def labels(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """Labels and taints that Kubernetes accepts."""
    del subject
    for key, value in sorted((group.spec.node_labels or {}).items()):
        if not LABEL_KEY.fullmatch(key):
            yield Finding(("spec", "nodeLabels", key), f"{key!r} is not a label's name", "like example.com/team")
        elif not LABEL_VALUE.fullmatch(str(value)):
            hint = "letters, digits, dashes, dots and underscores, 63 at most"
            yield Finding(("spec", "nodeLabels", key), f"{value!r} is not a label's value", hint)
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(group.spec.taints or ()):
        path, match = ("spec", "taints", index), TAINT.fullmatch(taint)
        if match is None or not LABEL_KEY.fullmatch(match["key"]) or not LABEL_VALUE.fullmatch(match["value"] or ""):
            yield Finding(path, f"{taint!r} is not a taint", "write key=value:Effect, like team=web:NoSchedule")
            continue
        if match["effect"] not in EFFECTS:
            # kops lets it pass, and the kubelet refuses to start: a warning, because kops's own manifests have one.
            message = f"no kubelet knows the effect {match['effect']!r} of taint {taint!r}"
            yield warning(path, message, f"use {', '.join(EFFECTS)}")
        if (match["key"], match["effect"]) in seen:
            yield Finding(path, f"there is another taint {match['key']}:{match['effect']}", "one value for each")
        seen.add((match["key"], match["effect"]))


def disks(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """Volumes and where they are mounted; encryption."""
    spec = group.spec
    devices = [volume.device for volume in spec.volumes or ()]
    for index, device in duplicates(devices):
        yield Finding(("spec", "volumes", index, "device"), f"there is another volume {device}", "one volume a device")
    for index, mount in enumerate(spec.volume_mounts or ()):
        path = ("spec", "volumeMounts", index)
        if mount.device not in devices and not re.match(r"/dev/(nvme|ephemeral|disk)", mount.device or ""):
            yield Finding((*path, "device"), f"no volume is {mount.device!r}", closest(mount.device or "", devices))
        if mount.filesystem not in FILESYSTEMS:
            yield Finding(
                (*path, "filesystem"), f"{mount.filesystem!r} cannot be made", f"use {', '.join(FILESYSTEMS)}"
            )
        if not (mount.path or "").startswith("/"):
            yield Finding((*path, "path"), f"{mount.path!r} is not an absolute path", "begin with /")
    for index, place_ in duplicates(mount.path for mount in spec.volume_mounts or ()):
        yield Finding(("spec", "volumeMounts", index, "path"), f"something else is mounted at {place_}")
    if spec.root_volume_encryption is False and spec.root_volume_encryption_key:
        hint = "set rootVolumeEncryption: true"
        yield Finding(("spec", "rootVolumeEncryptionKey"), "a key for a disk that is not encrypted", hint)
    elif spec.root_volume_encryption is False and subject.capabilities.volume_encryption:
        yield warning(("spec", "rootVolumeEncryption"), "the root disk is not encrypted", "remove it")


def runtime(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """Kubelet and containerd options of a group."""
    del subject
    spec = group.spec
    if spec.kubelet is not None:
        yield from component_flags(("spec", "kubelet"), spec.kubelet)
    for key in sorted(plain(spec.containerd)) if spec.containerd else ():
        if key not in GROUP_RUNTIME:
            message = f"containerd.{key} is the same for all machines, a group cannot change it"
            yield warning(("spec", "containerd", key), message, "move it to the cluster")
    sandbox = spec.containerd.gvisor if spec.containerd else None
    if sandbox and sandbox.enabled and role_of(group) is not Role.NODE:
        path = ("spec", "containerd", "gvisor")
        yield Finding(path, f"gVisor is for Node groups, not {text(spec.role)}", "move it to a Node group")
    for index, name in duplicates(part.name for part in spec.additional_user_data or ()):
        yield Finding(("spec", "additionalUserData", index, "name"), f"there is another part {name!r}")
