"""From a plan and a group to the `NodeConfig` of its machines: the one place that decides what a machine is told.

Reads the resolved manifest and the plan; renderers then read the `NodeConfig` only. A group's configuration depends on
the cluster-wide settings, on its role and on the group itself, never on another group: changing one group replaces no
other group's machines. What only add-ons read stays out too. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kops_pulumi import cni
from kops_pulumi.bootstrap import assets, containerd, customisation, firewall, kubelet, system, vip
from kops_pulumi.bootstrap.node import (
    Api,
    Asset,
    ControlPlane,
    EtcdNode,
    EtcdPeer,
    Images,
    Kubelet,
    Mount,
    Network,
    NodeConfig,
    NodeName,
    Proxy,
    StorePaths,
    Unit,
)
from kops_pulumi.model import DnsType, EndpointKind, Role
from kops_pulumi.plan import given, labels
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.plan.mirrors import Mirrors, qualified
from kops_pulumi.plan.names import backups_prefix, bundle_prefix, join_prefix, secrets_prefix
from kops_pulumi.resolve.defaults import Facts
from kops_pulumi.spec.base import plain

if TYPE_CHECKING:
    from pydantic import BaseModel

    from kops_pulumi.model import ClusterPlan, EtcdCluster, Group
    from kops_pulumi.plugins import Cloud, CredentialProvider, Machines, NodeSettings
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.resolve.versions import Components
    from kops_pulumi.spec import InstanceGroup
    from kops_pulumi.spec.nodes import WarmPool

FORMAT = 1
_SERVING = (Role.CONTROL_PLANE, Role.API_SERVER)
_PORT = 443
_OWN_CLIENTS = "cilium"
"""The etcd cluster whose clients run on every node: it has an authority of its own for them."""
_COUNTED = "apiServerCount"
"""Follows the number of control planes and is read by nobody since endpoints are leases: it would replace machines."""
_SCHEDULER = "KubeSchedulerConfiguration"
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What every part is made from."""

    plan: ClusterPlan
    full: FullSpec
    group: Group
    own: InstanceGroup
    machines: Machines
    components: Components
    mirrors: Mirrors
    plugin: NodeSettings
    """What the network plug-in needs."""

    @classmethod
    def of(cls, plan: ClusterPlan, full: FullSpec, group: Group, cloud: Cloud) -> _Inputs:
        own = next(candidate for candidate in full.groups if candidate.metadata.name == group.name)
        facts, mirrors = Facts.of(full.cluster, cloud), Mirrors.of(full.cluster.spec.assets)
        needs = cni.for_spec(full).machines(full, own)
        return cls(plan, full, group, own, cloud.capabilities.machines, facts.components, mirrors, needs)

    @property
    def spec(self) -> Any:
        """The cluster's part, untyped: sections that defaults fill are never None, which their types cannot say."""
        return self.full.cluster.spec

    @property
    def serving(self) -> bool:
        """Its machines run an API server."""
        return self.group.role in _SERVING


