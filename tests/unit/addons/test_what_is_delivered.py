"""What the manifest says reaches charts and objects: versions, images, mirrors, sizes, identities, groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from kops_pulumi import addons, cni, pins
from kops_pulumi.components import late
from kops_pulumi.model import Chart, Delivery, Late, Manifest, Stage, plain
from kops_pulumi.plan.deliveries import needed
from kops_pulumi.resolve import versions
from kops_pulumi.resolve.full import FullSpec
from tests.contract.test_addon_contract import everything
from tests.support.specs import full, group

OWN = {"iam": {"useServiceAccountExternalPermissions": True}}
CLOUDS = ("aws", "gce", "openstack", "vsphere")


def delivered(spec: FullSpec) -> dict[str, Delivery]:
    return {item.name: item for addon in addons.enabled(spec) for item in addon.deliveries(spec)}


def values(name: str, cloud: str = "aws", **spec: Any) -> Any:
    source = delivered(full(cloud, **spec))[name].source
    assert isinstance(source, Chart)
    return source.values


def documents(delivery: Delivery, kind: str) -> list[Any]:
    assert isinstance(delivery.source, Manifest)
    return [item for item in delivery.source.documents if item["kind"] == kind]


def containers(delivery: Delivery) -> Iterator[dict[str, Any]]:
    for kind in ("Deployment", "DaemonSet"):
        for item in documents(delivery, kind):
            yield from item["spec"]["template"]["spec"]["containers"]


def env(delivery: Delivery) -> dict[str, Any]:
    return {item["name"]: item.get("value") for one in containers(delivery) for item in one.get("env", ())}


@pytest.mark.parametrize(
    ("spec", "name", "image"),
    [
        ({"metricsServer": {"enabled": True, "image": "example.org/ms:v9"}}, "metrics-server", "example.org/ms:v9"),
        ({"certManager": {"enabled": True, "image": "example.org/cm:v9"}}, "cert-manager", "example.org/cm:v9"),
        ({"nodeProblemDetector": {"enabled": True, "image": "a.org/n:v9"}}, "node-problem-detector", "a.org/n:v9"),
        (
            {"clusterAutoscaler": {"enabled": True, "image": "a.org/ca:v1.36.9"}},
            "cluster-autoscaler",
            "a.org/ca:v1.36.9",
        ),
        ({"cloudControllerManager": {"image": "a.org/ccm:v9"}}, "aws-cloud-controller-manager", "a.org/ccm:v9"),
        ({"kubeDNS": {"cpaImage": "a.org/cpa:v9"}}, "coredns-autoscaler", "a.org/cpa:v9"),
        ({"authentication": {"aws": {"image": "a.org/auth:v9"}}}, "aws-iam-authenticator", "a.org/auth:v9"),
    ],
)
def test_an_image_of_the_manifest_replaces_the_pinned_one(spec: dict[str, Any], name: str, image: str) -> None:
    found = delivered(full(**spec))[name]
    assert image in found.images
    assert pins.pin(found.name if found.name in pins.names() else name, "1.36.1").image not in found.images
    text = json.dumps(plain(found))
    assert image in text or all(part in text for part in image.rsplit(":", 1))


@pytest.mark.parametrize(
    ("spec", "name", "version"),
    [
        (
            {"awsLoadBalancerController": {"enabled": True, "version": "v3.2.1"}},
            "aws-load-balancer-controller",
            "v3.2.1",
        ),
        ({"cloudConfig": {"awsEBSCSIDriver": {"version": "v1.57.0"}}}, "aws-ebs-csi-driver", "v1.57.0"),
        ({"nodeTerminationHandler": {"version": "v1.25.4"}}, "node-termination-handler", "v1.25.4"),
        ({"clusterAutoscaler": {"enabled": True, "image": "a.org/ca:v1.35.2"}}, "cluster-autoscaler", "v1.35.2"),
    ],
)
def test_a_version_of_the_manifest_replaces_the_pinned_one(spec: dict[str, Any], name: str, version: str) -> None:
    found = delivered(full(**spec))[name]
    assert found.version == version
    assert any(image.endswith(f":{version}") for image in found.images)


def test_the_autoscaler_and_cloud_controllers_follow_kubernetes() -> None:
    for minor, of_cloud in ((33, "v1.33.0"), (36, "v1.36.1"), (37, "v1.36.1")):
        version = f"1.{minor}.0"
        components = versions.components(versions.parse(version), versions.OLDEST_DEFAULTS)  # type: ignore[arg-type]
        assert pins.pin("cluster-autoscaler", version).version == f"v{components.cluster_autoscaler}"
        found = delivered(full(kubernetesVersion=version))["aws-cloud-controller-manager"]
        assert found.version == of_cloud


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_image_comes_from_the_mirror(cloud: str) -> None:
    """Nothing that is written anywhere is still under its publisher's name."""
    assets = {"containerRegistry": "mirror.example.com/all"}
    for name, item in delivered(everything(cloud, assets=assets)).items():
        assert all("mirror.example.com" not in image for image in item.images), name
        text = json.dumps(plain(item.source))
        for image in item.images:
            repository = image.rpartition(":")[0]
            assert f'"{image}"' not in text, (name, image)
            assert f'"{repository}"' not in text, (name, repository)


