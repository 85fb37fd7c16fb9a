"""Every deliberate difference in access between kops and us, by name, with its reason; docs/parity.md says the same.

A test that finds a difference which is not here fails; so does one that finds no use for an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kops_pulumi.model import ClusterPlan, DnsType, Role


@dataclass(frozen=True)
class FirewallDeviation:
    """Something that kops opens and we do not (`closed`) or the other way round."""

    name: str
    reason: str
    source: str
    target: str
    protocol: str
    ports: tuple[int, int]
    closed: bool = True


FIREWALL: tuple[FirewallDeviation, ...] = (
    FirewallDeviation(
        name="no-kops-controller-behind-the-load-balancer",
        reason="our nodes join through the API's own port; kops-controller (3988) does not exist",
        source="lb:api",
        target="control-plane",
        protocol="tcp",
        ports=(3988, 3988),
    ),
)


@dataclass(frozen=True)
class IamDeviation:
    """An action that our documents have and kops's do not: on which role kinds, at most on what."""

    name: str
    reason: str
    action: str
    roles: frozenset[str]
    """`masters`, `nodes`, `apiservers`, or the beginning of a service account's role name."""
    resource: str
    """A pattern (fnmatch) that every resource of ours must match, after normalising."""


IAM: tuple[IamDeviation, ...] = (
    IamDeviation(
        name="nodes-read-their-own-bundle",
        reason="kops's nodes get their configuration from kops-controller; ours read it from the store, from a prefix "
        "that holds bundles of nodes only and never an authority's key",
        action="s3:GetObject",
        roles=frozenset({"nodes", "apiservers"}),
        resource="arn:aws:s3:::store/nodes/*/*",
    ),
    IamDeviation(
        name="nodes-read-what-joiners-need",
        reason="instead of asking kops-controller, our nodes read the cluster's authority, a token that lives two "
        "hours at most and the control planes' addresses",
        action="s3:GetObject",
        roles=frozenset({"nodes", "apiservers"}),
        resource="arn:aws:s3:::store/join/*",
    ),
    IamDeviation(
        name="nodes-list-the-control-planes-addresses",
        reason="each machine that serves the API writes an object with its address; the listing is limited to these",
        action="s3:ListBucket",
        roles=frozenset({"nodes", "apiservers"}),
        resource="arn:aws:s3:::bucket",
    ),
    IamDeviation(
        name="control-planes-renew-the-token",
        reason="a timer of the control planes puts a new bootstrap token into this one object",
        action="s3:PutObject",
        roles=frozenset({"masters"}),
        resource="arn:aws:s3:::store/join/token",
    ),
    IamDeviation(
        name="machines-with-the-api-write-their-address",
        reason="nodes find the API without DNS or load balancer, by these objects",
        action="s3:PutObject",
        roles=frozenset({"masters", "apiservers"}),
        resource="arn:aws:s3:::store/join/addresses/*",
    ),
)


@dataclass(frozen=True)
class StructureDeviation:
    """How many resources of a type we have more (or, negative, fewer) than kops for some clusters."""

    name: str
    reason: str
    type: str
    """Terraform's name."""
    more: int
    applies: Callable[[ClusterPlan], bool]


def _without_dns(plan: ClusterPlan) -> bool:
    return plan.dns.type is DnsType.NONE


def _with_api_servers(plan: ClusterPlan) -> bool:
    return any(group.security_group_override is None for group in plan.groups_of(Role.API_SERVER))


_NO_KOPS_CONTROLLER = "our nodes join through the API's own port; there is no kops-controller (3988) to balance"

STRUCTURE: tuple[StructureDeviation, ...] = (
    StructureDeviation("no-kops-controller-listener", _NO_KOPS_CONTROLLER, "aws_lb_listener", -1, _without_dns),
    StructureDeviation("no-kops-controller-targets", _NO_KOPS_CONTROLLER, "aws_lb_target_group", -1, _without_dns),
    StructureDeviation(
        "api-servers-have-a-security-group-of-their-own",
        "kops puts machines of APIServer groups into the control planes' security group, where everything is open to "
        "everybody; in one of their own they do not reach the ports by which etcd's members speak to each other",
        "aws_security_group",
        1,
        _with_api_servers,
    ),
)


@dataclass(frozen=True)
class PropertyDeviation:
    """An input of a resource that differs from kops's."""

    name: str
    reason: str
    types: tuple[str, ...]
    """Terraform's names."""
    attribute: str
    """Dotted; a pattern (fnmatch)."""


_TEMPLATE = "*node-template/"
_MACHINES = ("aws_autoscaling_group", "aws_launch_template")

PROPERTIES: tuple[PropertyDeviation, ...] = (
    PropertyDeviation(
        name="etcd-volumes-are-encrypted-by-default",
        reason="kops encrypts new clusters' volumes by writing encryptedVolume into the manifest; we also do when the "
        "manifest says nothing. A cluster taken over with plain volumes needs `encryptedVolume: false`",
        types=("aws_ebs_volume",),
        attribute="encrypted",
    ),
    PropertyDeviation(
        name="template-tags-follow-the-nodes-labels",
        reason="the cluster autoscaler learns from these tags what labels a node of an empty group would have; our "
        "nodes always carry their group's name",
        types=_MACHINES,
        attribute=f"{_TEMPLATE}label/kops.k8s.io/instancegroup",
    ),
    PropertyDeviation(
        name="no-kops-controller-label",
        reason="there is no kops-controller to be scheduled by this label",
        types=_MACHINES,
        attribute=f"{_TEMPLATE}label/kops.k8s.io/kops-controller-pki",
    ),
    PropertyDeviation(
        name="template-tags-follow-the-nodes-taints",
        reason="the cluster autoscaler learns from these tags what taints a node of an empty group would have",
        types=_MACHINES,
        attribute=f"{_TEMPLATE}taint/node-role.kubernetes.io/control-plane",
    ),
    PropertyDeviation(
        name="no-kops-controller-targets-in-groups",
        reason=_NO_KOPS_CONTROLLER,
        types=("aws_autoscaling_group",),
        attribute="target_group_arns",
    ),
    PropertyDeviation(
        name="groups-do-not-wait-for-machines",
        reason="a cluster is validated by its own API; waiting for EC2 would only make every update slow",
        types=("aws_autoscaling_group",),
        attribute="wait_for_capacity_timeout",
    ),
    PropertyDeviation(
        name="no-warm-pool-metrics",
        reason="pulumi-aws has no words for the metrics of warm pools and fails on reading them back",
        types=("aws_autoscaling_group",),
        attribute="enabled_metrics",
    ),
    PropertyDeviation(
        name="addresses-are-not-counted-to-zero",
        reason="kops writes an IPv6 address count of 0 for machines without; leaving it out says the same",
        types=("aws_launch_template",),
        attribute="network_interfaces.ipv6_address_count",
    ),
    PropertyDeviation(
        name="queues-are-encrypted",
        reason="SQS encrypts with its own key at no cost",
        types=("aws_sqs_queue",),
        attribute="sqs_managed_sse_enabled",
    ),
    PropertyDeviation(
        name="issuer-thumbprints-are-left-to-aws",
        reason="AWS trusts its own list of authorities for issuers behind public certificates; a pinned thumbprint "
        "breaks when the store's certificate is renewed by another authority",
        types=("aws_iam_openid_connect_provider",),
        attribute="thumbprint_lists",
    ),
)
