"""Defaults of etcd: versions, disks, backups (https://kops.sigs.k8s.io/cluster_spec/#etcdclusters)."""

from __future__ import annotations

from typing import Any

from kops_pulumi.resolve.defaults.facts import Facts
from kops_pulumi.resolve.fill import fill

CPU_REQUEST = {"main": "200m"}
"""`main` serves every request; the other clusters get half."""
OTHER_CPU_REQUEST = "100m"


def etcd(spec: Any, facts: Facts) -> None:
    """Every etcd cluster and its members."""
    clusters = spec.etcd_clusters or []
    # One version for all clusters: etcd's tools are installed once per machine, so a version somebody chose counts
    # for all.
    chosen = sorted({str(cluster.version) for cluster in clusters if cluster.version})
    version = chosen[0] if len(chosen) == 1 else facts.components.etcd
    for cluster in clusters:
        fill(
            cluster,
            {
                "provider": "Manager",
                "version": version,
                "cpu_request": CPU_REQUEST.get(cluster.name or "", OTHER_CPU_REQUEST),
                "memory_request": "100Mi",
                # A lost cluster costs at most a quarter of an hour: reliability goal RPO 15 min.
                "manager": {"backup_interval": "15m", "backup_retention_days": 90, "discovery_poll_interval": "60s"},
            },
        )
        if spec.config_base and cluster.name:
            fill(cluster, {"backups": {"backup_store": f"{spec.config_base.rstrip('/')}/backups/etcd/{cluster.name}"}})
        for member in cluster.etcd_members or []:
            _member(member, facts)


def _member(member: Any, facts: Facts) -> None:
    """A member's disk; performance figures only for the default type, others have their own."""
    cloud = facts.cloud
    fill(member, {"volume_type": cloud.etcd_volume_type or None, "volume_size": cloud.etcd_volume_size})
    if member.volume_type == cloud.etcd_volume_type:
        fill(member, {"volume_iops": cloud.etcd_volume_iops, "volume_throughput": cloud.etcd_volume_throughput})
    fill(member, {"volume_iops": cloud.volume_iops.get(member.volume_type or "")})
    if facts.capabilities.volume_encryption:
        # kops encrypts only what `create cluster` wrote so; an etcd disk holds every secret, so it is encrypted
        # unless refused.
        fill(member, {"encrypted_volume": True})
