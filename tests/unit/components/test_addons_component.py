"""Add-ons as resources: order, late values, namespaces, Python code; and the gate before them."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import sys
import types
from pathlib import Path
from typing import Any

import pulumi
import pytest

from kops_pulumi.components import late, readiness, remote
from kops_pulumi.components.addons import Access, AddOnContext, AddOns
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Chart, ClusterPlan, Delivery, Late, Manifest, PythonCode, Remote, Stage
from kops_pulumi.testing import Recording, record
from tests.support.recorded import plan_of

CASE = Path(__file__).parents[2] / "golden" / "addons" / "custom" / "manifest.yaml"


def plan(*found: Delivery) -> ClusterPlan:
    return dataclasses.replace(plan_of(CASE), deliveries=found)


def install(*found: Delivery, **values: str) -> Recording:
    def program() -> None:
        outputs = {name: pulumi.Output.from_input(value) for name, value in values.items()}
        AddOns("addons", plan(*found), Access(pulumi.Output.secret("kubeconfig"), outputs))

    return record(program)


def delivery(name: str, stage: Stage, source: Any, **more: Any) -> Delivery:
    return Delivery(name, stage, source, more.pop("namespace", "kube-system"), "a test", **more)


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def named(recording: Recording, name: str) -> Any:
    return next(item for item in recording if item.name == name)


def last(urns: tuple[str, ...]) -> set[str]:
    return {urn.rpartition("::")[2] for urn in urns}


def test_late_values_are_put_in_at_any_depth() -> None:
    chart = Chart("c", "https://e.org", "1", {"a": [{"role": Late("x")}], "text": f"<{Late('x')}>", "plain": 1})
    release = named(install(delivery("c", Stage.CNI, chart), x="arn"), "addons-c")
    assert release.inputs["values"] == {"a": [{"role": "arn"}], "plain": 1, "text": "<arn>"}


def test_a_late_value_that_nothing_gives_is_an_error() -> None:
    chart = Chart("c", "https://e.org", "1", {"role": Late("role.a/b")})
    with pytest.raises(KopsError, match=r"no deployed resource gives 'role\.a/b'"):
        install(delivery("c", Stage.CNI, chart))


def test_late_names_are_found_in_charts_and_manifests() -> None:
    chart = Chart("c", "", "1", {"a": [Late("b")]})
    objects = Manifest((config_map("m", key=str(Late("a"))),))
    assert late.wanted([delivery("c", Stage.CNI, chart), delivery("m", Stage.CNI, objects)]) == ("a", "b")


def test_each_stage_waits_for_the_one_before() -> None:
    found = install(
        delivery("net", Stage.CNI, Manifest((config_map("a"), config_map("b")))),
        delivery("more", Stage.STANDARD, Chart("c", "https://e.org", "1")),
    )
    assert last(named(found, "addons-more").depends_on) == {"addons-net-kube-system-a", "addons-net-kube-system-b"}


def test_namespaces_and_definitions_come_first_and_objects_get_their_namespace() -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "signs.example.org"},
    }
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    manifest = Manifest((config_map("a"), role, definition))
    found = install(delivery("x", Stage.CUSTOM, manifest, namespace="shop", create_namespace=True))
    assert named(found, "addons-x-shop-a").inputs["metadata"]["namespace"] == "shop"
    assert "namespace" not in named(found, "addons-x-r").inputs["metadata"]
    assert last(named(found, "addons-x-shop-a").depends_on) == {"addons-namespace-shop", "addons-x-signs.example.org"}


def test_secrets_are_secret_and_nobody_waits_who_should_not() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"pin": "0"}}
    found = named(install(delivery("x", Stage.CUSTOM, Manifest((secret,), wait=False))), "addons-x-kube-system-s")
    assert found.inputs["stringData"] == "[secret]"
    assert found.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_python_code_gets_the_cluster_and_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def code(cluster: AddOnContext) -> list[pulumi.Resource]:
        options = cluster.options
        made = pulumi.CustomResource("kubernetes:core/v1:Namespace", f"{cluster.name}-ns", {}, options)
        return [made]

    monkeypatch.setitem(sys.modules, "shop_addons", types.SimpleNamespace(install=code, bad=lambda _: [1]))  # type: ignore[arg-type]
    found = install(
        delivery("code", Stage.CUSTOM, PythonCode("shop_addons:install")),
        delivery("then", Stage.CUSTOM, Manifest((config_map("a"),)), after=("code",)),
    )
    made = named(found, "addons-code-ns")
    assert (made.parent or "").endswith("::addons")
    assert (made.provider or "").endswith("::addons-kubernetes")
    assert last(named(found, "addons-then-kube-system-a").depends_on) == {"addons-code-ns"}
    with pytest.raises(KopsError, match="returned int"):
        install(delivery("code", Stage.CUSTOM, PythonCode("shop_addons:bad")))
    with pytest.raises(KopsError, match="cannot load shop_addons:missing"):
        install(delivery("code", Stage.CUSTOM, PythonCode("shop_addons:missing")))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An address, as far as `remote` asks: `page(text)` sets what it gives; nothing leaves the process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked: list[str] = []

    def give(text: str | None) -> list[str]:
        def download(url: str) -> bytes:
            asked.append(url)
            if text is None:
                raise KopsError("offline")
            return text.encode()

        monkeypatch.setattr(remote, "_download", download)
        return asked

    return give


def test_a_digest_is_checked_and_what_has_one_is_fetched_once(page: Any) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    source = Remote("https://example.org/a.yaml", hashlib.sha256(text.encode()).hexdigest())
    page("something else")
    with pytest.raises(KopsError, match="gives something else"):
        remote.fetch(source)
    page(text)
    assert remote.fetch(source) == text
    page(None)
    assert remote.fetch(source) == text
    with pytest.raises(KopsError, match="offline"):
        remote.fetch(Remote(source.url))


def test_an_address_becomes_objects(page: Any) -> None:
    page("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n")
    found = install(delivery("x", Stage.CUSTOM, Remote("https://example.org/a.yaml"), namespace="default"))
    assert [item.name for item in found.of("kubernetes:core/v1:ConfigMap")] == ["addons-x-a"]
    page("hello")
    with pytest.raises(KopsError, match="is no manifest"):
        install(delivery("x", Stage.CUSTOM, Remote("https://example.org/a.yaml")))


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(answers: list[str | None], patience: float = 300.0) -> tuple[float, list[str]]:
    clock, said = Clock(), list[str]()
    probe = lambda: answers.pop(0) if len(answers) > 1 else answers[0]  # noqa: E731
    asyncio.run(readiness.ready(probe, say=said.append, patience=patience, sleep=clock.sleep, now=lambda: clock.now))
    return clock.now, said


def test_a_ready_api_costs_one_question() -> None:
    assert wait([None]) == (0.0, [])


def test_progress_is_told_every_half_minute() -> None:
    seconds, said = wait([*["it answers 503"] * 14, None])
    assert seconds == 70.0
    assert [line.split("(")[1].split(" ")[0] for line in said] == ["0", "30", "60"]


def test_patience_ends_with_the_reason_and_a_way_out() -> None:
    with pytest.raises(KopsError, match="not ready after 300 s: connection refused") as caught:
        wait(["connection refused"])
    assert "--skip addons" in str(caught.value)


def test_nobody_listening_is_a_reason_and_no_exception() -> None:
    assert "refused" in (readiness.ask("http://127.0.0.1:1/readyz", None) or "")
