"""The static pod of each etcd member that lives on this group's machine.

Membership is static (decision 13): every member's name and host name are in the flags, and host names are found through
/etc/hosts, which is the machine's own file and is followed while etcd runs. Clients and peers must show certificates of
two authorities that sign nothing else. The pod is put into the kubelet's directory only when the member's volume is
mounted: its data directory must exist. Flags: https://etcd.io/docs/v3.6/op-guide/configuration/. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kops_pulumi.bootstrap.node import BundleFile, EtcdNode, NodeConfig
from kops_pulumi.bootstrap.paths import CURRENT, ETCD_DATA, ETCD_PKI, HOSTS
from kops_pulumi.manifest import dump
from kops_pulumi.resolve.defaults.hardening import CIPHER_SUITES

ADDRESS = "@machine(url-host)@"
"""This machine's address as URLs have it; the boot writes it (docs/contracts/bootstrap.md)."""
METRICS_OFFSET = 100
"""Health and metrics of the cluster with client port 4001 are served on loopback port 4101, without certificates."""
QUOTA_BYTES = 8 * 1024**3
"""The largest database that etcd's authors recommend; the program's own 2 GiB is full with some thousand pods."""
PRIORITY = {"priorityClassName": "system-node-critical", "priority": 2000001000}

Flags = Mapping[str, str]


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The pods of the members here, by path below the unpacked bundle."""
    return {
        f"{CURRENT}/etcd/{etcd.name}.yaml": BundleFile.text(dump(pod(etcd, node.cluster)), 0o600)
        for etcd in node.etcd
        if etcd.here is not None
    }


def pod(etcd: EtcdNode, cluster: str) -> dict[str, Any]:
    """The static pod of the member of an etcd cluster that is here."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"etcd-{etcd.name}",
            "namespace": "kube-system",
            "labels": {"component": "etcd", "tier": "control-plane", "k8s-app": f"etcd-{etcd.name}"},
        },
        "spec": {
            "hostNetwork": True,
            **PRIORITY,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 30,
            "containers": [_container(etcd, cluster)],
            "volumes": [_volume(path, kind) for path, kind, _ in _mounts(etcd)],
        },
    }


def flags(etcd: EtcdNode, cluster: str) -> dict[str, str]:
    """The command line of the member that is here, by flag without dashes, sorted."""
    host = next(member.host for member in etcd.members if member.name == etcd.here)
    client, peer = f":{etcd.client_port}", f":{etcd.peer_port}"
    own = {
        "name": str(etcd.here),
        "data-dir": f"{ETCD_DATA}/{etcd.name}/data",
        "listen-client-urls": f"https://127.0.0.1{client},https://{ADDRESS}{client}",
        "listen-peer-urls": f"https://{ADDRESS}{peer}",
        "listen-metrics-urls": ",".join((metrics_url(etcd), *etcd.metrics_urls)),
        "advertise-client-urls": f"https://{host}{client}",
        "initial-advertise-peer-urls": f"https://{host}{peer}",
        "initial-cluster": ",".join(f"{member.name}=https://{member.host}{peer}" for member in etcd.members),
        "initial-cluster-state": "new",
        "initial-cluster-token": f"{etcd.name}.{cluster}",
        "heartbeat-interval": _text(etcd.heartbeat_interval_ms),
        "election-timeout": _text(etcd.election_timeout_ms),
        "quota-backend-bytes": str(QUOTA_BYTES),
        "snapshot-count": "10000",
        **_trust(etcd),
        **_checks(etcd.version),
    }
    return {name: own[name] for name in sorted(own) if own[name]}


def metrics_url(etcd: EtcdNode) -> str:
    """Where health and metrics are served to this machine only."""
    return f"http://127.0.0.1:{etcd.client_port + METRICS_OFFSET}"


def _trust(etcd: EtcdNode) -> Flags:
    """Mutual TLS towards clients and peers, each with its own authority."""
    own = f"{ETCD_PKI}/{etcd.name}"
    return {
        "cert-file": f"{own}/server.crt",
        "key-file": f"{own}/server.key",
        "trusted-ca-file": f"{ETCD_PKI}/{etcd.clients_ca}.crt",
        "client-cert-auth": "true",
        "peer-cert-file": f"{own}/peer.crt",
        "peer-key-file": f"{own}/peer.key",
        "peer-trusted-ca-file": f"{ETCD_PKI}/{etcd.peers_ca}.crt",
        "peer-client-cert-auth": "true",
        "tls-min-version": "TLS1.2",
        "cipher-suites": ",".join(CIPHER_SUITES),
    }


def _checks(version: str) -> Flags:
    """Compare data with the peers before serving and while running, and tell watchers how far they are.

    The API server's cached lists need the last; 3.6 took the flags out of their experiment.
    """
    major, minor = (int(part) for part in (version.lstrip("v") or "3.6").split(".")[:2])
    if (major, minor) < (3, 6):
        return {
            "experimental-initial-corrupt-check": "true",
            "experimental-corrupt-check-time": "12h",
            "experimental-watch-progress-notify-interval": "5s",
        }
    return {
        "feature-gates": "InitialCorruptCheck=true",
        "corrupt-check-time": "12h",
        "watch-progress-notify-interval": "5s",
    }


def _container(etcd: EtcdNode, cluster: str) -> dict[str, Any]:
    port = etcd.client_port + METRICS_OFFSET
    requests = {"cpu": etcd.cpu_request, "memory": etcd.memory_request}
    return {
        "name": "etcd",
        "image": etcd.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["etcd", *(f"--{name}={value}" for name, value in flags(etcd, cluster).items())],
        "env": [{"name": name, "value": value} for name, value in sorted(etcd.environment.items())],
        "resources": {"requests": {name: value for name, value in requests.items() if value}},
        # Root of no power but to read data that belongs to the user etcd.
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]},
            "readOnlyRootFilesystem": True,
        },
        # A member that waits for its peers is alive, and a restart would not help it: only readiness asks for a quorum.
        "startupProbe": _probe("/livez", port, period=10, failures=24),
        "livenessProbe": _probe("/livez", port, period=10, failures=8),
        "readinessProbe": _probe("/readyz", port, period=5, failures=3),
        "volumeMounts": [
            {"name": _name(path), "mountPath": path, "readOnly": read_only} for path, _, read_only in _mounts(etcd)
        ],
    }


def _probe(path: str, port: int, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"host": "127.0.0.1", "path": path, "port": port, "scheme": "HTTP"},
        "periodSeconds": period,
        "timeoutSeconds": 15,
        "failureThreshold": failures,
    }


def _mounts(etcd: EtcdNode) -> Iterator[tuple[str, str, bool]]:
    """Path, kind and whether it is read only: no key but this member's own enters the pod."""
    yield f"{ETCD_DATA}/{etcd.name}/data", "Directory", False
    yield f"{ETCD_PKI}/{etcd.name}", "Directory", True
    for authority in sorted({etcd.clients_ca, etcd.peers_ca}):
        yield f"{ETCD_PKI}/{authority}.crt", "File", True
    yield HOSTS, "File", True


def _volume(path: str, kind: str) -> dict[str, Any]:
    return {"name": _name(path), "hostPath": {"path": path, "type": kind}}


def _name(path: str) -> str:
    """A volume's name from its path's last two parts."""
    return "-".join(path.strip("/").split("/")[-2:]).replace(".", "-").lower()


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
