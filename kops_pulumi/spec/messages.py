"""Mistakes in the user's words: what pydantic found, said without its vocabulary, and what was probably meant."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kops_pulumi.manifest.nodes import Node

UNSUPPORTED_CLOUDS = {
    "azure": "Azure is not supported",
    "digitalocean": "DigitalOcean is not supported",
    "hetzner": "Hetzner is not supported",
    "scaleway": "Scaleway is not supported",
    "linode": "Linode (Akamai) is not supported",
    "metal": "machines without a cloud are not supported",
    "external": "machines without a cloud are not supported",
    "spotinst": "Spot Ocean is not supported; on AWS use mixedInstancesPolicy",
    "alicloud": "kops dropped Alibaba Cloud",
    "baremetal": "machines without a cloud are not supported",
}
"""Clouds that kops has or had, and we have not."""

STRAYS: Mapping[tuple[str, str], str] = {
    ("Cluster", "spec.openstackServiceAccount"): "kops has no such field; its test manifests for OpenStack give it",
    ("Cluster", "spec.serviceOIDCProvider"): "kops has no such field; see spec.serviceAccountIssuerDiscovery",
    ("Cluster", "spec.etcdClusters[].type"): "kops has no such field; see etcdMembers[].volumeType",
    ("Cluster", "spec.etcdClusters[].volumeSize"): "kops has no such field here; see etcdMembers[].volumeSize",
    ("Cluster", "spec.etcdClusters[].volumeIops"): "kops has no such field here; see etcdMembers[].volumeIops",
    (
        "Cluster",
        "spec.etcdClusters[].volumeThroughput",
    ): "kops has no such field here; see etcdMembers[].volumeThroughput",
    (
        "InstanceGroup",
        "spec.rootVolume",
    ): "kops has no such field in v1alpha2; see spec.rootVolumeSize and rootVolumeType",
}
"""Fields that kops's own manifests carry although its API lacks them: kops ignores them in silence, we with a warning."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant."""
    by_fold = {candidate.replace("-", "").replace("_", "").lower(): candidate for candidate in candidates}
    folded = word.replace("-", "").replace("_", "").lower()
    close = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.7)
    return by_fold[close[0]] if close else None


def describe(node: Node | None) -> str:
    """A value as a sentence can name it."""
    if node is None or (node.value is None and not node.style):
        return "nothing"
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    text = node.text or ""
    shown = repr(text if len(text) <= 60 else text[:57] + "…")
    return f"the text {shown}" if node.style and not isinstance(node.value, (int, float)) else shown


def _one_of(values: list[str]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}" if len(values) > 1 else values[0]


def _bound(relation: str, key: str) -> Callable[[Mapping[str, Any], Node | None], tuple[str, str | None]]:
    def message(context: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
        return f"must be {relation} {context[key]}, not {describe(node)}", None

    return message


def _typed(wanted: str) -> Callable[[Mapping[str, Any], Node | None], tuple[str, str | None]]:
    def message(_: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
        quoted = node is not None and node.style in {"'", '"'} and wanted in {_WHOLE, _TRUTH}
        fits = quoted and (node.text or "").lstrip("-").isdigit() if wanted == _WHOLE else node_is_truth(node)
        return f"must be {wanted}, not {describe(node)}", "remove the quotes" if quoted and fits else None

    return message


def node_is_truth(node: Node | None) -> bool:
    """Whether a text says true or false."""
    return node is not None and node.text in {"true", "false"}


def _enumeration(context: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
    values = [value.strip("'") for value in str(context["expected"]).replace(" or ", ", ").split(", ")]
    word = node.text if node is not None and isinstance(node.text, str) else ""
    if word in UNSUPPORTED_CLOUDS and "openstack" in values:
        return f"{UNSUPPORTED_CLOUDS[word]}", f"supported clouds: {_one_of(values)}"
    guess = did_you_mean(word, values) if word else None
    given = describe(node).removeprefix("the text ")
    return f"must be {_one_of(values)}, not {given}", f"did you mean {guess}?" if guess else None


_WHOLE = "a whole number"
_TRUTH = "true or false"
_LIST = "a list"
_MAPPING = "a mapping"
_TEXT = "text"

_MESSAGES: Mapping[str, Callable[[Mapping[str, Any], Node | None], tuple[str, str | None]]] = {
    "missing": lambda _context, _node: ("is required", None),
    "string_type": _typed(_TEXT),
    "int_type": _typed(_WHOLE),
    "int_from_float": _typed(_WHOLE),
    "int_parsing": _typed(_WHOLE),
    "int_parsing_size": _typed("a smaller whole number"),
    "bool_type": _typed(_TRUTH),
    "bool_parsing": _typed(_TRUTH),
    "list_type": _typed(_LIST),
    "dict_type": _typed(_MAPPING),
    "model_type": _typed(_MAPPING),
    "model_attributes_type": _typed(_MAPPING),
    "literal_error": _enumeration,
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "kops": lambda context, _node: (str(context["message"]), str(context["hint"]) or None),
}
"""pydantic's kinds of error (https://docs.pydantic.dev/latest/errors/validation_errors/) and what we say instead."""


def explain(kind: str, context: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
    """Message and hint of one of pydantic's errors about a value."""
    known = _MESSAGES.get(kind)
    return known(context, node) if known else (f"cannot be {describe(node)}", None)
