"""What is installed in the cluster, as Terraform's helm and kubernetes providers have it, and their provider blocks.

A chart is a `helm_release`, an object a `kubernetes_manifest`: one to one. These two are no bridged resources, so their
few attributes are spelled out here.

https://registry.terraform.io/providers/hashicorp/helm/latest/docs/resources/release and
https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs/resources/manifest
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

from kops_pulumi.terraform.references import Secret
from kops_pulumi.terraform.resources import Body, Writer
from kops_pulumi.terraform.texts import Expression, inline, nested
from kops_pulumi.testing import Registered

PROVIDER: Final = "pulumi:providers:kubernetes"
RELEASE: Final = "kubernetes:helm.sh/v3:Release"

_OURS: Final = "pulumi.com/"
"""Annotations that only Pulumi's provider reads."""
_CREDENTIALS: Final = {
    "cluster_ca_certificate": ("clusters", "cluster", "certificate-authority-data"),
    "client_certificate": ("users", "user", "client-certificate-data"),
    "client_key": ("users", "user", "client-key-data"),
}


def type_of(resource: Registered) -> str:
    """The Terraform type of something in the cluster."""
    return "helm_release" if resource.type == RELEASE else "kubernetes_manifest"


def body(writer: Writer, resource: Registered, label: str) -> Body:
    """The attributes of a chart's release or of an object."""
    if resource.type == RELEASE:
        return _release(writer, resource.inputs, label)
    name = f"kubernetes_manifest_{label}"
    return {"manifest": {**writer.plain(_manifest(resource.inputs), name), **_data(writer, resource.inputs, name)}}


def _release(writer: Writer, inputs: Mapping[str, Any], label: str) -> Body:
    values = json.dumps(_plain(inputs.get("values") or {}), indent=2, sort_keys=True)
    found = {
        "chart": inputs.get("chart"),
        "max_history": inputs.get("maxHistory"),
        "name": inputs.get("name"),
        "namespace": inputs.get("namespace"),
        "repository": (inputs.get("repositoryOpts") or {}).get("repo"),
        "skip_crds": inputs.get("skipCrds"),
        "timeout": inputs.get("timeout"),
        "values": [writer.texts.value(values, f"helm_release_{label}_values.json")],
        "version": inputs.get("version"),
        "wait": not inputs.get("skipAwait"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _manifest(inputs: Mapping[str, Any]) -> Body:
    """The object without what only Pulumi reads, and without a Secret's `stringData`."""
    metadata = dict(inputs.get("metadata") or {})
    kept = {key: item for key, item in (metadata.pop("annotations", None) or {}).items() if not key.startswith(_OURS)}
    rest = {key: item for key, item in inputs.items() if key != "stringData"}
    return {**rest, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}


def _data(writer: Writer, inputs: Mapping[str, Any], name: str) -> Body:
    """A Secret's `stringData` as its `data`: the API keeps nothing else, and would always differ from it."""
    given = inputs.get("stringData")
    texts = given.value if isinstance(given, Secret) else given
    if not texts:
        return {}
    encoded = {key: _encoded(writer, text, f"{name}_{key}") for key, text in sorted(texts.items())}
    return {"data": {**(writer.plain(inputs.get("data"), f"{name}_data") or {}), **encoded}}


def _encoded(writer: Writer, value: Any, name: str) -> str:
    text = value.value if isinstance(value, Secret) else value
    parts = writer.texts.parts(str(text))
    if not any(isinstance(part, Expression) for part in parts):
        parts = [Expression(writer.hide(name)[2:-1])]
    return "${base64encode(" + nested(parts) + ")}"


def provider(writer: Writer, resource: Registered) -> tuple[Body, Body]:
    """The blocks `kubernetes` and `helm`: the administrator's kubeconfig, taken apart."""
    given = resource.inputs.get("kubeconfig")
    found = yaml.safe_load(given.value if isinstance(given, Secret) else str(given))
    settings = {"host": _template(writer, found["clusters"][0]["cluster"]["server"])}
    for name, (group, member, key) in _CREDENTIALS.items():
        encoded = ((found.get(group) or [{}])[0].get(member) or {}).get(key)
        if encoded:
            settings[name] = _template(writer, base64.b64decode(encoded).decode())
    return settings, {"kubernetes": settings}


def _template(writer: Writer, text: str) -> str:
    return inline(writer.texts.parts(text))


def _plain(value: Any) -> Any:
    """Chart values without marks: what is secret in them is made of references, or was refused by the plan."""
    match value:
        case Secret(hidden):
            return _plain(hidden)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
    return value
