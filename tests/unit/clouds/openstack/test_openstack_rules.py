"""OpenStack's own part of a manifest: options, findings, first manifests, cloud.conf, access rules."""

from __future__ import annotations

import configparser
from typing import Any

import pytest

from kops_pulumi import pipeline, spec, starter
from kops_pulumi.clouds.openstack import cloudconf, options, verbs
from kops_pulumi.errors import ManifestError
from kops_pulumi.model import ClusterPlan, Permission
from tests.support import clouds
from tests.support.clouds.openstack import ROW

CONFIG = "spec.cloudConfig.openstack"


def planned(notes: dict[str, str] | None = None, **config: Any) -> pipeline.Planned:
    """One control plane and nodes, with annotations on the nodes and more of `cloudConfig.openstack`."""
    documents = clouds.laid_over(ROW, {"cloudConfig": {"openstack": config}})
    documents[-1]["metadata"]["annotations"] = notes or {}
    return clouds.planned(documents)


def said(notes: dict[str, str] | None = None, **config: Any) -> list[str]:
    """Findings about OpenStack: path and message."""
    try:
        found = planned(notes, **config).findings
    except ManifestError as error:
        found = error.findings
    own = (f for f in found if "openstack" in f.dotted)
    return [f"{finding.dotted}: {finding.message}" for finding in own]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"loadbalancer": {"method": "RANDOM"}}, "loadbalancer.method: 'RANDOM' is not a balancing method"),
        (
            {"loadbalancer": {"provider": "ovn", "method": "ROUND_ROBIN"}},
            "loadbalancer.method: the ovn provider does not know ROUND_ROBIN",
        ),
        ({"loadbalancer": {"useOctavia": False}}, "loadbalancer.useOctavia: Octavia is the only load balancer left"),
        (
            {"monitor": {"delay": "5s", "timeout": "5s"}},
            "monitor.timeout: a check may not take as long as the time between two",
        ),
        ({"monitor": {"maxRetries": 11}}, "monitor.maxRetries: 11 retries"),
        (
            {"insecureSkipVerify": True},
            "insecureSkipVerify: credentials are sent to whoever answers in the cloud's name",
        ),
    ],
)
def test_options_that_its_services_refuse_are_found(config: dict[str, Any], message: str) -> None:
    assert said(**config) == [f"{CONFIG}.{message}"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("serverGroupAffinity", "apart", "'apart' is not a server group policy"),
        ("osVolumeBoot", "maybe", "'maybe' is neither true nor false"),
        ("osVolumeSize", "10G", "'10G' is no size"),
        ("allowedAddressPair/0", "192.168.0.0/99", "'192.168.0.0/99' is neither an address nor a range"),
        ("allowedAddressPair/0", "192.168.0.0/16,12:34", "'12:34' is not a MAC address"),
    ],
)
def test_annotations_that_mean_nothing_are_found(key: str, value: str, message: str) -> None:
    (found,) = said({f"openstack.kops.io/{key}": value})
    assert found.endswith(f": {message}")


def test_groups_that_share_a_server_group_agree_about_it() -> None:
    documents = clouds.documents(ROW, 3)
    documents[1]["metadata"]["annotations"] = {options.AFFINITY: "soft-anti-affinity"}
    with pytest.raises(ManifestError, match="is soft-anti-affinity already, by another instance group"):
        clouds.planned(documents)


def test_credentials_without_rules_are_warned_about() -> None:
    documents = clouds.documents(ROW)
    documents[0]["metadata"]["annotations"] = {options.ACCESS_RULES: "Disabled"}
    found = clouds.planned(documents)
    assert [f.message for f in found.findings if options.ACCESS_RULES in f.dotted] == [
        "each machine's credential may do everything that you may in the project: workers can read every key"
    ]
    assert found.plan.options.access_rules is False


def test_annotations_of_a_group_become_its_options() -> None:
    notes = {
        "openstack.kops.io/osVolumeBoot": "true",
        "openstack.kops.io/osVolumeSize": "10",
        "openstack.kops.io/serverGroupAffinity": "soft-anti-affinity",
        "openstack.kops.io/serverGroupName": "web",
        "openstack.kops.io/allowedAddressPair/b": "10.123.0.10,12:34:56:78:90:AB",
        "openstack.kops.io/allowedAddressPair/a": "192.168.0.0/16",
    }
    (nodes,) = [group for group in planned(notes).plan.groups if group.name == "nodes"]
    own: options.OpenStackGroup = nodes.options
    assert (own.affinity, own.server_group) == ("soft-anti-affinity", "harbor.example.net-web")
    assert (own.boot_from_volume, own.boot_volume_size) == (True, 10)
    assert [(pair.address, pair.mac) for pair in own.address_pairs] == [
        ("192.168.0.0/16", None),
        ("10.123.0.10", "12:34:56:78:90:AB"),
    ]


def test_control_planes_share_a_server_group_and_others_do_not() -> None:
    plan = clouds.planned(clouds.documents(ROW, 3)).plan
    assert {g.options.server_group.removeprefix("harbor.example.net-"): g.options.affinity for g in plan.groups} == {
        "control-plane": "anti-affinity",
        "nodes": "anti-affinity",
    }


