"""The 61 checks: 1.2 API server, 1.3 controller manager, 1.4 scheduler, 2 etcd, 4.2 kubelet, 4.3 kube-proxy.

Conditions are kube-bench's (cfg/cis-1.12: master.yaml, etcd.yaml, node.yaml); titles are ours. Where kube-bench leaves
a judgement to people (`1.2.20`), the condition says what we take for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from kops_pulumi.bootstrap.cis.checks import (
    Check,
    Condition,
    Instead,
    all_of,
    any_of,
    at_least,
    differs,
    equals,
    has,
    is_set,
    lacks,
    lasts,
    only,
    unless_set,
    unset,
)
from kops_pulumi.bootstrap.cis.command import CONFINED, FIRST_PROVIDER, Program

Row: TypeAlias = tuple[str, str, Condition, str]
"""Id, title, condition, and the field of the section; empty where no field decides it."""

_GCM_AND_CHACHA = {
    f"TLS_ECDHE_{key}_WITH_{cipher}"
    for key in ("ECDSA", "RSA")
    for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305")
}
"""What check 4.2.12 lets kubelets use."""
_STRONG = _GCM_AND_CHACHA | {
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
}
"""What check 1.2.29 lets the API server use."""
_PLUGINS, _REFUSED = "enable-admission-plugins", "disable-admission-plugins"
_ENCRYPTING = {"aescbc", "kms", "secretbox"}

_API_SERVER: tuple[Row, ...] = (
    ("1.2.1", "no anonymous requests", all_of(("anonymous-auth", equals("false"))), "anonymousAuth"),
    ("1.2.2", "no file of static tokens", all_of(("token-auth-file", unset)), "tokenAuthFile"),
    (
        "1.2.3",
        "the plug-in DenyServiceExternalIPs runs",
        all_of((_PLUGINS, has("DenyServiceExternalIPs"))),
        "enableAdmissionPlugins",
    ),
    (
        "1.2.4",
        "a client certificate towards kubelets",
        all_of(("kubelet-client-certificate", is_set), ("kubelet-client-key", is_set)),
        "kubeletClientCertificate",
    ),
    (
        "1.2.5",
        "kubelets' certificates are checked",
        all_of(("kubelet-certificate-authority", is_set)),
        "kubeletCertificateAuthority",
    ),
    ("1.2.6", "not everything is allowed", all_of(("authorization-mode", lacks("AlwaysAllow"))), "authorizationMode"),
    ("1.2.7", "nodes are authorized as nodes", all_of(("authorization-mode", has("Node"))), "authorizationMode"),
    ("1.2.8", "RBAC decides", all_of(("authorization-mode", has("RBAC"))), "authorizationMode"),
    (
        "1.2.9",
        "the plug-in EventRateLimit runs",
        all_of((_PLUGINS, has("EventRateLimit"))),
        "enableAdmissionPlugins",
    ),
    (
        "1.2.10",
        "the plug-in AlwaysAdmit does not run",
        any_of((_PLUGINS, lacks("AlwaysAdmit")), (_PLUGINS, unset)),
        "enableAdmissionPlugins",
    ),
    (
        "1.2.11",
        "the plug-in AlwaysPullImages runs",
        all_of((_PLUGINS, has("AlwaysPullImages"))),
        "enableAdmissionPlugins",
    ),
    (
        "1.2.12",
        "the plug-in ServiceAccount runs",
        unless_set(_REFUSED, lacks("ServiceAccount")),
        "disableAdmissionPlugins",
    ),
    (
        "1.2.13",
        "the plug-in NamespaceLifecycle runs",
        unless_set(_REFUSED, lacks("NamespaceLifecycle")),
        "disableAdmissionPlugins",
    ),
    (
        "1.2.14",
        "the plug-in NodeRestriction runs",
        all_of((_PLUGINS, has("NodeRestriction"))),
        "enableAdmissionPlugins",
    ),
    ("1.2.15", "no profiles are served", all_of(("profiling", equals("false"))), "enableProfiling"),
    ("1.2.16", "there is an audit log", all_of(("audit-log-path", is_set)), "auditLogPath"),
    ("1.2.17", "audit logs are kept 30 days", all_of(("audit-log-maxage", at_least(30))), "auditLogMaxAge"),
    ("1.2.18", "10 audit logs are kept", all_of(("audit-log-maxbackup", at_least(10))), "auditLogMaxBackups"),
    ("1.2.19", "audit logs grow to 100 MB", all_of(("audit-log-maxsize", at_least(100))), "auditLogMaxSize"),
    (
        "1.2.20",
        "requests end in reasonable time, up to 5 minutes",
        unless_set("request-timeout", lasts(1, 300)),
        "requestTimeout",
    ),
    (
        "1.2.21",
        "tokens of deleted service accounts are refused",
        unless_set("service-account-lookup", equals("true")),
        "",
    ),
    (
        "1.2.22",
        "service accounts' tokens are checked with a key of their own",
        all_of(("service-account-key-file", is_set)),
        "serviceAccountKeyFile",
    ),
    (
        "1.2.23",
        "a client certificate towards etcd",
        all_of(("etcd-certfile", is_set), ("etcd-keyfile", is_set)),
        "etcdCertFile",
    ),
    (
        "1.2.24",
        "a serving certificate",
        all_of(("tls-cert-file", is_set), ("tls-private-key-file", is_set)),
        "tlsCertFile",
    ),
    ("1.2.25", "client certificates are checked", all_of(("client-ca-file", is_set)), "clientCAFile"),
    ("1.2.26", "etcd's certificates are checked", all_of(("etcd-cafile", is_set)), "etcdCaFile"),
    (
        "1.2.27",
        "Secrets are encrypted in etcd",
        all_of(("encryption-provider-config", is_set)),
        "encryptionProviderConfig",
    ),
    (
        "1.2.28",
        "they are encrypted well",
        all_of((FIRST_PROVIDER, only(_ENCRYPTING))),
        "encryptionProviderConfig",
    ),
    ("1.2.29", "strong ciphers only", all_of(("tls-cipher-suites", only(_STRONG))), "tlsCipherSuites"),
    (
        "1.2.30",
        "tokens of service accounts live no longer than they say",
        all_of(("service-account-extend-token-expiration", equals("false"))),
        "",
    ),
)

_CONTROLLER_MANAGER: tuple[Row, ...] = (
    (
        "1.3.1",
        "ended pods are removed at some number",
        all_of(("terminated-pod-gc-threshold", is_set)),
        "terminatedPodGCThreshold",
    ),
    ("1.3.2", "no profiles are served", all_of(("profiling", equals("false"))), "enableProfiling"),
    (
        "1.3.3",
        "each controller has its own account",
        all_of(("use-service-account-credentials", differs("false"))),
        "useServiceAccountCredentials",
    ),
    (
        "1.3.4",
        "service accounts' tokens have a key of their own",
        all_of(("service-account-private-key-file", is_set)),
        "serviceAccountPrivateKeyFile",
    ),
    ("1.3.5", "pods are told the API's authority", all_of(("root-ca-file", is_set)), "rootCAFile"),
    (
        "1.3.6",
        "kubelets' serving certificates are renewed",
        unless_set("feature-gates", lacks("RotateKubeletServerCertificate=false")),
        "featureGates",
    ),
    ("1.3.7", "it listens on loopback", unless_set("bind-address", equals("127.0.0.1")), ""),
)

_SCHEDULER: tuple[Row, ...] = (
    ("1.4.1", "no profiles are served", all_of(("profiling", equals("false"))), "enableProfiling"),
    ("1.4.2", "it listens on loopback", unless_set("bind-address", equals("127.0.0.1")), ""),
)

_ETCD: tuple[Row, ...] = (
    ("2.1", "a serving certificate", all_of(("cert-file", is_set), ("key-file", is_set)), ""),
    ("2.2", "clients must show certificates", all_of(("client-cert-auth", equals("true"))), ""),
    ("2.3", "no self-signed certificates", unless_set("auto-tls", equals("false")), ""),
    (
        "2.4",
        "a certificate towards peers",
        all_of(("peer-cert-file", is_set), ("peer-key-file", is_set)),
        "",
    ),
    ("2.5", "peers must show certificates", all_of(("peer-client-cert-auth", equals("true"))), ""),
    ("2.6", "no self-signed certificates of peers", unless_set("peer-auto-tls", equals("false")), ""),
    ("2.7", "an authority of its own", all_of(("trusted-ca-file", is_set)), ""),
)

_KUBELET: tuple[Row, ...] = (
    (
        "4.2.1",
        "no anonymous requests",
        all_of(("authentication.anonymous.enabled", equals("false"))),
        "anonymousAuth",
    ),
    ("4.2.2", "not everything is allowed", all_of(("authorization.mode", lacks("AlwaysAllow"))), "authorizationMode"),
    ("4.2.3", "client certificates are checked", all_of(("authentication.x509.clientCAFile", is_set)), "clientCaFile"),
    ("4.2.4", "no port without authentication", unless_set("readOnlyPort", equals("0")), "readOnlyPort"),
    (
        "4.2.5",
        "idle connections end",
        unless_set("streamingConnectionIdleTimeout", lasts(1, float("inf"))),
        "streamingConnectionIdleTimeout",
    ),
    (
        "4.2.6",
        "it looks after its iptables chains",
        unless_set("makeIPTablesUtilChains", equals("true")),
        "",
    ),
    ("4.2.7", "the node has the machine's name", all_of(("hostname-override", unset)), "hostnameOverride"),
    ("4.2.8", "events are recorded", unless_set("eventRecordQPS", at_least(0)), "eventRecordQPS"),
    (
        "4.2.9",
        "a serving certificate",
        all_of(("tlsCertFile", is_set), ("tlsPrivateKeyFile", is_set)),
        "tlsCertFile",
    ),
    (
        "4.2.10",
        "client certificates are renewed",
        unless_set("rotateCertificates", equals("true")),
        "rotateCertificates",
    ),
    (
        "4.2.11",
        "serving certificates are renewed",
        unless_set("featureGates.RotateKubeletServerCertificate", equals("true")),
        "featureGates",
    ),
    ("4.2.12", "strong ciphers only", all_of(("tlsCipherSuites", only(_GCM_AND_CHACHA))), "tlsCipherSuites"),
    ("4.2.13", "pods' processes are limited", all_of(("podPidsLimit", is_set)), "podPidsLimit"),
    ("4.2.14", "pods have a seccomp profile", all_of(("seccompDefault", equals("true"))), "seccompDefault"),
)

_KUBE_PROXY: tuple[Row, ...] = (
    (
        "4.3.1",
        "metrics on loopback",
        any_of(
            ("metricsBindAddress", lambda value: str(value).startswith(("127.0.0.1", "[::1]", "localhost"))),
            ("metricsBindAddress", unset),
        ),
        "metricsBindAddress",
    ),
)

_MANUAL = {
    *("1.2.1", "1.2.3", "1.2.9", "1.2.11", "1.2.20", "1.2.27", "1.2.28", "1.2.29", "1.3.1", "2.7"),
    *("4.2.4", "4.2.5", "4.2.7", "4.2.8", "4.2.9", "4.2.11", "4.2.12", "4.2.13", "4.2.14"),
}
"""Checks that the benchmark leaves to people's judgement and does not score."""

