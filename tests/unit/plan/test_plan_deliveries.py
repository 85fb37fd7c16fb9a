"""Order of what is installed, the user's own add-ons, and everything that is wrong with them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import pytest

from kops_pulumi import cni
from kops_pulumi.errors import ManifestError
from kops_pulumi.model import Chart, Delivery, Late, Manifest, PythonCode, Remote, Stage, masked, plain
from kops_pulumi.plan import custom, deliveries
from tests.support.specs import full

HELM = {"chart": "pictures", "repo": "https://charts.example.org", "version": "2.3.1"}
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
DIGEST = hashlib.sha256(OBJECT.encode()).hexdigest()


class Installs:
    """An add-on or network plug-in that installs something."""

    def __init__(self, *found: Delivery) -> None:
        self.found = found

    def deliveries(self, full: Any) -> tuple[Delivery, ...]:
        return self.found


def delivery(name: str, stage: Stage = Stage.STANDARD, **more: Any) -> Delivery:
    return Delivery(name, stage, Manifest(()), "kube-system", "a test", **more)


def build(*found: Delivery, files: dict[str, str] | None = None, **spec: Any) -> tuple[Delivery, ...]:
    return deliveries.build(full(**spec), Installs(), [Installs(*found)], files or {})  # type: ignore[arg-type, list-item]


def wrong(*found: Delivery, files: dict[str, str] | None = None, **spec: Any) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        build(*found, files=files, **spec)
    return [f"{finding.dotted}: {finding.message}" for finding in caught.value.findings]


def needs(name: str, *found: Delivery) -> list[str]:
    return [other.name for other in deliveries.needed(next(d for d in found if d.name == name), found)]


def test_stages_come_in_order_and_names_within_them() -> None:
    found = build(delivery("b", Stage.CSI), delivery("z", Stage.CNI), delivery("a", Stage.CSI))
    assert [d.name for d in found] == ["z", "a", "b"]


def test_a_stage_waits_for_the_nearest_one_before_it_and_no_further() -> None:
    found = (delivery("net", Stage.CNI), delivery("disks", Stage.CSI), delivery("more"), delivery("mine", Stage.CUSTOM))
    assert needs("net", *found) == []
    assert needs("disks", *found) == ["net"]
    assert needs("more", *found) == ["disks"]
    assert needs("mine", *found) == ["more"]


def test_what_needs_less_waits_for_less() -> None:
    found = (delivery("net", Stage.CNI), delivery("disks", Stage.CSI), delivery("more", waits_for=Stage.CNI))
    assert needs("more", *found) == ["net"]


def test_after_adds_to_the_stage_and_absent_ones_are_no_obstacle() -> None:
    found = (delivery("net", Stage.CNI), delivery("a"), delivery("b", after=("a", "nowhere")))
    assert needs("b", *found) == ["net", "a"]
    assert [d.name for d in build(*found)] == ["net", "a", "b"]


def test_a_plan_is_json() -> None:
    chart = Chart("c", "https://e.org", "1", {"role": Late("role.a/b"), "list": [1, None]})
    data = plain(dataclasses.replace(delivery("x"), source=chart))
    assert json.loads(json.dumps(data))["source"]["values"] == {"list": [1, None], "role": {"name": "role.a/b"}}
    assert data["stage"] == "standard"


def test_a_plan_shows_a_secrets_keys_and_not_its_values() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": "hunter2"}}
    shown = masked(plain(dataclasses.replace(delivery("x"), source=Manifest((secret,)))))
    assert shown["source"]["documents"] == [{**secret, "stringData": {"password": "[secret]"}}]


def test_the_users_addons_in_every_form() -> None:
    found = build(
        files={"rules.yaml": OBJECT},
        addons=[
            {"name": "pictures", "helm": {**HELM, "namespace": "shop", "createNamespace": True, "values": {"a": 1}}},
            {"manifest": "https://example.org/addons/sign.yaml"},
            {"manifest": "rules.yaml"},
            {"name": "pinned", "manifest": {"url": "https://example.org/x.yaml", "sha256": DIGEST}},
            {"name": "text", "manifest": {"inline": OBJECT, "namespace": "shop"}},
            {"name": "code", "python": "shop.addons:install", "after": ["text"]},
        ],
    )
    by_name = {d.name: d for d in found}
    assert sorted(by_name) == ["code", "pictures", "pinned", "rules", "sign", "text"]
    assert by_name["pictures"].source == Chart("pictures", "https://charts.example.org", "2.3.1", {"a": 1})
    assert (by_name["pictures"].namespace, by_name["pictures"].create_namespace) == ("shop", True)
    assert by_name["sign"].source == Remote("https://example.org/addons/sign.yaml")
    assert by_name["pinned"].source == Remote("https://example.org/x.yaml", DIGEST)
    assert isinstance(by_name["rules"].source, Manifest)
    assert by_name["text"].namespace == "shop"
    assert by_name["code"].source == PythonCode("shop.addons:install")


def test_objects_of_the_clusters_file_are_applied_but_not_the_schedulers() -> None:
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    scheduler = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    spec = dataclasses.replace(full(), objects=(config_map, scheduler))
    (found,) = deliveries.build(spec, Installs(), [], {})  # type: ignore[arg-type]
    assert (found.name, found.source) == (custom.OBJECTS, Manifest((config_map,)))


@pytest.mark.parametrize(
    ("addon", "finding"),
    [
        ({"helm": {**HELM, "repo": None}}, "spec.addons[0].helm.repo: it is not said which repository has the chart"),
        ({"helm": {**HELM, "chart": "oci://e.org/c"}}, "spec.addons[0].helm.repo: an oci:// chart is its own address"),
        ({"helm": {**HELM, "values": {"a": {"b": None}}}}, "spec.addons[0].helm.values.a.b: the value is missing"),
        ({"manifest": {"inline": "a: [", "namespace": "x"}}, "spec.addons[0].manifest.inline: not YAML: "),
        ({"manifest": {"inline": "a: b"}}, "spec.addons[0].manifest.inline: document 1 is no Kubernetes object"),
        (
            {"manifest": {"inline": "apiVersion: v1\nkind: Secret\n"}},
            "spec.addons[0].manifest.inline: document 1 (Secret) has no name",
        ),
        ({"manifest": {}}, "spec.addons[0].manifest: the manifest does not say where its objects are"),
        ({"manifest": {"inline": "a", "file": "b"}}, "spec.addons[0].manifest: the manifest says inline and file"),
        (
            {"manifest": {"url": "https://e.org/x"}},
            "spec.addons[0].manifest.sha256: an address needs the digest of what it gives",
        ),
        (
            {"manifest": {"url": "ftp://e.org/x", "sha256": DIGEST}},
            "spec.addons[0].manifest.url: 'ftp://e.org/x' is no http(s) address",
        ),
        (
            {"manifest": {"file": "rules.yaml", "sha256": "0" * 64}},
            f"spec.addons[0].manifest.sha256: the file's digest is {DIGEST}",
        ),
        ({"helm": HELM, "after": ["nothing"]}, "spec.addons[0].after[0]: there is no add-on 'nothing'"),
        ({"helm": HELM, "after": ["x"]}, "spec.addons[0].after: add-ons wait for each other: x → x"),
        ({"manifest": {"inline": f"{OBJECT}---\n{OBJECT}"}}, "spec.addons[0]: x has ConfigMap a twice"),
    ],
)
def test_bad_addons_are_named_where_they_stand(addon: dict[str, Any], finding: str) -> None:
    found = wrong(addons=[{"name": "x", **addon}], files={"rules.yaml": OBJECT})
    assert len(found) == 1, found
    assert found[0].startswith(finding)


def test_a_circle_is_told_once_with_the_whole_way() -> None:
    addons = [
        {"name": "a", "helm": HELM, "after": ["b"]},
        {"name": "b", "helm": HELM, "after": ["c"]},
        {"name": "c", "helm": HELM, "after": ["a"]},
    ]
    assert wrong(addons=addons) == ["spec.addons[0].after: add-ons wait for each other: a → b → c → a"]


def test_nothing_of_an_earlier_stage_may_wait_for_a_later_one() -> None:
    found = wrong(delivery("first", Stage.CNI, after=("last",)), delivery("last"))
    assert found == ["spec.after: add-ons wait for each other: first → last → first"]


def test_a_name_is_taken_once_built_in_or_not() -> None:
    found = wrong(delivery("queue"), addons=[{"name": "queue", "helm": HELM}])
    assert found == ["spec.addons[0].name: there is another add-on 'queue'"]


def test_charts_of_ours_are_complete() -> None:
    chart = dataclasses.replace(delivery("x"), source=Chart("x", "https://e.org", "", {"a": [{"b": None}]}))
    assert wrong(chart) == [
        "spec: x has no version of its chart",
        "spec: x lacks the chart's value a.0.b",
    ]


def test_every_plug_in_of_the_registry_answers() -> None:
    spec = full()
    assert all(isinstance(tuple(plugin.deliveries(spec)), tuple) for plugin in (cni.for_spec(spec),))
