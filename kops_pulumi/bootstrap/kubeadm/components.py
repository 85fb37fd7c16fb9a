"""What every field of the manifest's component sections becomes: the tables that `flags.Component` works with.

Flags of the newest minor: https://kubernetes.io/docs/reference/command-line-tools-reference/. A field that is in no
table is the flag of the same words; a test walks all fields and asks the real programs whether they know the flags.
"""

from __future__ import annotations

from collections.abc import Mapping

from kops_pulumi.bootstrap.kubeadm.flags import Component
from kops_pulumi.spec.addons import KubeDns
from kops_pulumi.spec.apiserver import KubeApiServer
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.controllers import (
    CloudControllerManager,
    KubeControllerManager,
    KubeScheduler,
    LeaderElection,
)
from kops_pulumi.spec.etcd import EtcdCluster, EtcdManager
from kops_pulumi.spec.identity import AwsAuthentication, ServiceAccountIssuerDiscovery

_LOG = {"log_format": "logging-format", "log_level": "v"}
_PROFILING = {"enable_profiling": "profiling", "enable_contention_profiling": "contention-profiling"}
_PATCH = "kubeadm patch of the static pod: image and resources"
_RESOURCES = dict.fromkeys(("image", "cpu_request", "cpu_limit", "memory_request", "memory_limit"), _PATCH)
_ETCD = "etcd.external of ClusterConfiguration, which makes the flag"
_FILE = "the KubeSchedulerConfiguration: the flag has no effect beside --config"

API_SERVER = Component(
    "kubeAPIServer",
    KubeApiServer,
    flags={
        **_LOG,
        **_PROFILING,
        "compaction_interval": "etcd-compaction-interval",
        "requestheader_extra_header_prefixes": "requestheader-extra-headers-prefix",
        "authentication_config_file": "authentication-config",
        "audit_log_max_age": "audit-log-maxage",
        "audit_log_max_backups": "audit-log-maxbackup",
        "audit_log_max_size": "audit-log-maxsize",
    },
    repeated=frozenset({"oidc_required_claim"}),
    elsewhere={
        **_RESOURCES,
        "env": "apiServer.extraEnvs",
        "secure_port": "nowhere: the API is served on 443 (a warning says so)",
        "advertise_address": "localAPIEndpoint.advertiseAddress, which makes the flag",
        "service_cluster_ip_range": "networking.serviceSubnet, which makes the flag",
        "etcd_servers": _ETCD,
        "etcd_ca_file": _ETCD,
        "etcd_cert_file": _ETCD,
        "etcd_key_file": _ETCD,
        "etcd_servers_overrides": "api_server: joined with the clusters that we run for single resources",
        "enable_admission_plugins": "api_server: joined with appendAdmissionPlugins",
        "append_admission_plugins": "api_server: joined with enableAdmissionPlugins",
        "additional_service_account_issuers": "api_server: --service-account-issuer, again",
        "service_account_issuer": "api_server: the first --service-account-issuer",
        "service_account_key_file": "api_server: --service-account-key-file, ours as well",
        "requestheader_allowed_names": "api_server: with the name of kubeadm's certificate",
        "api_audiences": "api_server: with those of the issuer's discovery",
        "anonymous_auth": "hardening.authentication: true as the flag, false as paths that anybody may read",
        "api_server_count": "nowhere: since endpoints are leases nobody reads it, and it would replace machines",
        **dict.fromkeys(
            (
                "oidc_username_claim",
                "oidc_username_prefix",
                "oidc_groups_claim",
                "oidc_groups_prefix",
                "oidc_issuer_url",
                "oidc_client_id",
                "oidc_required_claim",
                "oidc_ca_file",
                "authentication_config_file",
            ),
            "hardening.authentication: one AuthenticationConfiguration",
        ),
    },
)

CONTROLLER_MANAGER = Component(
    "kubeControllerManager",
    KubeControllerManager,
    flags={
        **_LOG,
        **_PROFILING,
        "endpoint_slice_updates_batch_period": "endpointslice-updates-batch-period",
        "concurrent_rc_syncs": "concurrent_rc_syncs",  # the one flag that its authors wrote so
    },
    elsewhere={
        **_RESOURCES,
        "leader_election": "controllers: the flags of LeaderElection",
        "controllers": "controllers: with those that bootstrap tokens need",
        "external_cloud_volume_plugin": "nowhere: it served volume plug-ins inside Kubernetes, and the last is gone",
        "enable_leader_migration": "nowhere: it was for the move away from clouds inside Kubernetes",
    },
    # https://github.com/kubernetes/kubernetes/pull/138002
    removed={"concurrent_service_syncs": 37},
)

SCHEDULER = Component(
    "kubeScheduler",
    KubeScheduler,
    flags=_LOG | _PROFILING,
    elsewhere={
        **_RESOURCES,
        "leader_election": "controllers: the flags of LeaderElection",
        "max_persistent_volumes": "environment KUBE_MAX_PD_VOLS of the static pod",
        "qps": _FILE,
        "burst": _FILE,
        "kube_api_qps": _FILE,
        "kube_api_burst": _FILE,
    },
)