def build(plan: ClusterPlan, full: FullSpec, group: Group, cloud: Cloud) -> NodeConfig:
    """The configuration of a group's machines. Bastions are no nodes: they have none (see `bootstrap.attach`)."""
    it = _Inputs.of(plan, full, group, cloud)
    spec, own = it.spec, it.own.spec
    provider, images = _credential_provider(it), _images(it)
    runtime = containerd.settings(
        spec.containerd, own.containerd, sandbox=images.pause, cni_template=it.plugin.cni_template
    )
    gpu = system.gpu(spec.containerd.nvidia_gpu, own.containerd.nvidia_gpu if own.containerd else None)
    pool = _warm_pool(it)
    managed_time = not (spec.ntp and spec.ntp.managed is False)
    settings = _kubelet_settings(it)
    secrets = given.of_machines(it.full, group.role)
    return NodeConfig(
        format=FORMAT,
        cluster=plan.name,
        cloud=plan.cloud,
        region=plan.region,
        group=group.name,
        role=group.role,
        kubernetes_version=plan.kubernetes_version,
        network=_network(it),
        api=_api(it),
        etcd=tuple(_etcd(it, cluster) for cluster in plan.etcd) if it.serving else (),
        store=_store(plan.store, group.role, registries=given.DOCKER in secrets),
        assets=_assets(it, provider),
        images=images,
        kubelet=_kubelet(it, settings, runtime.socket, provider),
        containerd=runtime,
        control_plane=_control_plane(it) if it.serving else None,
        sysctls=_sysctls(it),
        modules=system.modules(it.plugin.modules, ipvs=spec.kube_proxy.proxy_mode == "ipvs"),
        packages=_packages(it, time=managed_time, gvisor=runtime.gvisor),
        repositories=system.repositories(gpu=gpu is not None, gvisor=runtime.gvisor),
        mounts=tuple(_mounts(it)),
        units=tuple(Unit(name, text) for name, text in sorted(it.plugin.units.items())),
        hooks=customisation.units(group.role, spec.hooks, own.hooks, it.mirrors),
        files=customisation.written(group.role, spec.file_assets, own.file_assets),
        ntp_servers=it.machines.time_servers if managed_time else (),
        ntp_managed=managed_time,
        swap="memorySwapBehavior" in settings,
        proxy=_proxy(it),
        gpu=gpu,
        update_policy=own.update_policy or "automatic",
        warm_pool=pool is not None,
        warm_images=_warm_images(it, pool, images),
        node_name=_node_name(it),
        given=secrets,
        firewall=firewall.of(plan, group.role),
        guarded=it.machines.guarded,
    )


def _images(it: _Inputs) -> Images:
    image, api = it.mirrors.image, it.plan.endpoint("api")
    held = it.group.role is Role.CONTROL_PLANE and api is not None and api.kind is EndpointKind.VIP
    return Images(
        pause=it.spec.containerd.sandbox_image or image(f"registry.k8s.io/pause:{it.components.pause}"),
        etcd=image(f"registry.k8s.io/etcd:{it.components.etcd}-0"),
        repository=it.mirrors.repository(),
        coredns_repository=it.mirrors.repository("coredns"),
        vip=image(vip.IMAGE) if held else None,
    )


def _assets(it: _Inputs, provider: CredentialProvider | None) -> tuple[Asset, ...]:
    version = it.plan.kubernetes_version
    return assets.programs(it.group.role, version, it.components, it.spec.containerd, it.mirrors, provider)


def _network(it: _Inputs) -> Network:
    network = it.plan.network
    return Network(
        plugin=next(iter(data(it.spec.networking)), None),
        ipv6=network.ipv6,
        network_cidr=network.cidr,
        pod_cidr=network.pod_cidr,
        service_cidr=network.service_cidr,
        dns_ip=network.cluster_dns_ip,
        dns_domain=_domain(it),
        replaces_kube_proxy=it.spec.kube_proxy.enabled is False,
    )


def _api(it: _Inputs) -> Api:
    """How the API is called and what its certificate says; not where its load balancer stands."""
    endpoint, network = it.plan.endpoint("api"), it.plan.network
    internal = internal_api_name(it.plan.name)
    public = endpoint.dns_name if endpoint else None
    first = str(ipaddress.ip_network(network.service_cidr)[1]) if network.service_cidr else None
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{_domain(it)}")
    here = ("127.0.0.1", "::1" if network.ipv6 else None)
    dns = it.plan.dns
    own = dns.own_names if it.group.role is Role.CONTROL_PLANE else ()
    return Api(
        internal_name=internal,
        public_name=public,
        port=_PORT,
        sans=tuple(sorted(filter(None, {*service, internal, public, first, *here, *(it.spec.additional_sans or ())}))),
        late_sans=_late_sans(it),
        reached_by=endpoint.kind.value if endpoint else None,
        zone=dns.zone if own else None,
        zone_is_private=bool(own) and dns.type is DnsType.PRIVATE,
        public_names=tuple(item.name for item in own if item.public),
        private_names=tuple(item.name for item in own if not item.public),
    )


