"""Every network plug-in of the registry keeps the contract of `plugins.Cni` (docs/contracts/cni.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from kops_pulumi import cni
from kops_pulumi.clouds.aws import iam
from kops_pulumi.cni.base import Removed
from kops_pulumi.errors import ManifestError, Severity
from kops_pulumi.model import Chart, PeerKind, Role, Stage, plain
from kops_pulumi.plan import podnetwork
from kops_pulumi.plugins import Cni, NodeSettings
from kops_pulumi.resolve.full import FullSpec
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.cilium import CiliumDropped
from kops_pulumi.spec.etcd import EnvVar
from kops_pulumi.spec.networking import Networking
from tests.scenarios import kops_matrix
from tests.support import clouds
from tests.support.clouds.row import Row
from tests.support.specs import full, group

LIVING = tuple(plugin for plugin in cni.REGISTRY if not isinstance(plugin, Removed))
every_plugin = pytest.mark.parametrize("plugin", cni.REGISTRY, ids=lambda plugin: plugin.key)
every_living_plugin = pytest.mark.parametrize("plugin", LIVING, ids=lambda plugin: plugin.key)
every_cloud = pytest.mark.parametrize("row", clouds.ROWS, ids=lambda row: row.cloud)


def test_the_registry_has_one_file_a_plugin_and_is_sorted() -> None:
    files = {path.stem for path in Path(cni.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert [plugin.key for plugin in cni.REGISTRY] == sorted(files)


def test_the_registry_has_every_key_of_the_manifest() -> None:
    assert {plugin.key for plugin in cni.REGISTRY} == set(Networking.model_fields)


@every_plugin
def test_plugin_is_found_by_its_key(plugin: Cni) -> None:
    assert cni.for_spec(full(networking={plugin.key: {}})) is plugin


@every_plugin
def test_traits_do_not_depend_on_the_call(plugin: Cni) -> None:
    resolved = full(networking={plugin.key: {}})
    assert plugin.traits(resolved) == plugin.traits(resolved)


@every_plugin
def test_findings_stay_within_the_networking_of_the_manifest(plugin: Cni) -> None:
    resolved = full("openstack", networking={plugin.key: {}}, nonMasqueradeCIDR="::/0")
    for finding in plugin.validate(resolved):
        assert finding.dotted.startswith((f"spec.networking.{plugin.key}", "spec.kubeProxy")), finding
        assert finding.hint, finding


@every_plugin
def test_rules_have_reasons_and_never_open_to_the_world(plugin: Cni) -> None:
    for rule in plugin.rules(full(networking={plugin.key: {}}, podCIDR="10.8.0.0/14")):
        assert rule.reason
        assert rule.source.kind in (PeerKind.ROLE, PeerKind.CIDR)
        assert rule.source.name not in ("0.0.0.0/0", "::/0")


@every_plugin
def test_permissions_are_verbs_that_aws_knows_and_never_for_bastions(plugin: Cni) -> None:
    granted = plugin.permissions(full(networking={plugin.key: {}}))
    assert Role.BASTION not in granted
    assert {permission.verb for items in granted.values() for permission in items} <= set(iam.VERBS)


def settings_of(plugin: Cni) -> type[SpecModel]:
    """The model of the plug-in's part of the manifest."""
    annotation = Networking.model_fields[plugin.key].annotation
    (found,) = (part for part in get_args(annotation) if part is not type(None))
    return found  # type: ignore[no-any-return]


@every_living_plugin
def test_every_field_of_the_manifest_has_a_description(plugin: Cni) -> None:
    assert [name for name, field in settings_of(plugin).model_fields.items() if not field.description] == []


