"""What network plug-ins and add-ons install keeps the contract of `model.Delivery` (docs/contracts/addon.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from kops_pulumi import addons, clouds, cni
from kops_pulumi.components import late
from kops_pulumi.model import Chart, Delivery, Late, Manifest, Stage, plain
from kops_pulumi.plan import custom
from kops_pulumi.plan.mirrors import qualified
from tests.contract.test_addon_contract import everything as all_of
from tests.support.specs import full

EXACT = re.compile(r"v?\d+\.\d+\.\d+([-+.][\w.+-]+)?")
LATE = re.compile(
    r"role\.[\w-]+/[\w-]+|(api|bastion)\.endpoint|network\.id|(subnet|certificate|volume|group|image)\.[\w./-]+"
    r"|(user-data|root-device|leaf|private-key|ipsec-key)\.[\w.-]+|queue\.url|(cloud|csi)-config"
)


def everything() -> Iterator[tuple[str, Delivery]]:
    """Whatever any file delivers, on every cloud, with its owner."""
    for cloud in clouds.REGISTRY:
        for plugin in cni.REGISTRY:
            spec = full(cloud, networking={plugin.key: {}})
            yield from ((f"{cloud}/{plugin.key}", item) for item in plugin.deliveries(spec))
        for spec in (all_of(cloud), all_of(cloud, externalDns={"provider": "external-dns"})):
            for addon in addons.enabled(spec):
                if spec.cluster.spec.external_dns is None or addon.name == "external-dns":
                    yield from ((f"{cloud}/{addon.name}", item) for item in addon.deliveries(spec))


DELIVERED = list(everything())

every_delivery = pytest.mark.parametrize(
    "delivery", [item for _, item in DELIVERED], ids=[f"{owner}:{item.name}" for owner, item in DELIVERED]
)


def hidden_elsewhere(source: Any) -> list[str]:
    """Confidential late values that would end up in anything but a Secret."""
    kept = [d for d in source.documents if d["kind"] != "Secret"] if isinstance(source, Manifest) else source.values
    return sorted(name for name in late.names(kept) if late.is_confidential(name))


def complaints(delivery: Delivery) -> list[str]:
    """Everything that is wrong with a delivery."""
    wrong: list[str] = []
    source = delivery.source
    if isinstance(source, Chart):
        if not EXACT.fullmatch(source.version):
            wrong.append(f"the version {source.version!r} is not exact")
        if not source.repository.startswith("https://") and not source.name.startswith("oci://"):
            wrong.append("the repository is no https or oci address")
        wrong += [f"the value {'.'.join(map(str, keys))} is missing" for keys in custom.missing(source.values)]
    elif isinstance(source, Manifest):
        wrong += [f"{d} is no object" for d in source.documents if not {"apiVersion", "kind", "metadata"} <= set(d)]
    else:
        wrong.append("only charts and manifests are built in")
    wrong += [f"{name} is secret and no Secret's" for name in hidden_elsewhere(source)]
    wrong += [f"unknown late value {name}" for name in late.wanted([delivery]) if not LATE.fullmatch(name)]
    wrong += [f"{image} is no full name" for image in delivery.images if qualified(image) != image]
    if not (delivery.why and delivery.namespace):
        wrong.append("it says neither why nor where")
    if delivery.stage is Stage.CUSTOM:
        wrong.append("the last stage is the user's")
    return wrong


@every_delivery
def test_a_delivery_is_pinned_placed_and_explained(delivery: Delivery) -> None:
    assert complaints(delivery) == []


@every_delivery
def test_a_delivery_is_json_and_does_not_depend_on_the_call(delivery: Delivery) -> None:
    assert json.loads(json.dumps(plain(delivery), sort_keys=True))["name"] == delivery.name


def test_names_are_unique_on_every_cloud() -> None:
    for cloud in clouds.REGISTRY:
        spec = all_of(cloud)
        names = [item.name for addon in addons.enabled(spec) for item in addon.deliveries(spec)]
        names += [item.name for item in cni.for_spec(spec).deliveries(spec)]
        assert len(names) == len(set(names)), cloud


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"source": Chart("c", "https://e.org", "1.x")}, "the version '1.x' is not exact"),
        ({"source": Chart("c", "", "1.0.0")}, "the repository is no https or oci address"),
        ({"source": Chart("c", "https://e.org", "1.0.0", {"a": {"b": None}})}, "the value a.b is missing"),
        ({"images": ("busybox",)}, "busybox is no full name"),
        ({"why": ""}, "it says neither why nor where"),
        (
            {"source": Chart("c", "https://e.org", "1.0.0", {"key": str(Late("private-key.admin"))})},
            "private-key.admin is secret and no Secret's",
        ),
        ({"stage": Stage.CUSTOM}, "the last stage is the user's"),
    ],
)
def test_the_contract_can_be_broken(change: dict[str, Any], complaint: str) -> None:
    good: dict[str, Any] = {
        "name": "c",
        "stage": Stage.STANDARD,
        "source": Chart("c", "https://e.org", "1.0.0"),
        "namespace": "kube-system",
        "why": "always",
    }
    assert complaints(Delivery(**good)) == []
    assert complaint in complaints(Delivery(**{**good, **change}))
