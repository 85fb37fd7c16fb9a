"""Every deliberate difference in access between kops and us, by name, with its reason; docs/parity.md says the same.

A test that finds a difference which is not here fails; so does one that finds no use for an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kops_pulumi.model import ClusterPlan, DnsType, EndpointKind, Role


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
    *(
        IamDeviation(
            name=f"control-planes-publish-the-api: {action.partition(':')[2]}",
            reason="without a load balancer the machines publish the API's names themselves, before anything can be "
            "installed; with roles for service accounts kops's dns-controller alone may do it",
            action=action,
            roles=frozenset({"masters"}),
            resource=resource,
        )
        for action, resource in (
            ("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/*"),
            ("route53:GetHostedZone", "arn:aws:route53:::hostedzone/*"),
            ("route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/*"),
            ("route53:GetChange", "arn:aws:route53:::change/*"),
            ("route53:ListHostedZones", "*"),
            ("route53:ListTagsForResource", "*"),
        )
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


def _public_balancer(plan: ClusterPlan) -> bool:
    return any(endpoint.kind is EndpointKind.LOAD_BALANCER and endpoint.public for endpoint in plan.endpoints)


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
    StructureDeviation(
        "no-disabled-firewall-rules",
        "kops makes rules for node ports even when nobody may reach them, and disables them; what nobody may do has no "
        "rule here",
        "google_compute_firewall",
        -2,
        lambda plan: not any(rule.reason == "spec.nodePortAccess" for rule in plan.rules),
    ),
    StructureDeviation(
        "api-servers-have-firewall-rules-of-their-own",
        "kops lets machines of APIServer groups do what control planes do; in rules of their own they do not reach the "
        "ports by which etcd's members speak to each other",
        "google_compute_firewall",
        10,
        lambda plan: bool(plan.groups_of(Role.API_SERVER)),
    ),
    StructureDeviation(
        "no-target-pool",
        "kops's public load balancer on GCE is of the older kind: a target pool, with an HTTP health check of a port "
        "of kops's own; ours has a backend service like the internal one",
        "google_compute_target_pool",
        -1,
        _public_balancer,
    ),
    StructureDeviation(
        "no-http-health-check",
        "see no-target-pool: the API's own port is checked",
        "google_compute_http_health_check",
        -1,
        _public_balancer,
    ),
    StructureDeviation(
        "a-backend-service-for-the-public-load-balancer",
        "see no-target-pool",
        "google_compute_region_backend_service",
        1,
        _public_balancer,
    ),
    StructureDeviation(
        "no-kops-controller-backend",
        _NO_KOPS_CONTROLLER,
        "google_compute_region_backend_service",
        -1,
        _with_api_servers,
    ),
    StructureDeviation(
        "no-kops-controller-health-check",
        _NO_KOPS_CONTROLLER,
        "google_compute_region_health_check",
        -1,
        _with_api_servers,
    ),
    StructureDeviation(
        "names-of-the-load-balancer-are-records",
        "kops leaves the API's names on GCE to dns-controller; as resources they are in the preview, and there before "
        "the first machine",
        "google_dns_record_set",
        2,
        lambda plan: bool(plan.dns.records),
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
    PropertyDeviation(
        name="regions-are-written-out",
        reason="kops leaves the region to the provider",
        types=(
            "google_compute_address",
            "google_compute_forwarding_rule",
            "google_compute_region_backend_service",
            "google_compute_region_health_check",
            "google_compute_router",
        ),
        attribute="region",
    ),
    PropertyDeviation(
        name="addresses-say-what-they-are",
        reason="EXTERNAL is the default, written out",
        types=("google_compute_address",),
        attribute="address_type",
    ),
    PropertyDeviation(
        name="addresses-have-labels",
        reason="so that they are found like everything else of the cluster",
        types=("google_compute_address",),
        attribute="labels",
    ),
    PropertyDeviation(
        name="label-values-are-within-limits",
        reason="GCE refuses values of more than 63 characters, which kops writes for long cluster names",
        types=("google_compute_disk", "google_compute_forwarding_rule", "google_compute_instance_template"),
        attribute="labels.k8s-io-cluster-name",
    ),
    PropertyDeviation(
        name="nodes-reach-control-planes-as-on-aws",
        reason="one matrix for all clouds: workers reach everything on control planes but etcd; kops on GCE lists "
        "ports, and closes those of overlays and DNS",
        types=("google_compute_firewall",),
        attribute="allows",
    ),
    PropertyDeviation(
        name="health-checks-reach-the-checked-port-only",
        reason="kops lets them reach every TCP port",
        types=("google_compute_firewall",),
        attribute="allows.ports",
    ),
    PropertyDeviation(
        name="health-checks-come-from-where-this-kind-comes-from",
        reason="internal load balancers are checked from two of the four ranges that kops opens",
        types=("google_compute_firewall",),
        attribute="source_ranges",
    ),
    PropertyDeviation(
        name="rules-say-why-they-are-there",
        reason="every rule of the matrix has a reason",
        types=("google_compute_firewall",),
        attribute="description",
    ),
    PropertyDeviation(
        name="directions-are-written-out",
        reason="INGRESS is the default, written out",
        types=("google_compute_firewall",),
        attribute="direction",
    ),
    PropertyDeviation(
        name="no-rule-is-disabled",
        reason="see no-disabled-firewall-rules",
        types=("google_compute_firewall",),
        attribute="disabled",
    ),
    PropertyDeviation(
        name="one-network-tag-a-role",
        reason="kops tags control planes twice, by the old word and by the new one, and API servers may do what "
        "control planes may",
        types=("google_compute_firewall",),
        attribute="*_tags",
    ),
    PropertyDeviation(
        name="machines-have-one-network-tag",
        reason="see one-network-tag-a-role",
        types=("google_compute_instance_template",),
        attribute="tags",
    ),
    PropertyDeviation(
        name="the-public-load-balancer-has-a-backend-service",
        reason="see no-target-pool",
        types=("google_compute_forwarding_rule",),
        attribute="backend_service",
    ),
    PropertyDeviation(
        name="the-public-load-balancer-lists-its-ports",
        reason="see no-target-pool",
        types=("google_compute_forwarding_rule",),
        attribute="port*",
    ),
    PropertyDeviation(
        name="the-public-load-balancer-has-no-target",
        reason="see no-target-pool",
        types=("google_compute_forwarding_rule",),
        attribute="target",
    ),
    PropertyDeviation(
        name="groups-are-in-no-target-pool",
        reason="see no-target-pool",
        types=("google_compute_instance_group_manager",),
        attribute="target_pools",
    ),
    PropertyDeviation(
        name="control-planes-keep-their-addresses",
        reason="a replaced control plane comes back under its name and its internal address, so that its peers need "
        "not learn another one",
        types=("google_compute_instance_group_manager",),
        attribute="stateful_internal_ips",
    ),
    PropertyDeviation(
        name="control-planes-are-never-replaced-before-they-are-gone",
        reason="their disks can be attached to one machine only",
        types=("google_compute_instance_group_manager",),
        attribute="update_policy.*",
    ),
    PropertyDeviation(
        name="managers-do-not-wait-for-machines",
        reason="a cluster is validated by its own API; false is the default, written out",
        types=("google_compute_instance_group_manager",),
        attribute="wait_for_instances",
    ),
    PropertyDeviation(
        name="empty-settings-of-disks-are-left-out",
        reason="kops writes zeros and empty texts for what it does not set",
        types=("google_compute_instance_template",),
        attribute="disks.persistent-disks-0.*",
    ),
    PropertyDeviation(
        name="no-illegal-labels",
        reason="kops writes labels of the cluster autoscaler that GCE refuses (`/` and upper case); the autoscaler "
        "reads kube-env",
        types=("google_compute_instance_template",),
        attribute="labels.k8s.io/*",
    ),
    PropertyDeviation(
        name="project-keys-do-not-log-in",
        reason="an SSH key of the whole project would open every machine",
        types=("google_compute_instance_template",),
        attribute="metadata.block-project-ssh-keys",
    ),
    PropertyDeviation(
        name="machines-know-the-clusters-label",
        reason="by which they find each other; it is another text than the name when that is long",
        types=("google_compute_instance_template",),
        attribute="metadata.kops-k8s-io-cluster-label",
    ),
    PropertyDeviation(
        name="the-autoscaler-knows-all-labels",
        reason="our nodes always carry their group's name and role",
        types=("google_compute_instance_template",),
        attribute="metadata.kube-env",
    ),
    PropertyDeviation(
        name="the-subnet-says-the-network",
        reason="a machine's subnetwork is in one network only",
        types=("google_compute_instance_template",),
        attribute="network_interfaces.network",
    ),
    PropertyDeviation(
        name="roles-of-the-account-decide",
        reason="scopes are the older way to limit a machine; Google advises the one scope and roles",
        types=("google_compute_instance_template",),
        attribute="service_account.scopes",
    ),
    PropertyDeviation(
        name="machines-are-shielded",
        reason="secure boot, a virtual TPM and integrity monitoring cost nothing",
        types=("google_compute_instance_template",),
        attribute="shielded_instance_config",
    ),
    PropertyDeviation(
        name="connections-drain",
        reason="30 seconds, as on the other clouds",
        types=("google_compute_region_backend_service",),
        attribute="connection_draining_timeout_sec",
    ),
    PropertyDeviation(
        name="health-checks-say-how-often",
        reason="GCE's defaults but for the interval of 10 seconds",
        types=("google_compute_region_health_check",),
        attribute="*_sec",
    ),
    PropertyDeviation(
        name="health-checks-say-how-often-to-believe",
        reason="GCE's defaults, written out",
        types=("google_compute_region_health_check",),
        attribute="*_threshold",
    ),
    PropertyDeviation(
        name="private-machines-reach-google-directly",
        reason="without it every image and every object of the store would go through NAT",
        types=("google_compute_subnetwork",),
        attribute="private_ip_google_access",
    ),
)
