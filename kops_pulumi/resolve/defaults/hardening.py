"""Defaults that make a cluster safe without a word from its user, and why.

The measure is the CIS benchmark 1.12 for Kubernetes (https://www.cisecurity.org/benchmark/kubernetes), which
`bootstrap.cis` evaluates on what is rendered: whoever weakens one of these in a manifest is told so. What no field of
the manifest names (paths on the machine, flags without a field) is `bootstrap.kubeadm`'s.
"""

from __future__ import annotations

from kops_pulumi.resolve.fill import Table

TLS_MIN_VERSION = "VersionTLS12"
"""1.3 alone would shut out clients that people still have; 1.1 and older can be broken (RFC 8996)."""
CIPHER_SUITES = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
]
"""The one list for API server, controllers, kubelet and etcd: forward secrecy and authenticated encryption only, what
CIS 1.2.29 and 4.2.12 have in common. TLS 1.3 chooses its own suites."""

ADMISSION_PLUGINS = ["DenyServiceExternalIPs", "EventRateLimit", "PodSecurity"]
"""Beyond kops's: Services may not take others' addresses (CVE-2020-8554); nobody may drown etcd in events; pods must
keep to the Pod Security standards. AlwaysPullImages stays out: with it no pod restarts while a registry is away, and
images of a warm pool are of no use."""

_TLS: Table = {"tls_min_version": TLS_MIN_VERSION, "tls_cipher_suites": CIPHER_SUITES}

API_SERVER: Table = {
    **_TLS,
    "enable_profiling": False,
    "audit_log_path": "/var/log/kube-apiserver/audit.log",
    "audit_log_max_age": 30,  # days
    "audit_log_max_backups": 10,
    "audit_log_max_size": 100,  # MB
    "request_timeout": "1m0s",  # Kubernetes's own, written down: a longer one holds connections open for attackers
}
CONTROLLER_MANAGER: Table = {
    **_TLS,
    "enable_profiling": False,
    "terminated_pod_gc_threshold": 1000,  # Kubernetes's own 12500 ended pods fill etcd before the first one goes
}
SCHEDULER: Table = {"enable_profiling": False}
KUBELET: Table = _TLS
"""The rest of the kubelet's hardening is `bootstrap.kubelet`'s."""
