"""Static pods of etcd members: fixed membership, certificates of two authorities, nothing open that need not be."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kops_pulumi.bootstrap import etcd
from kops_pulumi.bootstrap.node import NodeConfig
from tests.support.nodes import documents, node

HOME = "/opt/kops-pulumi/current/etcd"


def pod(found: NodeConfig, name: str = "main") -> dict[str, Any]:
    (document,) = documents(etcd.files(found), f"{HOME}/{name}.yaml")
    return document


def flags(found: NodeConfig, name: str = "main") -> dict[str, str]:
    program, *given = pod(found, name)["spec"]["containers"][0]["command"]
    assert program == "etcd"
    return dict(flag.removeprefix("--").split("=", 1) for flag in given)


def clusters(**settings: Any) -> dict[str, Any]:
    members = [{"name": zone, "instanceGroup": f"cp-{zone}"} for zone in "abc"]
    main = {"name": "main", "etcdMembers": members, **settings}
    return {"etcdClusters": [main, {"name": "events", "etcdMembers": members}]}


def test_only_machines_with_a_member_get_pods() -> None:
    assert sorted(etcd.files(node("cp-b"))) == [f"{HOME}/events.yaml", f"{HOME}/main.yaml"]
    assert etcd.files(node("apis")) == etcd.files(node("nodes")) == {}


def test_every_member_names_all_members_by_host_names_that_never_change() -> None:
    expected = ",".join(f"{zone}=https://etcd-{zone}.internal.mill.example.net:2380" for zone in "abc")
    assert {flags(node(f"cp-{zone}"))["initial-cluster"] for zone in "abc"} == {expected}
    assert flags(node("cp-c"))["name"] == "c"


def test_clusters_have_ports_and_tokens_of_their_own() -> None:
    main, events = flags(node()), flags(node(), "events")
    assert main["listen-client-urls"] == "https://127.0.0.1:4001,https://@machine(url-host)@:4001"
    assert events["listen-client-urls"] == "https://127.0.0.1:4002,https://@machine(url-host)@:4002"
    assert main["listen-peer-urls"] == "https://@machine(url-host)@:2380"
    assert events["listen-peer-urls"] == "https://@machine(url-host)@:2381"
    assert main["initial-cluster-token"] != events["initial-cluster-token"]


def test_nothing_but_health_and_metrics_on_loopback_goes_without_certificates() -> None:
    given = flags(node())
    listening = [url for name, urls in given.items() if name.startswith("listen-") for url in urls.split(",")]
    assert [url for url in listening if not url.startswith("https://")] == ["http://127.0.0.1:4101"]
    assert given["client-cert-auth"] == given["peer-client-cert-auth"] == "true"


def test_clients_and_peers_are_checked_against_authorities_of_their_own() -> None:
    given = flags(node())
    assert given["trusted-ca-file"] == "/etc/kubernetes/pki/etcd/etcd-clients-ca.crt"
    assert given["peer-trusted-ca-file"] == "/etc/kubernetes/pki/etcd/etcd-peers-ca-main.crt"
    cilium = clusters()
    cilium["etcdClusters"].append({**cilium["etcdClusters"][0], "name": "cilium"})
    found = node(cluster={**cilium, "networking": {"cilium": {"etcdManaged": True}}})
    assert flags(found, "cilium")["trusted-ca-file"] == "/etc/kubernetes/pki/etcd/etcd-clients-ca-cilium.crt"


def test_the_pod_sees_no_key_of_an_authority_and_needs_its_volume() -> None:
    volumes = {volume["hostPath"]["path"]: volume["hostPath"]["type"] for volume in pod(node())["spec"]["volumes"]}
    assert volumes["/mnt/etcd/main/data"] == "Directory"  # an empty one would be a second, empty member
    assert not [path for path in volumes if path.endswith(".key") or path in ("/etc/kubernetes/pki", "/etc/kubernetes")]
    assert volumes["/etc/hosts"] == "File"
    names = [volume["name"] for volume in pod(node())["spec"]["volumes"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("kubernetes", "known"), [("1.33.5", "experimental-"), ("1.36.1", "")])
def test_flags_follow_the_version_of_etcd(kubernetes: str, known: str) -> None:
    given = flags(node(cluster={"kubernetesVersion": kubernetes}))
    assert given[f"{known}watch-progress-notify-interval"] == "5s"
    assert ("feature-gates" in given) is (not known)


def test_tuning_of_the_manifest_reaches_the_member() -> None:
    found = node(
        cluster=clusters(
            heartbeatInterval="250ms",
            leaderElectionTimeout="2500ms",
            cpuRequest="300m",
            memoryRequest="1Gi",
            image="mirror.example.net/etcd:3.7.0-0",
            manager={
                "env": [{"name": "ETCD_LOG_LEVEL", "value": "warn"}],
                "listenMetricsURLs": ["http://10.0.0.1:9090"],
            },
        )
    )
    given, (container,) = flags(found), pod(found)["spec"]["containers"]
    assert (given["heartbeat-interval"], given["election-timeout"]) == ("250", "2500")
    assert given["listen-metrics-urls"] == "http://127.0.0.1:4101,http://10.0.0.1:9090"
    assert container["resources"]["requests"] == {"cpu": "300m", "memory": "1Gi"}
    assert container["image"] == "mirror.example.net/etcd:3.7.0-0"
    assert container["env"] == [{"name": "ETCD_LOG_LEVEL", "value": "warn"}]


def test_a_member_waits_for_its_peers_without_being_restarted() -> None:
    (container,) = pod(node())["spec"]["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def test_pods_are_plain_yaml_of_mode_600() -> None:
    for file in etcd.files(node()).values():
        assert file.mode == 0o600
        assert yaml.safe_load(file.content)["kind"] == "Pod"