def test_sizes_of_the_manifest_reach_the_pods() -> None:
    spec = {"nodeProblemDetector": {"enabled": True, "cpuRequest": "7m", "memoryLimit": "90Mi"}}
    (one,) = containers(delivered(full(**spec))["node-problem-detector"])
    assert one["resources"] == {"requests": {"cpu": "7m", "memory": "100Mi"}, "limits": {"memory": "90Mi"}}


def test_without_roles_for_accounts_the_machines_identity_counts() -> None:
    (deployment,) = documents(delivered(full())["aws-ebs-csi-driver"], "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert pod["hostNetwork"] is True
    assert "AWS_ROLE_ARN" not in env(delivered(full())["aws-ebs-csi-driver"])
    assert pod["nodeSelector"] == {"node-role.kubernetes.io/control-plane": ""}


def test_with_roles_for_accounts_a_token_for_the_account_is_mounted() -> None:
    (deployment,) = documents(delivered(full(**OWN))["aws-ebs-csi-driver"], "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert "hostNetwork" not in pod
    assert pod["serviceAccountName"] == "ebs-csi-controller-sa"
    (driver,) = [one for one in pod["containers"] if one["name"] == "driver"]
    assert {"name": "AWS_ROLE_ARN", "value": Late("role.kube-system/ebs-csi-controller-sa")} in driver["env"]
    (token,) = [volume for volume in pod["volumes"] if "projected" in volume]
    assert token["projected"]["sources"][0]["serviceAccountToken"]["audience"] == "amazonaws.com"
    assert token["name"] in {item["name"] for item in driver["volumeMounts"]}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_there_is_one_default_storage_class(cloud: str) -> None:
    classes = documents(delivered(full(cloud))["storage-classes"], "StorageClass")
    defaults = [item["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] for item in classes]
    assert defaults.count("true") == 1
    assert "storage-classes" not in delivered(full(cloud, cloudConfig={"manageStorageClasses": False}))


def test_the_manifest_names_the_default_class_on_gce() -> None:
    settings = {"gcpPDCSIDriver": {"defaultStorageClassName": "ssd-csi"}}
    classes = documents(delivered(full("gce", cloudConfig=settings))["storage-classes"], "StorageClass")
    marks = {item["metadata"]["name"]: next(iter(item["metadata"]["annotations"].values())) for item in classes}
    assert marks == {"balanced-csi": "false", "ssd-csi": "true", "standard-csi": "false"}


def test_a_driver_of_the_users_own_is_not_installed_but_has_its_classes() -> None:
    found = delivered(full(cloudConfig={"awsEBSCSIDriver": {"managed": False}}))
    assert "aws-ebs-csi-driver" not in found
    assert "storage-classes" in found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_a_snapshot_is_comes_before_the_driver_that_makes_them(cloud: str) -> None:
    found = list(delivered(everything(cloud)).values())
    (driver,) = [item for item in found if item.stage is Stage.CSI and "csi" in item.name and "class" not in item.name]
    assert "snapshot-definitions" in {item.name for item in needed(driver, found)}
    (definitions,) = [item for item in found if item.name == "snapshot-definitions"]
    assert needed(definitions, found) == ()


def test_nothing_waits_for_what_it_does_not_need() -> None:
    spec = everything(networking={"kubenet": {}})
    found = [*delivered(spec).values(), *cni.for_spec(spec).deliveries(spec)]
    at_once = {item.name for item in found if not needed(item, found)}
    assert {"storage-classes", "snapshot-definitions", "node-local-dns", "karpenter-crd"} <= at_once
    by_name = {item.name: item for item in found}
    assert {item.name for item in needed(by_name["metrics-server"], found)} <= {
        item.name for item in found if item.stage is Stage.CSI
    }
    assert "cert-manager" in {item.name for item in needed(by_name["pod-identity-webhook"], found)}


@pytest.mark.parametrize("cloud", ["openstack", "vsphere"])
def test_credentials_are_in_secrets_only_and_never_on_workers(cloud: str) -> None:
    for item in delivered(everything(cloud)).values():
        hidden = list(documents(item, "Secret") if isinstance(item.source, Manifest) else [])
        rest = (
            [d for d in item.source.documents if d["kind"] != "Secret"]
            if isinstance(item.source, Manifest)
            else [item.source.values]
            if isinstance(item.source, Chart)
            else []
        )
        assert not late.names(rest) & {"cloud-config", "csi-config"}, item.name
        names = {secret["metadata"]["name"] for secret in hidden}
        for daemons in documents(item, "DaemonSet") if isinstance(item.source, Manifest) else ():
            pod = daemons["spec"]["template"]["spec"]
            mounted = {volume["secret"]["secretName"] for volume in pod.get("volumes", ()) if "secret" in volume}
            assert not mounted & names or "node-role.kubernetes.io/control-plane" in pod["nodeSelector"], item.name


def test_a_secure_metrics_server_verifies_both_sides() -> None:
    secure = {"metricsServer": {"enabled": True, "insecure": False}, "certManager": {"enabled": True}}
    found = values("metrics-server", **secure)
    assert found["apiService"]["insecureSkipTLSVerify"] is False
    assert found["tls"]["type"] == "cert-manager"
    assert not any("insecure" in item for item in found["args"])
    assert "--kubelet-insecure-tls" in values("metrics-server", metricsServer={"enabled": True})["args"]


class TestClusterAutoscaler:
    groups = (
        group("cp-a", "ControlPlane"),
        group("quick", "Node", minSize=1, maxSize=5, autoscalePriority=10),
        group("spot", "Node", minSize=0, maxSize=9, autoscalePriority=50),
        group("fixed", "Node", autoscale=False),
        group("burst", "Node", manager="Karpenter"),
    )

    def values(self, cloud: str = "aws", groups: Any = None, **settings: Any) -> Any:
        spec = full(cloud, groups or self.groups, clusterAutoscaler={"enabled": True, **settings})
        source = delivered(spec)["cluster-autoscaler"].source
        assert isinstance(source, Chart)
        return source.values

    def test_scales_groups_of_nodes_but_those_the_manifest_excludes(self) -> None:
        found = [(item["name"], item["minSize"], item["maxSize"]) for item in self.values()["autoscalingGroups"]]
        assert found == [(Late("group.quick"), 1, 5), (Late("group.spot"), 0, 9)]

    def test_shares_a_group_out_over_its_zones_where_each_has_a_group(self) -> None:
        groups = (group("cp-a", "ControlPlane"), group("n", "Node", minSize=1, maxSize=5, zones=["b", "a"]))
        found = [(i["name"].name, i["minSize"], i["maxSize"]) for i in self.values("gce", groups)["autoscalingGroups"]]
        assert found == [("group.n/a", 1, 3), ("group.n/b", 0, 2)]

    def test_priorities_come_from_the_groups(self) -> None:
        found = self.values(expander="priority")["expanderPriorities"]
        assert yaml.safe_load(found) == {10: ["^@late(group.quick)@$"], 50: ["^@late(group.spot)@$"]}

    def test_priorities_of_the_manifest_come_first(self) -> None:
        own = {"100": ["quick.*"], "1": [".*"]}
        found = self.values(expander="priority", customPriorityExpanderConfig=own)["expanderPriorities"]
        assert yaml.safe_load(found) == {100: ["quick.*"], 1: [".*"]}

    def test_a_priority_that_is_no_number_is_refused(self) -> None:
        settings = {"enabled": True, "expander": "priority", "customPriorityExpanderConfig": {"high": [".*"]}}
        (addon,) = [addon for addon in addons.REGISTRY if addon.name == "cluster-autoscaler"]
        (finding,) = addon.validate(full(clusterAutoscaler=settings))
        assert finding.dotted == "spec.clusterAutoscaler.customPriorityExpanderConfig.high"
        assert finding.message == "the priority 'high' is no number"

    @pytest.mark.parametrize(
        "settings", [{"expander": "random"}, {"expander": "priority", "createPriorityExpanderConfig": False}]
    )
    def test_no_priorities_are_written_unless_asked_for(self, settings: dict[str, Any]) -> None:
        assert self.values(**settings)["expanderPriorities"] == {}

    def test_every_setting_is_a_flag(self) -> None:
        found = self.values(
            balanceSimilarNodeGroups=True,
            skipNodesWithSystemPods=False,
            scaleDownUnneededTime="7m0s",
            expander="least-waste",
        )["extraArgs"]
        assert found["balance-similar-node-groups"] == "true"
        assert found["skip-nodes-with-system-pods"] == "false"
        assert found["scale-down-unneeded-time"] == "7m0s"
        assert found["expander"] == "least-waste"


class TestTerminationHandler:
    def test_at_the_queue_it_is_a_deployment_that_knows_its_url(self) -> None:
        found = delivered(full())["node-termination-handler"]
        assert documents(found, "Deployment")
        assert env(found)["QUEUE_URL"] == Late("queue.url")
        assert env(found)["ENABLE_SQS_TERMINATION_DRAINING"] == "true"

    def test_at_the_metadata_it_runs_everywhere_without_any_right_in_the_cloud(self) -> None:
        found = delivered(full(nodeTerminationHandler={"enableSQSTerminationDraining": False}, **OWN))
        handler = found["node-termination-handler"]
        (daemons,) = documents(handler, "DaemonSet")
        assert daemons["spec"]["template"]["spec"]["hostNetwork"] is True
        assert "QUEUE_URL" not in env(handler)
        assert late.wanted([handler]) == ()

    def test_every_setting_is_a_variable(self) -> None:
        settings = {"enableRebalanceDraining": True, "excludeFromLoadBalancers": False, "podTerminationGracePeriod": 30}
        found = env(delivered(full(nodeTerminationHandler=settings))["node-termination-handler"])
        assert found["ENABLE_REBALANCE_DRAINING"] == "true"
        assert found["EXCLUDE_FROM_LOAD_BALANCERS"] == "false"
        assert found["POD_TERMINATION_GRACE_PERIOD"] == "30"


class TestKarpenter:
    def pools(self, **group_spec: Any) -> Delivery:
        groups = (group("cp-a", "ControlPlane"), group("burst", "Node", manager="Karpenter", **group_spec))
        return delivered(full("aws", groups, karpenter={"enabled": True}, **OWN))["karpenter-pools"]

    def test_a_group_becomes_a_class_and_a_pool_of_the_plans_machines(self) -> None:
        (node_class,) = documents(self.pools(machineType="m7i.large"), "EC2NodeClass")
        spec = node_class["spec"]
        assert spec["amiSelectorTerms"] == [{"id": Late("image.burst")}]
        assert spec["userData"] == Late("user-data.burst")
        assert spec["instanceProfile"] == "nodes.orchard.example.com"
        assert spec["subnetSelectorTerms"] == [{"id": Late("subnet.a")}]
        assert spec["tags"]["KubernetesCluster"] == "orchard.example.com"
        assert spec["tags"]["kops.k8s.io/instancegroup"] == "burst"
        assert spec["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }

    def test_the_pool_has_the_groups_types_taints_labels_and_size(self) -> None:
        settings = {"taints": ["team=web:NoSchedule"], "nodeLabels": {"tier": "web", "kubernetes.io/os": "x"}}
        (pool,) = documents(self.pools(machineType="m7i.large", maxSize=10, **settings), "NodePool")
        template = pool["spec"]["template"]
        assert template["spec"]["taints"] == [{"key": "team", "value": "web", "effect": "NoSchedule"}]
        assert template["metadata"]["labels"] == {"kops.k8s.io/instancegroup": "burst", "tier": "web"}
        assert pool["spec"]["limits"] == {"nodes": "10"}
        wanted = {item["key"]: item["values"] for item in template["spec"]["requirements"]}
        assert wanted["node.kubernetes.io/instance-type"] == ["m7i.large"]

    def test_without_a_type_any_machine_that_runs_the_image_will_do(self) -> None:
        (pool,) = documents(self.pools(), "NodePool")
        keys = {item["key"] for item in pool["spec"]["template"]["spec"]["requirements"]}
        assert "node.kubernetes.io/instance-type" not in keys

    def test_feature_gates_are_spelled_as_the_chart_does(self) -> None:
        found = values(
            "karpenter", karpenter={"enabled": True, "featureGates": "StaticCapacity=true,NodeRepair=false"}, **OWN
        )
        assert found["settings"]["featureGates"] == {"staticCapacity": True, "nodeRepair": False}


def test_the_webhook_knows_the_manifests_roles() -> None:
    entries = [{"name": "web", "namespace": "shop"}, {"name": "*", "namespace": "lab"}]
    spec = everything(iam={"useServiceAccountExternalPermissions": True, "serviceAccountExternalPermissions": entries})
    (config,) = documents(delivered(spec)["pod-identity-webhook"], "ConfigMap")
    assert list(json.loads(config["data"]["config"])) == ["shop/web"]
    assert "@late(role.shop/web)@" in config["data"]["config"]


def test_mappings_of_the_authenticator_need_its_own_kind_of_objects() -> None:
    mapping = {"arn": "arn:aws:iam::123456789012:role/Ops", "username": "ops", "groups": ["system:masters"]}
    settings = {"aws": {"backendMode": "CRD", "identityMappings": [mapping]}}
    found = delivered(full(authentication=settings))["aws-iam-authenticator"]
    (item,) = documents(found, "IAMIdentityMapping")
    assert item["metadata"]["name"] == "ops"
    assert item["spec"] == mapping
    assert documents(found, "CustomResourceDefinition")
    assert not documents(delivered(full(authentication={"aws": {}}))["aws-iam-authenticator"], "IAMIdentityMapping")


def test_the_cache_asks_coredns_for_names_of_the_cluster_only() -> None:
    spec = full(kubeDNS={"serverIP": "100.64.0.10", "nodeLocalDNS": {"enabled": True}})
    (config,) = documents(delivered(spec)["node-local-dns"], "ConfigMap")
    text = config["data"]["Corefile"]
    assert text.count("forward . 100.64.0.10") == 3
    assert text.count("forward . /etc/resolv.conf") == 1
    assert text.count("health ") == 1


def test_gpus_are_for_the_groups_that_have_the_driver() -> None:
    groups = (
        group("cp-a", "ControlPlane"),
        group("gpus", "Node", containerd={"nvidiaGPU": {"enabled": True, "dcgmExporter": {"enabled": True}}}),
        group("plain", "Node"),
    )
    found = delivered(full("aws", groups))["nvidia-device-plugin"]
    for daemons in documents(found, "DaemonSet"):
        assert '"gpus"' in json.dumps(daemons["spec"]["template"]["spec"]["affinity"])
        assert '"plain"' not in json.dumps(daemons)
    assert len(documents(found, "DaemonSet")) == 2


def test_external_dns_is_refused_where_it_cannot_write() -> None:
    (finding,) = [
        finding
        for addon in addons.REGISTRY
        for finding in addon.validate(full("openstack", externalDns={"provider": "external-dns"}))
    ]
    assert finding.dotted == "spec.externalDns.provider"
    assert finding.message == "external-dns cannot write to the DNS of openstack"


def test_dns_names_are_written_in_the_clusters_zone_only() -> None:
    (by_name,) = containers(delivered(full(dnsZone="example.com"))["dns-controller"])
    assert "--domain-filter=example.com" in by_name["args"]
    (by_id,) = containers(delivered(full(dnsZone="Z1ORCHARD"))["dns-controller"])
    assert "--zone-id-filter=Z1ORCHARD" in by_id["args"]


def test_the_cloud_controller_makes_routes_for_kubenet_only() -> None:
    for networking, routes in (({"kubenet": {}}, "true"), ({"cilium": {}}, "false")):
        (one,) = containers(
            delivered(full(networking=networking, podCIDR="100.96.0.0/11"))["aws-cloud-controller-manager"]
        )
        assert f"--configure-cloud-routes={routes}" in one["args"]


def test_aws_options_reach_the_cloud_controllers_file() -> None:
    cloud = {"disableSecurityGroupIngress": True, "elbSecurityGroup": "sg-1", "nodeIPFamilies": ["ipv6", "ipv4"]}
    (config,) = documents(delivered(full(cloudConfig=cloud))["aws-cloud-controller-manager"], "ConfigMap")
    assert config["data"]["cloud.conf"].splitlines() == [
        "[global]",
        "DisableSecurityGroupIngress = true",
        "ElbSecurityGroup = sg-1",
        "NodeIPFamilies = ipv6",
        "NodeIPFamilies = ipv4",
    ]
