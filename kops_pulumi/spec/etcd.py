"""etcd clusters, their members and volumes."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.types import Bool, Count, Duration, Quantity, Version

EtcdClusterName = Literal["main", "events", "cilium", "leases"]


class EnvVar(SpecModel):
    """An environment variable with a plain value."""

    name: str = req("Name of the variable.")
    value: str | None = opt("Its value.")


class EtcdMember(SpecModel):
    """One member: a name, the instance group that runs it, and its own volume."""

    name: str = req("Name of the member, also part of its volume's name. It never changes.")
    instance_group: str = req("Control-plane instance group that runs the member.")
    volume_type: str | None = opt("Volume type; gp3 on AWS, pd-ssd on GCE, the backend's on OpenStack.")
    volume_size: Count | None = opt("Volume size in GB; 20 by default.")
    volume_iops: Count | None = opt("Provisioned operations per second (AWS).")
    volume_throughput: Count | None = opt("Provisioned throughput in MiB/s (AWS gp3).")
    kms_key_id: str | None = opt("ARN of the key that encrypts the volume (AWS).")
    encrypted_volume: Bool | None = opt("Encrypt the volume.")


class EtcdBackups(SpecModel):
    """Where backups of an etcd cluster go."""

    backup_store: str | None = opt("Path of the store; unique for each etcd cluster.")
    image: str | None = opt("Container image of the backup task.")


class EtcdManager(SpecModel):
    """Options of the process that looks after etcd."""

    image: str | None = opt("Container image to use instead of the default.")
    env: list[EnvVar] | None = opt("Environment variables of the process.")
    backup_interval: Duration | None = opt("Time between two backups; 15m by default.")
    backup_retention_days: Count | None = opt("Days that a backup is kept; 90 by default.")
    discovery_poll_interval: Duration | None = opt("Time between two looks for volumes; 60s by default.")
    log_level: Count | None = opt("Verbosity; 6 by default.")
    listen_metrics_urls: list[str] | None = opt("Addresses that serve etcd's metrics.", key="listenMetricsURLs")
    listen_client_http_urls: list[str] | None = opt(
        "Addresses that serve HTTP clients apart from gRPC ones.", key="listenClientHTTPURLs"
    )


class EtcdCluster(SpecModel):
    """One etcd cluster; main and events are the usual two."""

    name: EtcdClusterName = req("main, events, cilium or leases.")
    provider: Literal["Manager"] | None = opt("Manager is the only provider.")
    etcd_members: list[EtcdMember] = req("The members: an odd number, each in its own control-plane group.")
    enable_etcd_tls: Bool | None = opt("Old switch for TLS.", key="enableEtcdTLS", dead="etcd always speaks TLS")
    enable_tls_auth: Bool | None = opt("Old switch for client certificates.", key="enableTLSAuth", dead="always on")
    version: Version | None = opt("etcd version, the same for all clusters; follows Kubernetes's by default.")
    leader_election_timeout: Duration | None = opt("Time without heartbeat before an election (milliseconds count).")
    heartbeat_interval: Duration | None = opt("Time between two heartbeats of the leader.")
    image: str | None = opt("Container image to use instead of the default.")
    backups: EtcdBackups | None = opt("Where backups go.")
    manager: EtcdManager | None = opt("Options of the process that looks after etcd.")
    memory_request: Quantity | None = opt("Memory request of a member; 100Mi by default.")
    cpu_request: Quantity | None = opt("CPU request of a member; 200m for main, 100m for events.")
