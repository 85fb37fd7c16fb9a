"""What each network plug-in says of itself: checks, rules, permissions."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi import cni
from kops_pulumi.errors import ManifestError
from kops_pulumi.model import Permission, Protocol, Role
from tests.support.specs import full

V6 = {"nonMasqueradeCIDR": "::/0"}
NO_PROXY = {"kubeProxy": {"enabled": False}}


def findings(cloud: str = "aws", **spec: Any) -> list[str]:
    """Dotted path and message of every finding of the plug-in that the spec names."""
    resolved = full(cloud, **spec)
    return [f"{f.dotted}: {f.message}" for f in cni.for_spec(resolved).validate(resolved)]


def openings(**spec: Any) -> set[tuple[str, str, Protocol, int | None]]:
    resolved = full(**spec)
    rules = cni.for_spec(resolved).rules(resolved)
    return {(r.source.name, r.target.name, r.protocol, r.ports[0] if r.ports else None) for r in rules}


def verbs(**spec: Any) -> dict[Role, tuple[Permission, ...]]:
    resolved = full(**spec)
    return dict(cni.for_spec(resolved).permissions(resolved))


@pytest.mark.parametrize("networking", [{}, {"cilium": {}, "calico": {}}])
def test_exactly_one_network_plugin_must_be_named(networking: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match="network plug-ins named"):
        cni.for_spec(full(networking=networking))


@pytest.mark.parametrize(
    ("key", "since", "instead"),
    [
        ("weave", "Kubernetes 1.24", "cilium"),
        ("romana", "kops 1.19", "calico"),
        ("lyftvpc", "kops 1.23", "amazonvpc"),
        ("external", "Kubernetes 1.26", "cni"),
        ("classic", "kops 1.5", "kubenet"),
    ],
)
def test_removed_plugin_is_refused_with_release_replacement_and_way(key: str, since: str, instead: str) -> None:
    resolved = full(networking={key: {}})
    [finding] = cni.for_spec(resolved).validate(resolved)
    assert finding.dotted == f"spec.networking.{key}"
    assert since in finding.message
    assert instead in finding.message
    assert finding.hint


@pytest.mark.parametrize("key", ["amazonvpc", "canal", "flannel", "kuberouter", "kopeio", "kubenet"])
def test_plugins_without_ipv6_refuse_an_ipv6_cluster(key: str) -> None:
    assert f"spec.networking.{key}: {key} cannot do IPv6" in findings(networking={key: {}}, **V6, **NO_PROXY)


@pytest.mark.parametrize("key", ["calico", "cilium", "cni", "kindnet"])
def test_plugins_with_ipv6_accept_an_ipv6_cluster(key: str) -> None:
    assert findings(networking={key: {}}, **V6) == []


@pytest.mark.parametrize(("key", "cloud"), [("amazonvpc", "gce"), ("gce", "aws")])
def test_plugins_of_one_cloud_are_refused_elsewhere(key: str, cloud: str) -> None:
    home = "aws" if key == "amazonvpc" else "gce"
    assert findings(cloud, networking={key: {}}) == [
        f"spec.networking.{key}: {key} exists on {home} only, not on {cloud}"
    ]


@pytest.mark.parametrize(
    "networking", [{"cilium": {"enableNodePort": True}}, {"calico": {"bpfEnabled": True}}, {"kuberouter": {}}]
)
def test_a_plugin_that_replaces_kube_proxy_wants_it_off(networking: dict[str, Any]) -> None:
    [text] = findings(networking=networking)
    assert text.startswith("spec.kubeProxy.enabled: ")
    assert findings(networking=networking, **NO_PROXY) == []


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"version": "1.18.0"}, "version"),
        ({"version": "v1.17.4"}, "version"),
        ({"ipam": "eni"}, "tunnel"),
        ({"hubble": {"enabled": True}}, "hubble.enabled"),
        ({"etcdManaged": True}, "etcdManaged"),
    ],
)
def test_cilium_refuses_what_does_not_go_together(settings: dict[str, Any], path: str) -> None:
    [text] = findings(networking={"cilium": settings})
    assert text.startswith(f"spec.networking.cilium.{path}: ")


def test_cilium_accepts_what_does_go_together() -> None:
    settings = {"version": "v1.18.12", "ipam": "eni", "tunnel": "disabled", "hubble": {"enabled": True}}
    assert findings(networking={"cilium": settings}, certManager={"enabled": True}) == []


def test_cilium_does_not_encrypt_ipv6() -> None:
    assert findings(networking={"cilium": {"enableEncryption": True}}, **V6) == [
        "spec.networking.cilium.enableEncryption: cilium cannot encrypt IPv6 traffic"
    ]


def test_cilium_eni_is_for_aws_and_ipv4() -> None:
    settings = {"ipam": "eni", "tunnel": "disabled"}
    assert findings("gce", networking={"cilium": settings}) == [
        "spec.networking.cilium.ipam: ipam eni exists on aws only, not on gce"
    ]
    assert findings(networking={"cilium": settings}, **V6) == ["spec.networking.cilium.ipam: ipam eni cannot do IPv6"]


def test_calico_encapsulates_ipv4_only() -> None:
    assert findings(networking={"calico": {"encapsulationMode": "none"}})
    assert findings(networking={"calico": {"encapsulationMode": "vxlan"}}, **V6)
    assert findings(networking={"calico": {"encapsulationMode": "none"}}, **V6) == []
    assert findings(networking={"calico": {"wireguardEnabled": True}}, **V6)


def test_kubenet_cannot_use_private_subnets() -> None:
    private = [{"name": "a", "type": "Private", "zone": "eu-west-1a", "cidr": "10.4.0.0/19"}]
    assert findings(networking={"kubenet": {}}, subnets=private)
    assert findings("gce", networking={"kubenet": {}}, subnets=private) == []
    assert findings(networking={"kubenet": {}}) == []


def test_overlays_reach_control_planes() -> None:
    ends = ("node", "control-plane")
    assert openings(networking={"calico": {}}) >= {(*ends, Protocol.IPIP, None), (*ends, Protocol.TCP, 179)}
    assert (*ends, Protocol.UDP, 4789) in openings(networking={"calico": {"encapsulationMode": "vxlan"}})
    assert (*ends, Protocol.UDP, 8472) in openings(networking={"cilium": {}})
    assert (*ends, Protocol.UDP, 8472) not in openings(networking={"cilium": {"tunnel": "disabled"}})
    assert (*ends, Protocol.TCP, 4003) in openings(networking={"cilium": {"etcdManaged": True}})
    assert openings(networking={"flannel": {"backend": "vxlan"}}) == {(*ends, Protocol.UDP, 8472)}
    assert openings(networking={"flannel": {}}) == {(*ends, Protocol.UDP, 8285)}
    assert openings(networking={"amazonvpc": {}}) == {(*ends, Protocol.ALL, None)}
    assert openings(networking={"cni": {}}) == set()


def test_only_gce_alias_ips_open_the_pods_range() -> None:
    resolved = full("gce", networking={"gce": {}}, podCIDR="10.8.0.0/14")
    assert {(r.source.name, r.target.name) for r in cni.for_spec(resolved).rules(resolved)} == {
        ("10.8.0.0/14", "control-plane"),
        ("10.8.0.0/14", "node"),
    }


def test_calico_needs_no_permission_where_the_check_stays() -> None:
    assert set(verbs(networking={"calico": {}})) == {Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE}
    assert verbs(networking={"calico": {"awsSrcDstCheck": "DoNothing"}}) == {}
    assert verbs(networking={"calico": {}}, **V6) == {}


def test_cilium_eni_hands_out_addresses_from_control_planes_only() -> None:
    found = verbs(networking={"cilium": {"ipam": "eni"}})
    assert found[Role.CONTROL_PLANE] == (Permission("network-interfaces.allocate"),)
    assert found[Role.NODE] == (Permission("machine-types.read"),)
    assert verbs(networking={"cilium": {}}) == {}


@pytest.mark.parametrize(
    ("networking", "on_network"),
    [
        ({"amazonvpc": {}}, True),
        ({"cilium": {"ipam": "eni"}}, True),
        ({"cni": {"usesSecondaryIP": True}}, True),
        ({"cni": {}}, False),
        ({"cilium": {}}, False),
    ],
)
def test_pods_on_the_network(networking: dict[str, Any], on_network: bool) -> None:
    resolved = full(networking=networking)
    assert cni.for_spec(resolved).traits(resolved).pods_on_network is on_network