def _late_sans(it: _Inputs) -> tuple[str, ...]:
    """What people and machines call the API by, where only deployed resources know it."""
    endpoint = it.plan.endpoint("api")
    if endpoint is None or (endpoint.kind is EndpointKind.ADDRESSES and it.plan.dns.type is not DnsType.NONE):
        return ()
    return ("api.endpoint", *(("api.vip",) if endpoint.kind is EndpointKind.VIP else ()))


def _etcd(it: _Inputs, cluster: EtcdCluster) -> EtcdNode:
    written: Any = next(item for item in it.spec.etcd_clusters if item.name == cluster.name)
    manager = written.manager
    host = f"internal.{it.plan.name}"
    return EtcdNode(
        name=cluster.name,
        version=cluster.version,
        image=written.image or it.mirrors.image(f"registry.k8s.io/etcd:{cluster.version}-0"),
        client_port=cluster.client_port,
        peer_port=cluster.peer_port,
        members=tuple(EtcdPeer(item.name, f"etcd-{item.name}.{host}", item.group) for item in cluster.members),
        here=next((member.name for member in cluster.members if member.group == it.group.name), None),
        clients_ca=f"etcd-clients-ca-{cluster.name}" if cluster.name == _OWN_CLIENTS else "etcd-clients-ca",
        peers_ca=f"etcd-peers-ca-{cluster.name}",
        backup_path=cluster.backup_store or f"{backups_prefix(it.plan.store)}/{cluster.name}",
        backup_interval=manager.backup_interval,
        backup_retention_days=manager.backup_retention_days,
        heartbeat_interval_ms=milliseconds(written.heartbeat_interval),
        election_timeout_ms=milliseconds(written.leader_election_timeout),
        cpu_request=written.cpu_request,
        memory_request=written.memory_request,
        metrics_urls=tuple(manager.listen_metrics_urls or ()),
        environment={item.name: item.value or "" for item in manager.env or ()},
    )


def _store(store: str, role: Role, *, registries: bool) -> StorePaths:
    """Addresses in the store; only control planes and API servers know of secrets, and who reads registries' ones."""
    return StorePaths(
        base=store.rstrip("/"),
        nodes=bundle_prefix(store, role),
        secrets=secrets_prefix(store, role) if role in _SERVING or registries else "",
        join=join_prefix(store),
        backups=backups_prefix(store),
    )


def _kubelet_settings(it: _Inputs) -> dict[str, Any]:
    """What the network plug-in needs, the cluster's settings, those for control planes, the group's: later ones win,
    mappings merge.
    """
    control_plane = it.spec.master_kubelet if it.group.role is Role.CONTROL_PLANE else None
    merged: dict[str, Any] = dict(it.plugin.kubelet)
    for layer in (it.spec.kubelet, control_plane, it.own.spec.kubelet):
        for key, value in data(layer).items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = {**merged[key], **value} if both else value
    return merged


def _kubelet(it: _Inputs, settings: Mapping[str, Any], socket: str, provider: CredentialProvider | None) -> Kubelet:
    version, group = it.plan.kubernetes_version, it.group
    wanted = {**settings.get("nodeLabels", {}), **group.node_labels}
    mirrors = _mirror_hosts(it) if it.spec.containerd.use_ecr_credentials_for_mirrors else ()
    needs = {**it.machines.kubelet, "containerRuntimeEndpoint": f"unix://{socket}"}
    address = {"node-ip": "@machine(address)@"} if it.plan.network.ipv6 else {}
    return Kubelet(
        configuration=kubelet.configuration(settings, version, needs),
        flags={**address, **kubelet.flags(settings, version)},
        labels=labels.own(wanted),
        late_labels=labels.given(wanted),
        taints=tuple(dict.fromkeys([*group.taints, *settings.get("taints", ())])),
        settings=settings,
        credentials=kubelet.credential_config(provider, mirrors) if provider else None,
    )


def _credential_provider(it: _Inputs) -> CredentialProvider | None:
    """The plug-in for the cloud's registries, where machines may pull from them."""
    allowed = it.spec.iam and it.spec.iam.allow_container_registry
    return it.machines.credential_provider if allowed or it.spec.containerd.use_ecr_credentials_for_mirrors else None


