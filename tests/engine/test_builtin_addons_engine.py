"""Built-in add-ons through the real engine: all in the first preview, and a change of one previews just that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from kops_pulumi import pipeline, rehearsal
from kops_pulumi.components import Cluster
from tests.engine.conftest import Stacks

NAME = "many.lab.example.org"
ADDONS = f"{NAME}-addons"
SPEC: dict[str, Any] = {
    "cloudProvider": "aws",
    "configBase": f"s3://lab-clusters/{NAME}",
    "kubernetesVersion": "1.36.1",
    "networking": {"cni": {}},
    "iam": {"useServiceAccountExternalPermissions": True},
    "serviceAccountIssuerDiscovery": {"discoveryStore": f"s3://lab-oidc/{NAME}", "enableAWSOIDCProvider": True},
    "awsLoadBalancerController": {"enabled": True},
    "certManager": {"enabled": True},
    "clusterAutoscaler": {"enabled": True, "expander": "priority"},
    "metricsServer": {"enabled": True},
    "podIdentityWebhook": {"enabled": True},
    "snapshotController": {"enabled": True},
    "networkCIDR": "10.42.0.0/16",
    "kubernetesApiAccess": ["198.51.100.0/24"],
    "sshAccess": [],
    "subnets": [{"name": "eu-west-1a", "zone": "eu-west-1a", "type": "Public", "cidr": "10.42.32.0/19"}],
    "etcdClusters": [
        {"name": name, "etcdMembers": [{"name": "a", "instanceGroup": "control-plane-a"}]}
        for name in ("main", "events")
    ],
}


def documents(**changes: Any) -> list[dict[str, Any]]:
    header = {"apiVersion": "kops.k8s.io/v1alpha2"}
    labels = {"kops.k8s.io/cluster": NAME}
    machines = {"image": "ami-0aaaaaaaaaaaaaaa1", "machineType": "t3.medium", "subnets": ["eu-west-1a"]}
    groups = [
        {
            **header,
            "kind": "InstanceGroup",
            "metadata": {"name": name, "labels": labels},
            "spec": {"role": role, **machines},
        }
        for name, role in (("control-plane-a", "Master"), ("nodes", "Node"))
    ]
    return [{**header, "kind": "Cluster", "metadata": {"name": NAME}, "spec": {**SPEC, **changes}}, *groups]


@pytest.fixture
def manifest(world: rehearsal.World, tmp_path: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml.safe_dump_all(documents()))
    rehearsal.seed(world.store, pipeline.load([path]).plan)
    return path


def deploy(manifest: Path) -> Callable[[], None]:
    def run() -> None:
        for name, value in Cluster(NAME, {"manifest": str(manifest), "protect": False}).outputs.items():
            pulumi.export(name, value)

    return run


def test_turning_one_on_off_or_to_another_version_previews_just_that(
    world: rehearsal.World, deployment: Stacks, manifest: Path
) -> None:
    stack = deployment(deploy(manifest))
    planned = stack.preview()
    assert planned.errors == ""
    made = stack.up()
    assert made.errors == ""
    assert planned.changes == made.changes, "all of it is in the first preview"
    assert stack.preview().changes == {}

    (release,) = [i for i in world.store.objects("kubernetes:helm.sh/v3:Release") if "autoscaler" in i.id]
    values = release.inputs["values"]
    assert [item["name"] for item in values["autoscalingGroups"]] == [f"nodes.{NAME}"]
    assert yaml.safe_load(values["expanderPriorities"]) == {0: [f"^nodes.{NAME}$"]}
    assert ":role/cluster-autoscaler.kube-system.sa." in values["extraEnv"]["AWS_ROLE_ARN"]
    (handler,) = [i for i in world.store.objects("kubernetes:apps/v1:Deployment") if "termination-handler" in i.id]
    (container,) = handler.inputs["spec"]["template"]["spec"]["containers"]
    assert next(e["value"] for e in container["env"] if e["name"] == "QUEUE_URL").endswith("-nth")

    changed = documents(
        awsLoadBalancerController={"enabled": True, "version": "v3.2.1"},
        metricsServer={"enabled": False},
        nodeProblemDetector={"enabled": True},
    )
    manifest.write_text(yaml.safe_dump_all(changed))
    preview = stack.preview()
    assert preview.errors == ""
    detector = {name: done for name, done in preview.changes.items() if "node-problem-detector" in name}
    rest = {name: done for name, done in preview.changes.items() if name not in detector}
    assert set(detector.values()) == {"create"}
    assert f"{ADDONS}-node-problem-detector-kube-system-node-problem-detector" in " ".join(detector)
    assert rest.pop(ADDONS, "update") == "update"
    assert rest == {f"{ADDONS}-aws-load-balancer-controller": "update", f"{ADDONS}-metrics-server": "delete"}
    assert stack.up().errors == ""
    assert stack.preview().changes == {}
    assert stack.destroy().errors == ""
    assert world.store.objects(adopted=False) == []
