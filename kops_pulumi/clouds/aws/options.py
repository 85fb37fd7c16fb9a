"""What only AWS knows of a cluster and of its groups, as frozen values that travel in the plan (`ClusterPlan.options`).

Neutral parts of the plan carry everything that another cloud could have too; this file has the rest: instance metadata
service, spot and mixed instances, warm pools, credits, tenancy and the like. It reads the resolved manifest only and
must not import pulumi or decide a default that a user can see (those live in `resolve/`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

MANAGED_TAG = "aws-node-termination-handler/managed"
"""Tag that the node termination handler looks for (https://github.com/aws/aws-node-termination-handler)."""
TERMINATION_HOOK_SECONDS = 300
WARM_POOL_HOOK_SECONDS = 600


@dataclass(frozen=True, slots=True)
class AwsCluster:
    """Cluster-wide options that only AWS has."""

    permissions_boundary: str | None
    """ARN of a policy that limits every role we make."""
    termination_tag: str | None
    """Tag key on machines and groups whose end the termination handler may announce; None without its queue mode."""
    elb_security_group: str | None
    """An existing group for the load balancers of Services."""
    disable_security_group_ingress: bool
    nlb_security_group_mode: str | None
    ip_based_node_names: bool
    """Nodes are called after their private address instead of their instance id."""
    node_ip_families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """A closed range; None leaves a side open."""

    min: int | None
    max: int | None


@dataclass(frozen=True, slots=True)
class MixedInstances:
    """A group of several instance types, partly on the spot market."""

    instance_types: tuple[str, ...]
    cpu: Bounds | None
    """Virtual CPUs; with `memory` it replaces the list of types."""
    memory: Bounds | None
    """MiB."""
    excluded_types: tuple[str, ...]
    on_demand_base: int | None
    on_demand_above_base: int | None
    """Percent."""
    on_demand_strategy: str | None
    spot_strategy: str | None
    spot_pools: int | None


@dataclass(frozen=True, slots=True)
class WarmPool:
    """Stopped machines that wait for work."""

    min_size: int
    max_size: int | None


@dataclass(frozen=True, slots=True)
class LifecycleHook:
    """A pause in a machine's life during which somebody acts; `timeout` in seconds."""

    name: str
    launching: bool
    """Before service (else before termination)."""
    timeout: int
    abandon: bool
    """What a timeout means: give the machine up (else go on)."""


@dataclass(frozen=True, slots=True)
class AwsGroup:
    """Options of an instance group that only AWS has."""

    require_session_tokens: bool
    """IMDSv2 only."""
    hop_limit: int
    """Network hops an answer of the metadata service may take; pods are one hop away."""
    ipv6_metadata: bool
    spot_max_price: str | None
    """US dollars an hour; a group with one buys on the spot market."""
    interruption_behavior: str | None
    mixed: MixedInstances | None
    warm_pool: WarmPool | None
    hooks: tuple[LifecycleHook, ...]
    cpu_credits: str | None
    tenancy: str | None
    detailed_monitoring: bool
    scale_in_protection: bool
    suspended_processes: tuple[str, ...]
    max_lifetime: int | None
    """Seconds; 0 and None mean no limit."""
    capacity_rebalance: bool
    ebs_optimized: bool | None
    classic_balancers: tuple[str, ...]
    """Names of the user's own classic load balancers."""
    target_groups: tuple[str, ...]
    """ARNs of the user's own target groups."""


def queue_mode(cluster: Cluster) -> bool:
    """Whether the node termination handler listens to a queue (kops's default) instead of each machine's metadata."""
    handler = cluster.spec.node_termination_handler
    if handler is None:
        karpenter = cluster.spec.karpenter
        return not (karpenter and karpenter.enabled)
    return handler.enabled is not False and handler.enable_sqs_termination_draining is not False


def cluster_options(full: FullSpec) -> AwsCluster:
    """The cluster's AWS options."""
    spec = full.cluster.spec
    handler, cloud, iam = spec.node_termination_handler, spec.cloud_config, spec.iam
    return AwsCluster(
        permissions_boundary=iam.permissions_boundary if iam else None,
        termination_tag=(handler and handler.managed_asg_tag) or MANAGED_TAG if queue_mode(full.cluster) else None,
        elb_security_group=cloud.elb_security_group if cloud else None,
        disable_security_group_ingress=bool(cloud and cloud.disable_security_group_ingress),
        nlb_security_group_mode=cloud.nlb_security_group_mode if cloud else None,
        ip_based_node_names=bool(cloud and cloud.use_ip_based_node_names),
        node_ip_families=tuple((cloud and cloud.node_ip_families) or ()),
    )


def group_options(full: FullSpec, group: InstanceGroup) -> AwsGroup:
    """A group's AWS options."""
    spec = group.spec
    metadata, balancers = spec.instance_metadata, spec.external_load_balancers or []
    pool = warm_pool(full, group)
    return AwsGroup(
        require_session_tokens=not (metadata and metadata.http_tokens == "optional"),
        hop_limit=(metadata and metadata.http_put_response_hop_limit) or 1,
        ipv6_metadata=_ipv6(full),
        spot_max_price=spec.max_price,
        interruption_behavior=spec.instance_interruption_behavior,
        mixed=_mixed(spec.mixed_instances_policy),
        warm_pool=WarmPool(pool.min_size or 0, pool.max_size) if pool else None,
        hooks=tuple(_hooks(full, group, pool)),
        cpu_credits=spec.cpu_credits,
        tenancy=spec.tenancy,
        detailed_monitoring=bool(spec.detailed_instance_monitoring),
        scale_in_protection=bool(spec.instance_protection),
        suspended_processes=tuple(sorted(spec.suspend_processes or ())),
        max_lifetime=seconds(spec.max_instance_lifetime),
        capacity_rebalance=bool(spec.capacity_rebalance),
        ebs_optimized=spec.root_volume_optimization,
        classic_balancers=tuple(sorted(b.load_balancer_name for b in balancers if b.load_balancer_name)),
        target_groups=tuple(sorted(b.target_group_arn for b in balancers if b.target_group_arn)),
    )


def _ipv6(full: FullSpec) -> bool:
    """The cluster's own addresses are IPv6 (kops: `nonMasqueradeCIDR` is an IPv6 range)."""
    return ":" in (full.cluster.spec.non_masquerade_cidr or "")


def warm_pool(full: FullSpec, group: InstanceGroup) -> Any:
    """The group's warm pool, the cluster's where the group says nothing; None when there is none."""
    if group.spec.role not in {"Node", "APIServer"} or group.spec.manager == "Karpenter":
        return None
    pool = group.spec.warm_pool or full.cluster.spec.warm_pool
    return None if pool is None or pool.max_size == 0 else pool


def _hooks(full: FullSpec, group: InstanceGroup, pool: Any) -> Iterable[LifecycleHook]:
    if pool and pool.enable_lifecycle_hook:
        timeout = seconds(pool.lifecycle_hook_timeout) or WARM_POOL_HOOK_SECONDS
        yield LifecycleHook("kops-warmpool", launching=True, timeout=timeout, abandon=True)
    if queue_mode(full.cluster):
        name = f"{group.metadata.name}-NTHLifecycleHook"
        yield LifecycleHook(name, launching=False, timeout=TERMINATION_HOOK_SECONDS, abandon=False)


def _mixed(policy: Any) -> MixedInstances | None:
    if policy is None:
        return None
    needs = policy.instance_requirements
    return MixedInstances(
        instance_types=tuple(policy.instances or ()),
        cpu=_bounds(needs.cpu, quantity) if needs else None,
        memory=_bounds(needs.memory, mebibytes) if needs else None,
        excluded_types=tuple(sorted((needs and needs.excluded_instance_types) or ())),
        on_demand_base=policy.on_demand_base,
        on_demand_above_base=policy.on_demand_above_base,
        on_demand_strategy=policy.on_demand_allocation_strategy,
        spot_strategy=policy.spot_allocation_strategy,
        spot_pools=policy.spot_instance_pools,
    )


def _bounds(value: Any, unit: Any) -> Bounds | None:
    if value is None:
        return None
    return Bounds(*(unit(side) if side is not None else None for side in (value.min, value.max)))


_SCALE = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def quantity(value: object) -> int:
    """A Kubernetes quantity (`2`, `8Gi`) as a whole number."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", str(value))
    if not match or match[2] not in _SCALE:
        raise ValueError(f"not a quantity: {value!r}")
    return int(float(match[1]) * _SCALE[match[2]])


def mebibytes(value: object) -> int:
    """A Kubernetes quantity of memory in MiB."""
    return quantity(value) // 2**20


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(value: object) -> int | None:
    """A Go duration (`48h20m`, `0`), a number of seconds or a timedelta, in whole seconds."""
    if value is None or value == "":
        return None
    if hasattr(value, "total_seconds"):
        return int(value.total_seconds())
    text = str(value)
    if re.fullmatch(r"\d+", text):
        return int(text)
    if not re.fullmatch(r"(\d+(\.\d+)?(h|ms|m|s))+", text):
        raise ValueError(f"not a duration: {value!r}")
    return int(sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)))