def samples(annotation: Any) -> Iterator[Any]:
    """Values that a field of this type may have."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) is list:
        (item,) = get_args(annotation)
        yield from ([value] for value in samples(item))
    elif get_origin(annotation) is dict:
        yield {"key": "value"}
    elif isinstance(annotation, type) and issubclass(annotation, SpecModel):
        yield from (annotation.model_construct(**{name: value}) for name, value in fields(annotation))
    elif isinstance(annotation, type) and issubclass(annotation, bool):
        yield from (True, False)
    elif isinstance(annotation, type) and issubclass(annotation, int):
        yield 77
    elif isinstance(annotation, type) and issubclass(annotation, str):
        yield from ("v1.18.4", "v3.30.1", "10.0.0.0/8", "enabled")
    else:
        yield from (value for part in get_args(annotation) for value in samples(part))


def fields(model: type[SpecModel]) -> Iterator[tuple[str, Any]]:
    """Every field with each of its sample values."""
    for name, field in model.model_fields.items():
        if name not in CiliumDropped.model_fields and not (field.json_schema_extra or {}).get("deprecated"):  # type: ignore[union-attr]
            yield from ((name, value) for value in TEXTS.get(name) or samples(field.annotation))


TEXTS: Mapping[str, Sequence[Any]] = {
    "bpf_lb_maglev_table_size": ("65521",),
    "env": ([EnvVar(name="WARM_ENI_TARGET", value="2")],),
    "ipv4_auto_detection_method": ("interface=ens.*",),
    "ipv6_auto_detection_method": ("interface=ens.*",),
}
"""Values of fields whose texts must mean something."""


def everything_about(plugin: Cni, resolved: Any) -> Any:
    """What the plug-in says of a manifest, whatever it is asked."""
    machine = resolved.groups[0]
    return (
        plain(tuple(plugin.deliveries(resolved))),
        plain(tuple(plugin.rules(resolved))),
        plain(plugin.machines(resolved, machine)),
        plain(plugin.traits(resolved)),
        [str(finding) for finding in plugin.validate(resolved)],
        dict(plugin.settled(resolved)),
    )


@every_living_plugin
def test_every_field_of_the_manifest_reaches_something(plugin: Cni) -> None:
    """Values of the chart, objects, machines, rules; what has no effect any more is said."""
    reached: dict[str, bool] = {}
    for beside in ({}, BESIDE.get(plugin.key, {})):
        base = full(home(plugin), networking={plugin.key: beside}, podCIDR="10.8.0.0/14")
        before = everything_about(plugin, base)
        for name, value in fields(settings_of(plugin)):
            different = everything_about(plugin, with_field(plugin, base, name, value)) != before
            reached[name] = reached.get(name, False) or different
    assert [name for name, found in reached.items() if not found and name not in ALONE] == []


def with_field(plugin: Cni, base: FullSpec, name: str, value: Any) -> FullSpec:
    """The same manifest with another value of one of the plug-in's fields."""
    networking = base.cluster.spec.networking
    own = getattr(networking, plugin.key).model_copy(update={name: value})
    changed = networking.model_copy(update={plugin.key: own})  # type: ignore[union-attr]
    spec = base.cluster.spec.model_copy(update={"networking": changed})
    return dataclasses.replace(base, cluster=base.cluster.model_copy(update={"spec": spec}))


BESIDE: Mapping[str, Mapping[str, Any]] = {
    "calico": {
        "encapsulationMode": "vxlan",
        "prometheusMetricsEnabled": True,
        "typhaPrometheusMetricsEnabled": True,
    },
    "canal": {"typhaReplicas": 3, "typhaPrometheusMetricsEnabled": True},
}
"""Without which some fields mean nothing."""
ALONE = {
    "disable_cnp_status_updates",  # defaults set it, and Cilium 1.18 has no such option
    "enable_remote_node_identity",
    "ipv6_auto_detection_method",  # of IPv6 clusters only
}


def home(plugin: Cni) -> str:
    """A cloud that the plug-in exists on."""
    found = plugin.traits(full(networking={plugin.key: {}})).clouds
    return min(found) if found else "aws"


@every_living_plugin
def test_deliveries_are_pinned_first_and_reach_the_api_by_name(plugin: Cni) -> None:
    for delivery in plugin.deliveries(full(networking={plugin.key: {}}, podCIDR="10.8.0.0/14")):
        if delivery.stage is not Stage.CNI:
            assert delivery.after, "what comes later says after whom"
        if isinstance(delivery.source, Chart):
            assert delivery.source.version.lstrip("v") == delivery.version.lstrip("v")
        assert delivery.why.startswith(f"networking.{plugin.key}")


