"""What each network plug-in installs and asks for, in every variant that matters: `cni/<variant>.json`.

`pytest --update-golden` rewrites; reviewers read the diff. Values of charts, objects of manifests, machines' settings,
what is recorded of it, firewall rules and permissions stand side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kops_pulumi import cni
from kops_pulumi.model import plain
from tests.support import features
from tests.support.specs import full

GOLDEN = Path(__file__).parent / "cni"
NO_PROXY = {"kubeProxy": {"enabled": False}}
CERTIFICATES = {"certManager": {"enabled": True}}
MIRROR = {"assets": {"containerRegistry": "mirror.example.net/images"}}


def networking(**plugin: Any) -> dict[str, Any]:
    """A spec with this plug-in instead of the base's."""
    return {"networking": {"cni": None, **plugin}}


CILIUM_ALL = {
    "agentPodAnnotations": {"example.org/who": "agents"},
    "agentPrometheusPort": 9095,
    "autoDirectNodeRoutes": True,
    "bpfLBAlgorithm": "maglev",
    "bpfLBSock": True,
    "bpfLBSockHostNSOnly": True,
    "chainingMode": "portmap",
    "clusterID": 7,
    "clusterName": "harbor",
    "cniExclusive": False,
    "debug": True,
    "disableEndpointCRD": True,
    "disableMasquerade": True,
    "enableBPFMasquerade": True,
    "enableEndpointHealthChecking": False,
    "enableHostFirewall": True,
    "enableHostReachableServices": True,
    "enableL7Proxy": False,
    "enableLocalRedirectPolicy": True,
    "enableNodePort": True,
    "enablePolicy": "always",
    "enablePrometheusMetrics": True,
    "enableServiceTopology": True,
    "enableUnreachableRoutes": True,
    "extraConfig": {"enable-k8s-terminating-endpoint": "true"},
    "gatewayAPI": {"enabled": True, "enableSecretsSync": False},
    "ingress": {
        "enabled": True,
        "enforceHttps": False,
        "enableSecretsSync": False,
        "defaultLoadBalancerMode": "shared",
        "loadBalancerAnnotationPrefixes": "service.beta.kubernetes.io example.org",
        "sharedLoadBalancerServiceName": "ingress",
    },
    "IPTablesRulesNoinstall": True,
    "metrics": ["+cilium_bpf_map_pressure"],
    "monitorAggregation": "maximum",
    "operatorPodAnnotations": {"example.org/who": "operator"},
    "preallocateBPFMaps": True,
    "registry": "images.example.net",
    "toFqdnsDnsRejectResponseCode": "nameError",
    "tunnel": "geneve",
    "version": "v1.18.4",
}
CALICO_ALL = {
    "allowIPForwarding": True,
    "awsSrcDstCheck": "DoNothing",
    "bpfExternalServiceMode": "DSR",
    "bpfKubeProxyIptablesCleanupEnabled": True,
    "bpfLogLevel": "debug",
    "chainInsertMode": "append",
    "cpuRequest": "80m",
    "encapsulationMode": "vxlan",
    "ipv4AutoDetectionMethod": "interface=ens.*",
    "iptablesBackend": "NFT",
    "logSeverityScreen": "warning",
    "mtu": 1410,
    "nftablesMode": "enabled",
    "prometheusGoMetricsEnabled": True,
    "prometheusMetricsEnabled": True,
    "prometheusMetricsPort": 9191,
    "prometheusProcessMetricsEnabled": True,
    "registry": "images.example.net/deep",
    "typhaPrometheusMetricsEnabled": True,
    "vxlanMode": "Always",
    "wireguardEnabled": True,
}
CANAL_ALL = {
    "chainInsertMode": "append",
    "cpuRequest": "80m",
    "defaultEndpointToHostAction": "DROP",
    "disableFlannelForwardRules": True,
    "iptablesBackend": "NFT",
    "logSeveritySys": "WARNING",
    "mtu": 8951,
    "prometheusGoMetricsEnabled": False,
    "prometheusMetricsEnabled": True,
    "prometheusMetricsPort": 9191,
    "prometheusProcessMetricsEnabled": False,
    "typhaPrometheusMetricsEnabled": True,
    "typhaPrometheusMetricsPort": 9193,
    "typhaReplicas": 3,
}
KINDNET_ALL = {
    "version": "v1.0.2",
    "networkPolicies": False,
    "dnsCaching": True,
    "nat64": True,
    "fastPathThreshold": 20,
    "masquerade": {"enabled": True, "nonMasqueradeCIDRs": ["10.0.0.0/8"]},
    "logLevel": 4,
}
ETCD = [
    {"name": name, "etcdMembers": [{"name": "a", "instanceGroup": "control-plane-a"}]}
    for name in ("main", "events", "cilium")
]

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "amazonvpc": networking(amazonvpc={}),
    "amazonvpc-prefixes": networking(
        amazonvpc={
            "env": [{"name": "ENABLE_PREFIX_DELEGATION", "value": "true"}],
            "imageName": "images.example.net/cni:v1",
        }
    ),
    "calico": networking(calico={}),
    "calico-all": networking(calico=CALICO_ALL),
    "calico-bpf": {**networking(calico={"bpfEnabled": True}), **NO_PROXY},
    "calico-mirrored": {**networking(calico={"ipipMode": "Always"}), **MIRROR},
    "canal": networking(canal={}),
    "canal-all": {**networking(canal=CANAL_ALL), **MIRROR},
    "cilium": networking(cilium={}),
    "cilium-all": {**networking(cilium=CILIUM_ALL), **NO_PROXY},
    "cilium-eni": networking(cilium={"ipam": "eni", "tunnel": "disabled", "disableMasquerade": True}),
    "cilium-etcd": {
        **networking(cilium={"etcdManaged": True, "identityAllocationMode": "kvstore", "enableNodePort": True}),
        **NO_PROXY,
        "etcdClusters": ETCD,
    },
    "cilium-hubble": {
        **networking(cilium={"hubble": {"enabled": True, "metrics": ["drop", "tcp"]}}),
        **CERTIFICATES,
        **MIRROR,
    },
    "cilium-ipsec": networking(cilium={"enableEncryption": True, "encryptionType": "ipsec"}),
    "cilium-wireguard": networking(
        cilium={"enableEncryption": True, "encryptionType": "wireguard", "nodeEncryption": True}
    ),
    "cni": networking(cni={}),
    "flannel-udp": networking(flannel={"iptablesResyncSeconds": 10}),
    "flannel-vxlan": {**networking(flannel={"backend": "vxlan"}), **MIRROR},
    "kindnet": networking(kindnet={}),
    "kindnet-all": networking(kindnet=KINDNET_ALL),
    "kopeio": networking(kopeio={}),
    "kubenet": networking(kubenet={}),
    "kuberouter": {**networking(kuberouter={"useNFTablesForNetpol": True}), **NO_PROXY},
}


