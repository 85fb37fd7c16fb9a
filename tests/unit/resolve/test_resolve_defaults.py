"""Defaults: what an absent field becomes, and that what the user wrote always stays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from kops_pulumi import clouds, manifest, spec
from kops_pulumi.resolve import Resolution, resolve
from kops_pulumi.resolve.defaults import addons, components
from kops_pulumi.resolve.fill import _model_of

Resolved = Callable[..., Resolution]


def _spec(resolution: Resolution) -> Any:
    assert resolution.full is not None
    return resolution.full.cluster.spec


def _group(resolution: Resolution, name: str) -> Any:
    assert resolution.full is not None
    return next(group.spec for group in resolution.full.groups if group.metadata.name == name)


def test_the_users_models_are_never_changed(sound: Callable[[], list[dict[str, Any]]]) -> None:
    parsed = spec.parse(manifest.from_data(sound()))
    before = copy.deepcopy(spec.dump(parsed.cluster)), [spec.dump(group) for group in parsed.groups]
    resolve(parsed, clouds.get("aws"))
    assert (spec.dump(parsed.cluster), [spec.dump(group) for group in parsed.groups]) == before


def test_what_the_user_wrote_wins(resolved: Resolved) -> None:
    spec_ = _spec(
        resolved(
            {"spec.kubelet.logLevel": 9, "spec.podCIDR": "100.112.0.0/12", "spec.authorization": {"alwaysAllow": {}}}
        )
    )
    assert (spec_.kubelet.log_level, spec_.pod_cidr) == (9, "100.112.0.0/12")
    assert spec_.authorization.rbac is None
    assert spec_.kube_api_server.authorization_mode == "AlwaysAllow"


def test_resolving_twice_changes_nothing(resolved: Resolved, sound: Callable[[], list[dict[str, Any]]]) -> None:
    first = resolved().full
    assert first is not None
    documents = [spec.dump(first.cluster), *(spec.dump(group) for group in first.groups)]
    second = resolve(spec.parse(manifest.from_data(documents)), clouds.get("aws")).full
    assert second is not None
    assert second.cluster == first.cluster
    assert second.groups == first.groups


def test_order_of_groups_and_fields_does_not_matter(sound: Callable[[], list[dict[str, Any]]]) -> None:
    def turned(value: Any) -> Any:
        return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    documents = sound()
    one = resolve(spec.parse(manifest.from_data(documents)), clouds.get("aws")).full
    other = resolve(spec.parse(manifest.from_data([turned(d) for d in documents[::-1]])), clouds.get("aws")).full
    assert one == other


def test_a_manifest_without_a_date_has_the_defaults_of_the_oldest_row(resolved: Resolved) -> None:
    dated = resolved({"metadata.annotations": {"kops.k8s.io/defaults-version": "2026-11-01"}})
    assert _spec(dated) == _spec(resolved())


@pytest.mark.parametrize(
    ("networking", "non_masquerade", "services", "pods"),
    [
        ({"calico": {}}, "100.64.0.0/10", "100.64.0.0/13", "100.96.0.0/11"),
        ({"amazonvpc": {}}, "172.20.0.0/16", "172.20.0.0/19", None),
        ({"cilium": {"ipam": "eni"}}, "100.64.0.0/10", "100.64.0.0/13", None),
    ],
)
def test_pods_and_services_share_the_address_plan_of_their_plug_in(
    resolved: Resolved, networking: dict[str, Any], non_masquerade: str, services: str, pods: str | None
) -> None:
    spec_ = _spec(resolved({"spec.networking": networking}))
    assert (spec_.non_masquerade_cidr, spec_.service_cluster_ip_range, spec_.pod_cidr) == (
        non_masquerade,
        services,
        pods,
    )


def test_ipv6_clusters_have_a_range_of_services_and_none_of_pods(resolved: Resolved) -> None:
    spec_ = _spec(resolved({"spec.nonMasqueradeCIDR": "::/0"}))
    assert (spec_.service_cluster_ip_range, spec_.pod_cidr) == ("fd00:5e4f:ce::/108", None)
    assert spec_.kubelet.cluster_dns == "fd00:5e4f:ce::a"
    assert spec_.networking.calico.encapsulation_mode == "none"


def test_alias_addresses_are_cut_from_ten_slash_eight(resolved: Resolved) -> None:
    spec_ = _spec(resolved({"spec.networking": {"gce": {}}}, cloud="gce"))
    ranges = (spec_.subnets[0].cidr, spec_.service_cluster_ip_range, spec_.pod_cidr)
    assert ranges == ("10.0.32.0/19", "10.1.0.0/16", "10.4.0.0/14")


def test_the_api_of_private_control_planes_gets_a_load_balancer(resolved: Resolved) -> None:
    private = _spec(resolved({"spec.api": None})).api
    assert (private.load_balancer.type, private.load_balancer.class_, private.dns) == ("Public", "Network", None)
    public = {f"spec.subnets.{index}.type": "Public" for index in range(3)}
    assert _spec(resolved({"spec.api": None, **public})).api.load_balancer is None


def test_access_is_closed_unless_the_manifest_opens_it(resolved: Resolved) -> None:
    spec_ = _spec(resolved({"spec.sshAccess": None, "spec.kubernetesApiAccess": None}))
    assert (spec_.ssh_access, spec_.kubernetes_api_access, spec_.node_port_access) == ([], [], [])


@pytest.mark.parametrize(("version", "etcd"), [("1.33.1", "3.5.31"), ("1.36.0", "3.6.12"), ("1.37.0", "3.7.0")])
def test_etcd_follows_kubernetes(resolved: Resolved, version: str, etcd: str) -> None:
    assert {cluster.version for cluster in _spec(resolved({"spec.kubernetesVersion": version})).etcd_clusters} == {etcd}


def test_one_chosen_etcd_version_counts_for_all_clusters(resolved: Resolved) -> None:
    spec_ = _spec(resolved({"spec.etcdClusters.0.version": "3.6.4"}))
    assert {cluster.version for cluster in spec_.etcd_clusters} == {"3.6.4"}


def test_etcd_disks_are_encrypted_fast_and_backed_up(resolved: Resolved) -> None:
    main = _spec(resolved()).etcd_clusters[0]
    member = main.etcd_members[0]
    assert (member.volume_type, member.volume_size, member.volume_iops) == ("gp3", 20, 3000)
    assert member.encrypted_volume is True
    assert main.backups.backup_store == "s3://example-state/prod.example.com/backups/etcd/main"
    assert (main.cpu_request, main.manager.backup_interval) == ("200m", "15m")


def test_another_disk_type_gets_no_performance_figures_of_the_default_one(resolved: Resolved) -> None:
    member = _spec(resolved({"spec.etcdClusters.0.etcdMembers.0.volumeType": "gp2"})).etcd_clusters[0].etcd_members[0]
    assert (member.volume_iops, member.volume_throughput) == (None, None)


@pytest.mark.parametrize(
    ("name", "size", "disk", "public", "surge"),
    [
        ("control-plane-eu-west-1a", (1, 1), 64, False, 0),
        ("nodes", (3, 6), 128, False, 1),
        ("bastions", (1, 1), 32, True, 1),
    ],
)
def test_groups_by_role(
    resolved: Resolved, name: str, size: tuple[int, int], disk: int, public: bool, surge: int
) -> None:
    group = _group(resolved(), name)
    assert (group.min_size, group.max_size) == size
    assert (group.root_volume_size, group.root_volume_encryption) == (disk, True)
    assert group.associate_public_ip is public
    assert (group.rolling_update.max_surge, group.rolling_update.max_unavailable) == (surge, 0 if surge else 1)
    assert (group.instance_metadata.http_tokens, group.instance_metadata.http_put_response_hop_limit) == ("required", 1)


def test_a_public_address_in_a_private_subnet_is_not_granted(resolved: Resolved) -> None:
    assert _group(resolved({}, {"nodes": {"spec.associatePublicIp": True}}), "nodes").associate_public_ip is False


def test_groups_without_subnets_go_where_their_role_belongs(resolved: Resolved) -> None:
    found = resolved({}, {"bastions": {"spec.subnets": None}, "nodes": {"spec.subnets": None}})
    assert _group(found, "bastions").subnets == ["utility-eu-west-1a", "utility-eu-west-1b", "utility-eu-west-1c"]
    assert _group(found, "nodes").subnets == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert _group(found, "nodes").zones == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_the_clusters_way_of_rolling_reaches_groups_but_never_surges_control_planes(resolved: Resolved) -> None:
    found = resolved({"spec.rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 2}})
    assert _group(found, "nodes").rolling_update.max_surge == "25%"
    plane = _group(found, "control-plane-eu-west-1b").rolling_update
    assert (plane.max_surge, plane.max_unavailable) == (0, 2)


def test_the_termination_handler_is_on_unless_karpenter_does_its_work(resolved: Resolved) -> None:
    assert _spec(resolved()).node_termination_handler.enabled is True
    assert _spec(resolved({"spec.karpenter": {"enabled": True}})).node_termination_handler.enabled is False
    assert _spec(resolved(cloud="gce")).node_termination_handler is None


def test_each_cloud_brings_its_own_defaults(resolved: Resolved) -> None:
    assert _spec(resolved()).cloud_config.aws_ebs_csi_driver.enabled is True
    assert _spec(resolved(cloud="gce")).cloud_config.gcp_pd_csi_driver.default_storage_class_name == "balanced-csi"
    openstack = _spec(resolved(cloud="openstack"))
    assert openstack.cloud_controller_manager.node_status_update_frequency == "60m"
    assert _group(resolved(cloud="gce"), "nodes").instance_metadata is None


def test_a_site_template_is_the_image_of_every_group(resolved: Resolved) -> None:
    found = resolved(
        {"spec.cloudConfig.vsphere.template": "ubuntu-26"}, {"nodes": {"spec.image": None}}, cloud="vsphere"
    )
    assert _group(found, "nodes").image == "ubuntu-26"


def _missing(model: type[BaseModel], table: Any) -> list[str]:
    names = []
    for name, value in table.items():
        below = _model_of(model, name) if name in model.model_fields and isinstance(value, dict) else None
        names += [] if name in model.model_fields else [name]
        names += _missing(below, value) if below else []
    return names


@pytest.mark.parametrize("cloud", clouds.REGISTRY)
def test_tables_name_fields_that_exist(cloud: str) -> None:
    own = clouds.get(cloud).defaults("2026-11-01")
    tables = [own.cluster, addons.OPTIONAL, {"kube_dns": {**addons.KUBE_DNS, "node_local_dns": addons.NODE_LOCAL}}]
    tables += [{"node_termination_handler": addons.TERMINATION_HANDLER}, {"kubelet": components.KUBELET}]
    tables += [{"networking": {"cilium": addons.CILIUM, "calico": addons.CALICO, "kindnet": addons.KINDNET}}]
    tables += [{"kube_proxy": components.KUBE_PROXY, "containerd": components.CONTAINERD}]
    assert [name for table in tables for name in _missing(spec.ClusterSpec, table)] == []
    assert _missing(spec.InstanceGroupSpec, own.group) == []
