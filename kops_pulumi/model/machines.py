"""Instance groups, their disks, and the etcd members that live on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kops_pulumi.model.roles import Late, Role


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk; sizes in GiB, throughput in MiB/s."""

    size: int
    type: str | None
    encrypted: bool
    iops: int | None = None
    throughput: int | None = None
    kms_key: str | None = None
    device: str | None = None
    delete_on_termination: bool = True


@dataclass(frozen=True, slots=True)
class UserData:
    """What cloud-init gets: our document plus the user's parts. Never a secret (decision 7)."""

    text: str
    """The complete text (cloud-config or MIME multipart), before compression and base64."""
    compress: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a group's machines fetch at every boot. Never a secret, never a late value."""

    path: str
    """Below the store's address; has the digest in it, so that another content is another object."""
    sha256: str
    """Hexadecimal."""
    content: bytes = field(repr=False, metadata={"dumped": False})


@dataclass(frozen=True, slots=True)
class Group:
    """One instance group: machines that are all alike."""

    name: str
    role: Role
    physical_name: str
    managed: bool
    """False when something else starts the machines (Karpenter)."""
    min_size: int
    max_size: int
    machine_type: str
    image: str
    subnets: tuple[str, ...]
    """Subnet names, in the plan's order."""
    zones: tuple[str, ...]
    public_ip: bool
    root_volume: Volume
    volumes: tuple[Volume, ...]
    identity: str | None
    """`Identity.key`; None when `existing_identity` is used."""
    existing_identity: str | None
    """An instance profile or service account the user brings."""
    security_group_override: str | None
    additional_security_groups: tuple[str, ...]
    tags: Mapping[str, str]
    """The user's own labels for cloud resources (cluster's, overridden by the group's)."""
    node_labels: Mapping[str, str]
    taints: tuple[str, ...]
    autoscale: bool
    endpoints: tuple[str, ...]
    """`Endpoint.name`s whose load balancer sends traffic here."""
    user_data: UserData | None
    bundle: Bundle | None = None
    """None on machines that are no nodes (bastions)."""
    options: Any = None
    """What only this cloud knows: a frozen dataclass of `clouds/<cloud>/__init__.py`."""


@dataclass(frozen=True, slots=True)
class PlannedMachine:
    """One machine where the cloud has no groups: whoever replaces it keeps its name, address and volumes."""

    group: str
    """Name of its instance group."""
    ordinal: int
    """From 1; the group's size is its minSize."""
    name: str
    """Physical name; it becomes the host name, and so the node's name."""
    subnet: str
    zone: str | None
    volumes: tuple[str, ...]
    """Data volumes that go along with it, as `<etcd cluster>/<member>`, sorted."""
    after: str | None
    """`key` of the machine that must be done before this one is touched; None for the first of each line."""

    @property
    def key(self) -> str:
        """`<group>/<ordinal>`: what handles and resource names know it by."""
        return f"{self.group}/{self.ordinal}"

    @property
    def address(self) -> Late:
        """Its fixed address, known once its interface is (or planned from the beginning)."""
        return Late(f"address.{self.key}")


@dataclass(frozen=True, slots=True)
class EtcdMember:
    name: str
    group: str
    """Name of the instance group that runs it."""
    subnet: str
    zone: str | None
    volume_name: str
    """Physical name of its data volume."""
    volume: Volume


@dataclass(frozen=True, slots=True)
class EtcdCluster:
    name: str
    """main, events, cilium or leases."""
    members: tuple[EtcdMember, ...]
    """Sorted by name."""
    version: str
    client_port: int
    peer_port: int
    backup_store: str | None