LEADER_ELECTION = Component("leaderElection", LeaderElection)

KUBE_PROXY: Mapping[str, str] = {
    "enabled": "proxy.disabled of ClusterConfiguration",
    **dict.fromkeys(
        ("image", "cpu_request", "cpu_limit", "memory_request", "memory_limit"),
        "nowhere: kubeadm's DaemonSet has its own image and no resources; a warning says so",
    ),
    "log_level": "logging.verbosity",
    "cluster_cidr": "clusterCIDR",
    "hostname_override": "hostnameOverride",
    "bind_address": "bindAddress",
    "metrics_bind_address": "metricsBindAddress",
    "proxy_mode": "mode",
    "ipvs_exclude_cidrs": "ipvs.excludeCIDRs",
    "ipvs_min_sync_period": "ipvs.minSyncPeriod",
    "ipvs_scheduler": "ipvs.scheduler",
    "ipvs_sync_period": "ipvs.syncPeriod",
    "feature_gates": "featureGates",
    "conntrack_max_per_core": "conntrack.maxPerCore",
    "conntrack_min": "conntrack.min",
}
"""Attribute → place in the KubeProxyConfiguration, or who else has it."""

_CCM = "the add-on of the cloud's controller: it runs as pods, and no machine needs to know"
_ETCD_VOLUME = "plan.etcd: the member's volume and machine"
OUTSIDE: Mapping[str, Mapping[str, str]] = {
    "cloudControllerManager": dict.fromkeys(CloudControllerManager.model_fields, _CCM),
    "etcdClusters": {
        "name": "etcd: name of the pod, the ports and the directory",
        "provider": "nowhere: there is one",
        "etcd_members": _ETCD_VOLUME,
        "version": "the image's tag, and the flags that this version knows",
        "leader_election_timeout": "--election-timeout",
        "heartbeat_interval": "--heartbeat-interval",
        "image": "etcd: the container's image",
        "backups": "kops-etcd-snapshot's table (etcd-clusters.tsv)",
        "manager": "EtcdManager, below",
        "memory_request": "etcd: the container's resources",
        "cpu_request": "etcd: the container's resources",
    },
    "etcdClusters.manager": {
        "image": "nowhere: etcd-manager does not exist here, kops-etcd does its work",
        "env": "etcd: environment of the container (kops passed ETCD_ variables on)",
        "backup_interval": "kops-etcd-snapshot's table",
        "backup_retention_days": "lifecycle of the store's backups",
        "discovery_poll_interval": "nowhere: kops-hosts's timer has its own rhythm",
        "log_level": "nowhere: etcd-manager's",
        "listen_metrics_urls": "--listen-metrics-urls, with ours on loopback",
        "listen_client_http_urls": "environment ETCD_LISTEN_CLIENT_HTTP_URLS, by `env`; one port serves both",
    },
    "authentication.aws": {
        "image": "the add-on aws-iam-authenticator",
        "backend_mode": "the add-on aws-iam-authenticator",
        "cluster_id": "the add-on aws-iam-authenticator",
        "identity_mappings": "the add-on aws-iam-authenticator",
        "memory_request": "the add-on aws-iam-authenticator",
        "cpu_request": "the add-on aws-iam-authenticator",
        "memory_limit": "the add-on aws-iam-authenticator",
        "cpu_limit": "the add-on aws-iam-authenticator",
    },
    "kubeDNS": {
        **dict.fromkeys(
            ("core_dns_image", "tolerations", "affinity", "cpu_request", "memory_request", "memory_limit"),
            "dns: kubeadm patch of the Deployment",
        ),
        "pod_annotations": "dns: kubeadm patch of the Deployment",
        "external_core_file": "dns: the Corefile",
        "stub_domains": "dns: the Corefile",
        "upstream_nameservers": "dns: the Corefile",
        "domain": "networking.dnsDomain",
        "server_ip": "kubelet: clusterDNS; kubeadm gives the Service the tenth address",
        "provider": "dns.disabled for anything but CoreDNS",
        "cache_max_size": "nowhere: it was dnsmasq's, in front of kube-dns",
        "cache_max_concurrent": "nowhere: it was dnsmasq's, in front of kube-dns",
        "cpa_image": "the add-on coredns-autoscaler",
        "node_local_dns": "the add-on node-local-dns",
    },
    "serviceAccountIssuerDiscovery": {
        "discovery_store": "--service-account-issuer and --service-account-jwks-uri",
        "discovery_service": "nowhere: it never left its experiment",
        "enable_aws_oidc_provider": "audience amazonaws.com in --api-audiences",
        "additional_audiences": "--api-audiences",
    },
}
"""Section → attribute → what becomes of it, for sections that are no component's command line."""
OUTSIDE_MODELS: Mapping[str, type[SpecModel]] = {
    "cloudControllerManager": CloudControllerManager,
    "etcdClusters": EtcdCluster,
    "etcdClusters.manager": EtcdManager,
    "authentication.aws": AwsAuthentication,
    "kubeDNS": KubeDns,
    "serviceAccountIssuerDiscovery": ServiceAccountIssuerDiscovery,
}