@every_living_plugin
def test_a_plugin_runs_beside_kube_proxy_or_says_that_it_cannot(plugin: Cni) -> None:
    for enabled in (True, False):
        resolved = full(networking={plugin.key: {}}, kubeProxy={"enabled": enabled})
        complaints = [f for f in plugin.validate(resolved) if f.dotted == "spec.kubeProxy.enabled"]
        replaces = plugin.traits(resolved).replaces_kube_proxy
        assert bool(complaints) == (replaces == enabled and plugin.key != "cni")


@every_living_plugin
def test_migrations_come_from_plugins_or_settings_that_there_are(plugin: Cni) -> None:
    known = {entry.key for entry in cni.REGISTRY} | set(plugin.settled(full(networking={plugin.key: {}})))
    for migration in plugin.migrations:
        assert migration.change in known
        assert migration.change != plugin.key
        assert all(step.endswith(".") for step in migration.steps)


def on(row: Row, plugin: Cni) -> Any:
    """The cloud's manifest with this plug-in, or its refusal."""
    overlay: dict[str, Any] = {"networking": {"calico": None, plugin.key: {}}}
    if plugin.traits(full(networking={plugin.key: {}})).replaces_kube_proxy:
        overlay["kubeProxy"] = {"enabled": False}
    return clouds.laid_over(row, overlay)


def supported(row: Row, plugin: Cni) -> bool:
    there = plugin.traits(full(networking={plugin.key: {}})).clouds
    return there is None or row.cloud in there


@every_cloud
@every_living_plugin
def test_every_cloud_compiles_the_rules_and_knows_the_permissions_of_a_plugin(row: Row, plugin: Cni) -> None:
    documents = on(row, plugin)
    if not supported(row, plugin):
        with pytest.raises(ManifestError, match=f"{plugin.key} exists on"):
            clouds.planned(documents)
        return
    if plugin.key == "kubenet" and row.cloud == "aws":
        pytest.skip("one route table: the rows' subnets are private")
    plan = clouds.planned(documents).plan
    opened = kops_matrix.matrix(row.opened(clouds.recorded(documents), plan))
    expected = kops_matrix.matrix(row.expected(plan))
    assert kops_matrix.without(expected, opened) == set()
    assert kops_matrix.without(opened, expected) == set()
    assert sorted(row.unmapped(plan)) == []
    assert plan.pod_network is not None
    assert plan.pod_network.plugin == plugin.key


def test_a_toy_plugin_takes_one_file_and_one_entry_of_the_registry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file, the entry, the key of the manifest's model: everything else follows."""
    file = tmp_path / "toy.py"
    file.write_text(TOY)
    namespace: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)  # noqa: S102 - our own text
    toy = namespace["CNI"]
    monkeypatch.setattr(cni, "REGISTRY", (*(entry for entry in cni.REGISTRY if entry.key != "kopeio"), toy))
    documents = clouds.laid_over(clouds.ROWS[0], {"networking": {"calico": None, "kopeio": {}}})
    documents[0]["metadata"]["labels"] = {"toy": "yes"}  # planned under a text of its own
    planned = clouds.planned(documents)
    names = [delivery.name for delivery in planned.plan.deliveries]
    assert "toy" in names
    assert any(rule.reason == "toys play" for rule in planned.plan.rules)
    assert planned.plan.pod_network == podnetwork.plan(planned.full, toy)
    assert [f.message for f in planned.findings if f.severity is Severity.WARNING and "toy" in f.message] == [
        "a toy is no network"
    ]
    assert isinstance(toy.machines(planned.full, group("nodes", "Node")), NodeSettings)


TOY = """
from kops_pulumi.cni.base import Plugin, node_to_control_plane
from kops_pulumi.cni.parts.objects import Agent, manifest
from kops_pulumi.model import Delivery, Protocol, Stage
from kops_pulumi.plugins import NodeSettings


class ToyPlugin(Plugin):
    key = "kopeio"

    def checks(self, full):
        yield self.warning("a toy is no network", hint="use cilium")

    def rules(self, full):
        return [node_to_control_plane(Protocol.IPIP, None, "toys play")]

    def machines(self, full, group):
        return NodeSettings(sysctls={"net.ipv4.ip_forward": "1"})

    def deliveries(self, full):
        agent = Agent("toy", [{"name": "toy", "image": "docker.io/example/toy:1.0.0"}])
        return [Delivery("toy", Stage.CNI, manifest(agent), "kube-system", "networking.kopeio", "1.0.0")]


CNI = ToyPlugin()
"""
