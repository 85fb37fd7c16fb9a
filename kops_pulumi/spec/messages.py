"""Mistakes in the user's words: what pydantic found, said without its vocabulary, and what was probably meant."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from kops_pulumi.manifest.nodes import Node

_Message: TypeAlias = Callable[[Mapping[str, Any], Node | None], tuple[str, str | None]]
"""From an error's context and the value to a message and a hint."""

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
    ("Cluster", "spec.openstackServiceAccount"): "kops has no such field; credentials come from the provider",
    ("Cluster", "spec.serviceOIDCProvider"): "kops has no such field; see spec.serviceAccountIssuerDiscovery",
    ("Cluster", "spec.etcdClusters.type"): "kops has no such field; see etcdMembers[].volumeType",
    ("Cluster", "spec.etcdClusters.volumeSize"): "kops has no such field here; see etcdMembers[].volumeSize",
    ("Cluster", "spec.etcdClusters.volumeIops"): "kops has no such field here; see etcdMembers[].volumeIops",
    (
        "Cluster",
        "spec.etcdClusters.volumeThroughput",
    ): "kops has no such field here; see etcdMembers[].volumeThroughput",
    (
        "InstanceGroup",
        "spec.rootVolume",
    ): "kops has no such field in v1alpha2; see rootVolumeSize and rootVolumeType",
}
"""Fields of kops's own manifests that its API lacks, and why: kops ignores them in silence, we with a warning."""


_WHOLE = "a whole number"
_TRUTH = "true or false"
_LIST = "a list"
_MAPPING = "a mapping"
_TEXT = "text"


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant."""
    by_fold = {candidate.replace("-", "").replace("_", "").lower(): candidate for candidate in candidates}
    folded = word.replace("-", "").replace("_", "").lower()
    close = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.7)
    longer = [name for name in by_fold if len(folded) > 2 and name.startswith(folded)]
    return next((by_fold[name] for name in (*close, *longer)), None)


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


def _bound(relation: str, key: str) -> _Message:
    def message(context: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
        return f"must be {relation} {context[key]}, not {describe(node)}", None

    return message


def _typed(wanted: str, without_quotes: frozenset[str] = frozenset()) -> _Message:
    """A value of the wrong type; `without_quotes` are texts that would be right as plain values."""

    def message(_: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
        quoted = node.text or "" if node is not None and node.style in {"'", '"'} else ""
        fits = quoted in without_quotes or (wanted == _WHOLE and quoted.removeprefix("-").isdigit())
        return f"must be {wanted}, not {describe(node)}", "remove the quotes" if quoted and fits else None

    return message


def _enumeration(context: Mapping[str, Any], node: Node | None) -> tuple[str, str | None]:
    values = [value.strip("'") for value in str(context["expected"]).replace(" or ", ", ").split(", ")]
    word = node.text if node is not None and isinstance(node.text, str) else ""
    if word in UNSUPPORTED_CLOUDS and "openstack" in values:
        return f"{UNSUPPORTED_CLOUDS[word]}", f"supported clouds: {_one_of(values)}"
    guess = did_you_mean(word, values) if word else None
    given = describe(node).removeprefix("the text ")
    return f"must be {_one_of(values)}, not {given}", f"did you mean {guess}?" if guess else None


_MESSAGES: Mapping[str, _Message] = {
    "missing": lambda _context, _node: ("is required", None),
    "string_type": _typed(_TEXT),
    "int_type": _typed(_WHOLE),
    "int_from_float": _typed(_WHOLE),
    "int_parsing": _typed(_WHOLE),
    "int_parsing_size": _typed("a smaller whole number"),
    "bool_type": _typed(_TRUTH, frozenset({"true", "false"})),
    "bool_parsing": _typed(_TRUTH, frozenset({"true", "false"})),
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