def _mirror_hosts(it: _Inputs) -> set[str]:
    mirrors: Mapping[str, list[str]] = it.spec.containerd.registry_mirrors or {}
    return {urlsplit(url).netloc for urls in mirrors.values() for url in urls}


def _control_plane(it: _Inputs) -> ControlPlane:
    spec, objects = it.spec, it.full.objects
    api_server = data(spec.kube_api_server)
    api_server.pop(_COUNTED, None)
    return ControlPlane(
        api_server=api_server,
        controller_manager=data(spec.kube_controller_manager),
        scheduler=data(spec.kube_scheduler),
        scheduler_configuration=next((item for item in objects if item.get("kind") == _SCHEDULER), None),
        kube_proxy=data(spec.kube_proxy),
        kube_dns=data(spec.kube_dns),
        authentication=data(spec.authentication),
        authorization=data(spec.authorization),
        issuer_discovery=data(spec.service_account_issuer_discovery),
        issuer=it.plan.issuer.url if it.plan.issuer else None,
        encrypt_secrets=spec.encryption_config is not False,
        use_host_certificates=bool(spec.use_host_certificates),
    )


def _sysctls(it: _Inputs) -> dict[str, str]:
    return system.sysctls(
        it.machines.sysctls,
        it.plugin.sysctls,
        (*(it.spec.sysctl_parameters or ()), *(it.own.spec.sysctl_parameters or ())),
        ipv6=it.plan.network.ipv6,
        node_ports=it.spec.kube_api_server.service_node_port_range,
    )


def _packages(it: _Inputs, *, time: bool, gvisor: bool) -> tuple[str, ...]:
    user = (*(it.spec.packages or ()), *(it.own.spec.packages or ()))
    ours = (firewall.PACKAGE,) if it.plan.host_firewall or it.machines.guarded else ()
    updates = it.own.spec.update_policy != "external"
    return system.packages((*ours, *user), time=time, updates=updates, gvisor=gvisor)


def _mounts(it: _Inputs) -> Iterable[Mount]:
    for mount in it.own.spec.volume_mounts or ():
        options = tuple(mount.format_options or ()), tuple(mount.mount_options or ())
        yield Mount(mount.device, mount.filesystem, mount.path, *options)


def _proxy(it: _Inputs) -> Proxy | None:
    network, name = it.plan.network, it.plan.name
    ranges = (network.cidr, network.pod_cidr, network.service_cidr)
    return system.proxy(it.spec.egress_proxy, (*ranges, ".svc", f".{_domain(it)}", f".internal.{name}", f"api.{name}"))


def _warm_pool(it: _Inputs) -> WarmPool | None:
    """The group's warm pool, the cluster's where the group says nothing; none on control planes, nor with size 0."""
    pool = it.own.spec.warm_pool or it.spec.warm_pool
    fits = it.group.role in (Role.NODE, Role.API_SERVER) and it.group.managed
    return pool if fits and pool is not None and pool.max_size != 0 else None


def _warm_images(it: _Inputs, pool: WarmPool | None, images: Images) -> tuple[str, ...]:
    """What a machine pulls before it waits, by full name: containerd's own client knows no shorter ones."""
    if pool is None:
        return ()
    wanted = (it.mirrors.image(qualified(image)) for image in pool.additional_images or ())
    return tuple(dict.fromkeys([images.pause, *wanted]))


def _node_name(it: _Inputs) -> NodeName:
    by_address = it.spec.cloud_config and it.spec.cloud_config.use_ip_based_node_names
    return "private-dns" if by_address and it.machines.node_name == "instance-id" else it.machines.node_name


def _domain(it: _Inputs) -> str:
    return str(it.spec.cluster_dns_domain or "cluster.local")


def milliseconds(duration: str | None) -> int | None:
    """A Go duration in whole milliseconds; None when there is none.

    >>> milliseconds("1m30s"), milliseconds("500ms")
    (90000, 500)
    """
    if not duration:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", duration)
    return round(sum(float(number) * _MILLISECONDS[unit] for number, unit in parts))


def data(model: BaseModel | None) -> dict[str, Any]:
    """A model's set fields as JSON types under the manifest's own keys."""
    return {} if model is None else plain(model)
