"""The role→role matrix: every entry has a reason, nothing twice, nothing open that no list opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi import cni
from kops_pulumi.model import (
    Endpoint,
    EndpointKind,
    EndpointSubnet,
    EtcdCluster,
    Listener,
    NetworkPlan,
    Peer,
    PeerKind,
    Protocol,
    Role,
    Rule,
    Subnet,
    SubnetType,
)
from kops_pulumi.plan import firewall
from tests.support.specs import full

WORLD = ("0.0.0.0/0", "::/0")
ETCD = (("main", 4001, 2380), ("events", 4002, 2381))
UTILITY = "10.4.60.0/22"
PORTS = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda pair: (min(pair), max(pair)))
LISTS = st.lists(
    st.sampled_from(("192.0.2.0/24", "198.51.100.7/32", "2001:db8::/48", "pl-0a1b2c", *WORLD)), max_size=4, unique=True
)


def etcd_clusters(*wanted: tuple[str, int, int]) -> tuple[EtcdCluster, ...]:
    return tuple(
        EtcdCluster(name, members=(), version="3.6", client_port=client, peer_port=peer, backup_store=None)
        for name, client, peer in wanted
    )


def endpoint(name: str, listeners: Sequence[Listener], *roles: Role) -> Endpoint:
    return Endpoint(
        name=name,
        kind=EndpointKind.LOAD_BALANCER,
        public=True,
        dns_name=f"{name}.orchard.example.com",
        physical_name=name,
        listeners=tuple(listeners),
        subnets=(EndpointSubnet("utility-a"),),
        roles=roles,
    )


API = endpoint("api", [Listener(443, 443, "tcp")], Role.CONTROL_PLANE, Role.API_SERVER)
BASTION = endpoint("bastion", [Listener(22, 22, "bastion")], Role.BASTION)
NETWORK = NetworkPlan(
    existing_id=None,
    cidr="10.4.0.0/16",
    additional_cidrs=(),
    ipv6=False,
    subnets=(Subnet("utility-a", SubnetType.UTILITY, "eu-west-1a", "eu-west-1", UTILITY),),
    route_tables=(),
    nat_gateways=(),
    internet_gateway=True,
    egress_only_gateway=False,
    tag_adopted_subnets=True,
    pod_cidr=None,
    service_cidr="100.64.0.0/13",
    cluster_dns_ip="100.64.0.10",
)


def matrix(
    *roles: Role,
    endpoints: Sequence[Endpoint] = (),
    etcd: Sequence[tuple[str, int, int]] = ETCD,
    **spec: Any,
) -> tuple[Rule, ...]:
    resolved = full(**{"networking": {"cni": {}}, **spec})
    return firewall.rules(
        resolved,
        roles=roles,
        etcd=etcd_clusters(*etcd),
        endpoints=endpoints,
        network=NETWORK,
        cni=cni.for_spec(resolved),
        addons=(),
    )


def reaches(rules: Sequence[Rule], source: Peer, target: Peer, port: int, protocol: Protocol = Protocol.TCP) -> bool:
    probe = Rule(source, target, protocol, (port, port), "probe")
    return any(firewall.covers(rule, probe) for rule in rules)


ANY_MATRIX = st.builds(
    matrix,
    st.sampled_from((Role.NODE, Role.API_SERVER, Role.BASTION)),
    endpoints=st.sampled_from([(), (API,), (API, BASTION)]),
    etcd=st.sampled_from([ETCD, (*ETCD, ("cilium", 4003, 2382)), (*ETCD, ("leases", 4004, 2383))]),
    networking=st.sampled_from([{"cilium": {}}, {"calico": {}}, {"amazonvpc": {}}, {"kuberouter": {}}]),
    kubernetesApiAccess=LISTS,
    sshAccess=LISTS,
    nodePortAccess=LISTS,
    topology=st.sampled_from([{"dns": {"type": "None"}}, {"dns": {"type": "Public"}}]),
)


@given(ANY_MATRIX)
def test_every_rule_has_a_reason_and_legal_ports(rules: tuple[Rule, ...]) -> None:
    for rule in rules:
        assert rule.reason.strip()
        if rule.protocol in (Protocol.TCP, Protocol.UDP):
            assert rule.ports is not None
            assert 1 <= rule.ports[0] <= rule.ports[1] <= 65535


@given(ANY_MATRIX)
def test_no_rule_repeats_what_another_one_opens(rules: tuple[Rule, ...]) -> None:
    covered = [(a, b) for a in rules for b in rules if a is not b and firewall.covers(a, b)]
    assert covered == []


@given(LISTS, LISTS, LISTS, st.sampled_from([(), (API,), (API, BASTION)]))
def test_the_outside_comes_in_only_by_the_access_lists(
    api: list[str], ssh: list[str], node_ports: list[str], endpoints: tuple[Endpoint, ...]
) -> None:
    rules = matrix(
        Role.NODE,
        Role.BASTION,
        endpoints=endpoints,
        kubernetesApiAccess=api,
        sshAccess=ssh,
        nodePortAccess=node_ports,
    )
    inward = [rule for rule in rules if rule.source.kind in (PeerKind.CIDR, PeerKind.PREFIX_LIST)]
    assert {rule.source.name for rule in inward} <= {*api, *ssh, *node_ports, UTILITY}
    for rule in inward:
        lists = {443: api, 22: [*ssh, UTILITY], 30000: node_ports}
        if rule.protocol in (Protocol.TCP, Protocol.UDP):
            assert rule.source.name in lists[rule.ports[0] if rule.ports else -1]


@given(ANY_MATRIX)
def test_etcd_stays_out_of_the_nodes_reach(rules: tuple[Rule, ...]) -> None:
    node, control = firewall.role(Role.NODE), firewall.role(Role.CONTROL_PLANE)
    everything = any(r.protocol is Protocol.ALL and (r.source, r.target) == (node, control) for r in rules)
    for port in (2380, 2381, 4001, 4002):
        assert reaches(rules, node, control, port) is everything


@given(st.permutations(matrix(Role.NODE, Role.BASTION, endpoints=(API, BASTION), sshAccess=["192.0.2.0/24"])))
def test_the_matrix_does_not_depend_on_the_order_of_its_parts(rules: list[Rule]) -> None:
    assert firewall.minimal(rules) == firewall.minimal(sorted(rules, key=repr))


@given(PORTS, PORTS)
def test_a_range_covers_exactly_the_ranges_within(wide: tuple[int, int], narrow: tuple[int, int]) -> None:
    ends = (firewall.role(Role.NODE), firewall.role(Role.NODE))
    covered = firewall.covers(Rule(*ends, Protocol.TCP, wide, "a"), Rule(*ends, Protocol.TCP, narrow, "b"))
    assert covered == set(range(narrow[0], narrow[1] + 1)).issubset(range(wide[0], wide[1] + 1))


@pytest.mark.parametrize(
    ("more", "closed", "open_"),
    [
        ((), (2380, 2381, 4001, 4002), (2379, 2382, 4000, 4003, 443, 10250)),
        ((("cilium", 4003, 2382),), (2380, 2381, 2382, 4001, 4002), (2383, 4003)),
        ((("leases", 4004, 2383),), (2383, 4004), (2382, 4003, 4005)),
    ],
)
def test_nodes_reach_control_planes_but_not_etcd(
    more: tuple[tuple[str, int, int], ...], closed: tuple[int, ...], open_: tuple[int, ...]
) -> None:
    rules = matrix(Role.NODE, etcd=(*ETCD, *more))
    node, control = firewall.role(Role.NODE), firewall.role(Role.CONTROL_PLANE)
    assert [port for port in closed if reaches(rules, node, control, port)] == []
    assert [port for port in open_ if not reaches(rules, node, control, port)] == []


def test_api_servers_reach_etcd_as_clients_but_not_as_peers() -> None:
    rules = matrix(Role.NODE, Role.API_SERVER)
    server, control = firewall.role(Role.API_SERVER), firewall.role(Role.CONTROL_PLANE)
    assert all(reaches(rules, server, control, port) for port in (4001, 4002))
    assert not any(reaches(rules, server, control, port) for port in (2380, 2381))


def test_without_load_balancer_clients_reach_the_machines_that_serve_the_api() -> None:
    rules = matrix(Role.NODE, Role.API_SERVER, kubernetesApiAccess=["192.0.2.0/24"])
    client = firewall.outside("192.0.2.0/24")
    assert reaches(rules, client, firewall.role(Role.CONTROL_PLANE), 443)
    assert reaches(rules, client, firewall.role(Role.API_SERVER), 443)
    assert not reaches(rules, client, firewall.role(Role.NODE), 443)


def test_with_a_load_balancer_only_it_is_open_to_clients() -> None:
    rules = matrix(Role.NODE, endpoints=(API,), kubernetesApiAccess=["192.0.2.0/24"])
    client, front = firewall.outside("192.0.2.0/24"), firewall.balancer("api")
    assert reaches(rules, client, front, 443)
    assert not reaches(rules, client, firewall.role(Role.CONTROL_PLANE), 443)
    assert reaches(rules, front, firewall.role(Role.CONTROL_PLANE), 443)


def test_with_a_certificate_both_listeners_are_open() -> None:
    listeners = [Listener(443, 443, "tls", tls=True), Listener(8443, 443, "tcp")]
    rules = matrix(Role.NODE, endpoints=(endpoint("api", listeners, Role.CONTROL_PLANE),))
    client = firewall.outside("192.0.2.0/24")
    assert all(reaches(rules, client, firewall.balancer("api"), port) for port in (443, 8443))


def test_machine_listeners_are_not_open_to_people() -> None:
    listeners = [Listener(443, 443, "tcp"), Listener(4003, 4003, "etcd-cilium")]
    rules = matrix(Role.NODE, endpoints=(endpoint("api", listeners, Role.CONTROL_PLANE),))
    assert not reaches(rules, firewall.outside("192.0.2.0/24"), firewall.balancer("api"), 4003)
    assert reaches(rules, firewall.balancer("api"), firewall.role(Role.CONTROL_PLANE), 4003)


@pytest.mark.parametrize(("dns", "open_"), [("None", True), ("Public", False)])
def test_nodes_use_the_load_balancer_only_without_dns(dns: str, open_: bool) -> None:
    rules = matrix(Role.NODE, endpoints=(API,), topology={"dns": {"type": dns}})
    assert reaches(rules, firewall.role(Role.NODE), firewall.balancer("api"), 443) is open_


def test_ssh_is_closed_unless_a_list_opens_it() -> None:
    assert not [r for r in matrix(Role.NODE) if r.ports == (22, 22)]


def test_ssh_goes_through_bastions_when_there_are_any() -> None:
    operator = firewall.outside("192.0.2.9/32")
    direct = matrix(Role.NODE, sshAccess=["192.0.2.9/32"])
    through = matrix(Role.NODE, Role.BASTION, endpoints=(API, BASTION), sshAccess=["192.0.2.9/32"])
    assert reaches(direct, operator, firewall.role(Role.NODE), 22)
    assert not reaches(through, operator, firewall.role(Role.NODE), 22)
    assert reaches(through, operator, firewall.balancer("bastion"), 22)
    assert reaches(through, firewall.role(Role.BASTION), firewall.role(Role.CONTROL_PLANE), 22)


def test_bastions_without_load_balancer_take_ssh_themselves() -> None:
    rules = matrix(Role.NODE, Role.BASTION, sshAccess=["192.0.2.9/32"])
    assert reaches(rules, firewall.outside("192.0.2.9/32"), firewall.role(Role.BASTION), 22)


def test_node_ports_follow_the_api_servers_range() -> None:
    rules = matrix(Role.NODE, nodePortAccess=["192.0.2.0/24"], kubeAPIServer={"serviceNodePortRange": "28000-32767"})
    client, node = firewall.outside("192.0.2.0/24"), firewall.role(Role.NODE)
    for protocol in (Protocol.TCP, Protocol.UDP):
        assert reaches(rules, client, node, 28000, protocol)
        assert not reaches(rules, client, node, 27999, protocol)


def test_ipv6_clients_get_all_of_icmpv6_and_ipv4_clients_path_mtu_only() -> None:
    rules = matrix(Role.NODE, endpoints=(API,), kubernetesApiAccess=["192.0.2.0/24", "2001:db8::/48"])
    icmp = {
        (r.source.name, r.protocol, r.ports)
        for r in rules
        if r.source.kind is PeerKind.CIDR and r.protocol.value.startswith("icmp")
    }
    assert icmp == {("192.0.2.0/24", Protocol.ICMP, (3, 4)), ("2001:db8::/48", Protocol.ICMPV6, None)}


def test_prefix_lists_stay_prefix_lists() -> None:
    rules = matrix(Role.NODE, kubernetesApiAccess=["pl-0a1b2c"])
    assert {r.source.kind for r in rules if r.source.name == "pl-0a1b2c"} == {PeerKind.PREFIX_LIST}


def test_everything_may_go_out() -> None:
    rules = matrix(Role.NODE, Role.BASTION, endpoints=(API, BASTION))
    out = {(r.source.name, r.target.name) for r in rules if r.target.kind is PeerKind.CIDR}
    assert out == {(who, cidr) for who in ("control-plane", "node", "bastion", "api") for cidr in WORLD} | {
        ("bastion", cidr) for cidr in WORLD
    }