def seen(resolved: Any) -> dict[str, Any]:
    """Everything that the plug-in says."""
    plugin = cni.for_spec(resolved)
    return {
        "deliveries": plain(tuple(plugin.deliveries(resolved))),
        "leaves": plain(tuple(plugin.leaves(resolved))),
        "machines": {group.metadata.name: plain(plugin.machines(resolved, group)) for group in resolved.groups},
        "permissions": plain({role.value: items for role, items in plugin.permissions(resolved).items()}),
        "random keys": list(plugin.random_keys(resolved)),
        "rules": plain(tuple(plugin.rules(resolved))),
        "settled": dict(plugin.settled(resolved)),
    }


def compare(name: str, data: Any, *, update: bool) -> None:
    golden = GOLDEN / f"{name}.json"
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_plugin_installs_what_was_reviewed(variant: str, update_golden: bool) -> None:
    planned = features.planned(features.laid_over(features.base(), VARIANTS[variant]))
    compare(variant, seen(planned.full), update=update_golden)


def test_alias_addresses_install_nothing_and_configure_machines(update_golden: bool) -> None:
    compare("gce", seen(full("gce", networking={"gce": {}}, podCIDR="10.4.0.0/14")), update=update_golden)


def test_there_is_no_golden_without_its_variant() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*VARIANTS, "gce"}