_NOTES: Mapping[str, Mapping[str, Any]] = {
    "1.2.1": {
        "instead": Instead(
            all_of((CONFINED, equals("true")), ("anonymous-auth", unset)),
            "an AuthenticationConfiguration lets anonymous requests reach health and kubeadm's cluster-info only; "
            "with the flag, kubelets' probes and joining machines would be refused too",
        )
    },
    "1.2.11": {
        "waiver": "with it no pod restarts while a registry is away, and images of a warm pool are of no use; "
        "clusters that share nodes between tenants append it"
    },
    "4.2.9": {
        "instead": Instead(
            all_of(("serverTLSBootstrap", equals("true"))),
            "serverTLSBootstrap: the certificate is signed by the cluster's authority and renewed, which files are not",
        )
    },
}

_SECTIONS: tuple[tuple[Program, str, tuple[Row, ...]], ...] = (
    (Program.API_SERVER, "kubeAPIServer", _API_SERVER),
    (Program.CONTROLLER_MANAGER, "kubeControllerManager", _CONTROLLER_MANAGER),
    (Program.SCHEDULER, "kubeScheduler", _SCHEDULER),
    (Program.ETCD, "etcdClusters", _ETCD),
    (Program.KUBELET, "kubelet", _KUBELET),
    (Program.KUBE_PROXY, "kubeProxy", _KUBE_PROXY),
)


def _checks() -> Iterator[Check]:
    for program, section, rows in _SECTIONS:
        for number, title, condition, key in rows:
            notes = _NOTES.get(number, {})
            yield Check(
                number, title, program, condition, (section, key) if key else (section,), number not in _MANUAL, **notes
            )


CHECKS: tuple[Check, ...] = tuple(_checks())
"""In the benchmark's order."""