def conf(plan: ClusterPlan) -> configparser.ConfigParser:
    deployed = cloudconf.Deployed("https://keystone/v3", "r1", "id-1", "token-secret", "net-1", "subnet-1")
    parser = configparser.ConfigParser(strict=False)
    parser.read_string(cloudconf.text(plan.options, deployed))
    return parser


def test_cloud_conf_says_what_the_manifest_says() -> None:
    config: dict[str, Any] = {
        "loadbalancer": {
            "provider": "ovn",
            "flavorID": "f-1",
            "floatingSubnet": "public-v4",
            "enableIngressHostname": True,
        },
        "monitor": {"delay": "1m", "timeout": "30s", "maxRetries": 5},
        "blockStorage": {"ignore-volume-az": True},
        "network": {"publicNetworkNames": ["one", "two"], "ipv6SupportDisabled": True},
    }
    parser = conf(planned(**config).plan)
    assert dict(parser["Global"]) == {
        "auth-url": "https://keystone/v3",
        "application-credential-id": "id-1",
        "application-credential-secret": "token-secret",
        "region": "r1",
    }
    assert dict(parser["LoadBalancer"]) == {
        "floating-network-id": "net-1",
        "floating-subnet": "public-v4",
        "subnet-id": "subnet-1",
        "lb-method": "SOURCE_IP_PORT",
        "lb-provider": "ovn",
        "flavor-id": "f-1",
        "create-monitor": "true",
        "monitor-delay": "60s",
        "monitor-timeout": "30s",
        "monitor-max-retries": "5",
        "manage-security-groups": "true",
        "enable-ingress-hostname": "true",
    }
    assert parser["BlockStorage"]["ignore-volume-az"] == "true"
    assert parser["Networking"]["public-network-name"] == "two"


def test_every_public_network_is_named() -> None:
    plan = planned(network={"publicNetworkNames": ["one", "two"]}).plan
    text = cloudconf.text(plan.options, cloudconf.Deployed("u", "r", "i", "s", None, "subnet"))
    assert "public-network-name=one\npublic-network-name=two\n" in text


def test_access_rules_of_a_machine_are_of_the_store_alone_and_name_no_other_cluster() -> None:
    plan = clouds.planned(clouds.documents(ROW)).plan
    for identity in plan.identities:
        rules = verbs.of_machine(identity.permissions, "swift")
        assert {rule.service for rule in rules} <= {"object-store"}
        assert {rule.method for rule in rules} <= {"GET", "PUT"}
        whole = "/v1/*/harbor-state"
        assert [r for r in rules if not r.path.startswith(f"{whole}/harbor.example.net/") and r.path != whole] == []


def test_controllers_may_balance_and_attach_but_touch_no_server_and_no_object() -> None:
    rules = verbs.of_cluster(
        [Permission("load-balancers.manage"), Permission("volumes.manage"), Permission("machines.describe")]
    )
    assert {rule.service for rule in rules} == {"compute", "network", "load-balancer", "volumev3"}
    changing = {rule.path for rule in rules if rule.service == "compute" and rule.method != "GET"}
    assert {path for path in changing if "os-volume_attachments" not in path} == set()


def wishes(**more: Any) -> starter.Wishes:
    usual = {"image": "ubuntu", "node_size": "m1", "control_plane_size": "m1", "private": True}
    return starter.Wishes("c.example.org", "openstack", ("nova",), **{**usual, **more})


def test_kopss_flags_become_manifest() -> None:
    flags = {
        "os_ext_net": "public",
        "os_ext_subnet": "public-v4",
        "os_lb_floating_subnet": "public-v4",
        "os_octavia_provider": "ovn",
        "os_dns_servers": "192.0.2.1,192.0.2.2",
        "os_kubelet_ignore_az": True,
        "os_network": "7f7e4a1b-6f0c-4c0e-9a53-2f5d3b0a1c11",
    }
    (cluster, *groups) = starter.write(wishes(options=flags, bastion=True, network_cidr="10.0.0.0/16"))
    assert cluster["spec"]["cloudConfig"]["openstack"] == {
        "router": {"externalNetwork": "public", "externalSubnet": "public-v4", "dnsServers": "192.0.2.1,192.0.2.2"},
        "loadbalancer": {"floatingSubnet": "public-v4", "provider": "ovn"},
        "blockStorage": {"ignore-volume-az": True},
    }
    assert cluster["spec"]["networkID"] == flags["os_network"]
    assert [(group["metadata"]["name"], group["spec"]["machineType"]) for group in groups][-1] == ("bastions", "m1")
    assert {name for group in groups for name in group["spec"]["subnets"]} == {"nova"}
    assert "region" not in cluster["spec"]["subnets"][0]


def test_a_first_manifest_is_one_that_plans() -> None:
    import yaml

    from kops_pulumi import manifest

    text = yaml.safe_dump_all(starter.write(wishes(options={"os_ext_net": "public"})))
    assert pipeline.run(spec.parse(manifest.loads(text, "first"))).plan.endpoint("api")
