"""What one component hands to the next: ids and names that exist only once resources do (decision 1).

Handles are frozen dataclasses of Outputs, so that a cloud file cannot reach into another's resources. The one
exception is `ready`: resources that must exist before (and go after) whatever is built on them, for `depends_on`
only. Ids do not carry that order, because an id that waited for a new route would look unknown in a preview and
announce replacements. Keys are the plan's own keys (subnet names, group names, endpoint names, identity keys).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True, slots=True)
class NetworkHandles:
    network_id: pulumi.Output[str]
    subnet_ids: Mapping[str, pulumi.Output[str]]
    """By subnet name."""
    ready: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class FirewallHandles:
    group_security_groups: Mapping[str, tuple[pulumi.Output[str], ...]]
    """By instance-group name: the firewall groups its machines are in."""
    endpoint_security_groups: Mapping[str, tuple[pulumi.Output[str], ...]]
    """By endpoint name."""
    ready: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityHandles:
    group_identities: Mapping[str, pulumi.Output[str]]
    """By instance-group name: the instance profile or service account of its machines."""
    service_account_roles: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By `Identity.key` (`<namespace>/<name>`)."""
    zone_ids: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By what the plan calls a DNS zone: those that permissions speak of."""
    credentials: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)
    """By instance-group name: what its machines prove themselves with, where the cloud gives them no identity. Names
    and values, those that must stay secret marked so."""
    cloud_config: pulumi.Output[str] | None = None
    """The cloud controller's configuration file, secret, on clouds where it holds credentials; for add-ons only."""
    csi_config: pulumi.Output[str] | None = None
    """The storage driver's, where it is another file."""
    ready: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class PkiHandles:
    """By `Certificate.key`."""

    certificates: Mapping[str, pulumi.Output[str]]
    """What is trusted, public: PEM of an authority's certificates or of a key pair's public keys, the primary first."""
    private_keys: Mapping[str, pulumi.Output[str]]
    """PEM of the primary's key, secret."""
    signers: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """PEM of an authority's primary certificate alone: what belongs to its private key."""
    secret_keys: Mapping[str, Mapping[str, pulumi.Output[str]]] = field(default_factory=dict)
    """Base64 of random keys by generation, the primary first; secret."""


@dataclass(frozen=True, slots=True)
class LeafHandles:
    """By `LeafCertificate.key`."""

    certificates: Mapping[str, pulumi.Output[str]]
    private_keys: Mapping[str, pulumi.Output[str]]
    """PEM, secret."""
    tokens: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """Bootstrap tokens by instance group, secret; only where no store brings machines newer ones."""


@dataclass(frozen=True, slots=True)
class StoreHandles:
    bucket: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...] = ()
    """What a machine finds in the store at its first boot."""


@dataclass(frozen=True, slots=True)
class EndpointHandles:
    addresses: Mapping[str, pulumi.Output[str]]
    """By endpoint name: the load balancer's host name or address."""
    target_groups: Mapping[str, tuple[pulumi.Output[str], ...]]
    """By endpoint name: what group members register with."""
    held: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By endpoint name: the virtual address that machines hold; people may call another one (a floating address)."""


@dataclass(frozen=True, slots=True)
class InstanceHandles:
    group_ids: Mapping[str, pulumi.Output[str]]
    """By instance-group name."""
    volume_ids: Mapping[str, pulumi.Output[str]]
    """By `<etcd cluster>/<member>`."""
    addresses: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """Fixed addresses by `PlannedMachine.key`, where the cloud has no groups."""
    endpoints: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By endpoint name: the address of the machine that is called, where no load balancer stands before it."""
    scaling_groups: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """The cloud's own groups as an autoscaler calls them, by instance-group name, or `<name>/<zone>` where there is one
    in each zone."""
    queue_url: pulumi.Output[str] | None = None
    """Of the queue that the cloud's announcements go to (`ClusterPlan.termination_queue`)."""
    image_ids: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By name of the instance groups whose machines something else starts: the image that they start from."""
    root_devices: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By name of the same groups: the image's name of its root disk."""


@dataclass(frozen=True, slots=True)
class Handles:
    """What is known so far; each leaf component gets it and adds its own part."""

    network: NetworkHandles | None = None
    firewall: FirewallHandles | None = None
    identity: IdentityHandles | None = None
    pki: PkiHandles | None = None
    endpoints: EndpointHandles | None = None
    leaves: LeafHandles | None = None
    store: StoreHandles | None = None
    instances: InstanceHandles | None = None
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """What the user gave, by name (`plan.given`); secret."""
    protect: bool = True
    """Whether what cannot be made again (etcd volumes, authorities' keys) refuses to be deleted."""
