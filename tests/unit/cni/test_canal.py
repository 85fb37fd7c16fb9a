"""Canal: policies by Calico's agent over flannel, Typha only where it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi import cni
from kops_pulumi.cni.parts import policies
from tests.support.specs import full


def canal(**settings: Any) -> tuple[Any, list[str], set[tuple[int, int] | None]]:
    """Its objects by kind and name, its findings, the ports that it opens."""
    resolved = full(networking={"canal": settings})
    plugin = cni.for_spec(resolved)
    [delivery] = plugin.deliveries(resolved)
    objects = {(d["kind"], d["metadata"]["name"]): d for d in delivery.source.documents}  # type: ignore[union-attr]
    return objects, [str(f) for f in plugin.validate(resolved)], {rule.ports for rule in plugin.rules(resolved)}


def test_one_pod_a_machine_has_flannel_and_calico_without_its_network() -> None:
    objects, found, ports = canal()
    assert (found, ports) == ([], {(8472, 8472)})
    pod = objects["DaemonSet", "canal"]["spec"]["template"]["spec"]
    agent, overlay = pod["containers"]
    values = {item["name"]: item.get("value") for item in agent["env"]}
    assert values["CALICO_NETWORKING_BACKEND"] == "none"
    assert values["CLUSTER_TYPE"] == "k8s,canal"
    assert overlay["args"][:2] == ["--ip-masq", "--kube-subnet-mgr"]
    mounted = {item["name"] for each in (*pod["initContainers"], agent, overlay) for item in each["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert ("Deployment", "calico-typha") not in objects
    assert ("Deployment", "calico-kube-controllers") in objects


def test_every_kind_that_agents_may_read_is_defined() -> None:
    objects, _, _ = canal()
    defined = {name for kind, name in objects if kind == "CustomResourceDefinition"}
    groups = (policies.GROUP, policies.STANDARD_GROUP)
    read = {
        f"{resource}.{group}"
        for role in ("canal", "calico-kube-controllers")
        for rule in objects["ClusterRole", role]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if group in groups
    }
    assert read == defined
    assert objects["CustomResourceDefinition", f"tiers.{policies.GROUP}"]["spec"]["scope"] == "Cluster"
    assert objects["CustomResourceDefinition", f"networksets.{policies.GROUP}"]["spec"]["scope"] == "Namespaced"


def test_typha_runs_as_often_as_it_is_asked_for_and_is_reachable() -> None:
    objects, found, ports = canal(typhaReplicas=3, typhaPrometheusMetricsEnabled=True)
    assert (found, ports) == ([], {(8472, 8472), (5473, 5473)})
    assert objects["Deployment", "calico-typha"]["spec"]["replicas"] == 3
    [agent, _] = objects["DaemonSet", "canal"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "FELIX_TYPHAK8SSERVICENAME", "value": "calico-typha"} in agent["env"]


@pytest.mark.parametrize("settings", [{"typhaPrometheusMetricsEnabled": True}, {"typhaPrometheusMetricsPort": 9193}])
def test_settings_of_a_typha_that_is_not_there_have_no_effect(settings: dict[str, Any]) -> None:
    _, [finding], _ = canal(**settings)
    assert finding.startswith(f"spec.networking.canal.{next(iter(settings))}: warning: it has no effect")
