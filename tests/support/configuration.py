"""A written Terraform configuration, read back: what it defines, what it refers to, and whether that fits together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from kops_pulumi.rehearsal.sdk import Sdk
from kops_pulumi.terraform.spelling import snake

LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"(?<![\w.-])(data\.)?([a-z][a-z0-9]*_[a-z0-9_]+|external)\.([A-Za-z_][\w-]*)\.([a-z_0-9]+)")
_TEMPLATE = re.compile(r'(?:templatefile|file|filebase64)\("\$\{path\.module\}/([^"]+)"(?:, \{ (.*?) \})?\)', re.DOTALL)
_META = frozenset({"depends_on", "lifecycle", "provider"})
_PRIVATE = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|tfref[0-9a-f]{16}x|PLACEHOLDER")


@dataclass(frozen=True)
class Written:
    """One configuration's files."""

    files: Mapping[str, bytes]

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["kubernetes.tf.json"])
        return found

    def bodies(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for type_, labelled in self.document["resource"].items():
            for label, body in labelled.items():
                yield type_, label, body

    def expressions(self) -> Iterator[str]:
        """Every text of the document with an interpolation in it."""
        yield from (text for text in _texts(self.document) if "${" in text)

    def problems(self) -> list[str]:
        """Everything that Terraform would complain about, as far as it can be told without it."""
        return [*self._labels(), *self._dangling(), *self._files(), *self._misspelled(), *self._revealed()]

    def _labels(self) -> Iterator[str]:
        names = [(kind, label) for kind, label, _ in self.bodies()]
        names += [("output", name) for name in self.document.get("output", {})]
        names += [("variable", name) for name in self.document.get("variable", {})]
        yield from (f"{kind} {name} is no label" for kind, name in names if not LABEL.fullmatch(name))

    def _dangling(self) -> Iterator[str]:
        document = self.document
        for text in self.expressions():
            for data, type_, label, attribute in _REFERENCE.findall(text):
                home = document.get("data" if data else "resource", {}).get(type_, {})
                if label not in home:
                    yield f"{data}{type_}.{label} is referred to and not there"
                elif not data and attribute not in {"id", *attributes(type_)}:
                    yield f"{type_} has no attribute {attribute}"
            for name in re.findall(r"\bvar\.([a-z0-9_]+)", text):
                if name not in document.get("variable", {}):
                    yield f"var.{name} is referred to and not there"
        known = {f"{type_}.{label}" for type_, label, _ in self.bodies()}
        for type_, label, body in self.bodies():
            for other in set(body.get("depends_on", ())) - known:
                yield f"{type_}.{label} depends on {other}, which is not there"

    def _files(self) -> Iterator[str]:
        used = set[str]()
        for text in self.expressions():
            for path, variables in _TEMPLATE.findall(text):
                used.add(path)
                if path not in self.files:
                    yield f"{path} is read and not there"
                elif path.endswith(".tftpl"):
                    content = self.files[path].decode()
                    wanted = set(re.findall(r"(?<!\$)(?:\$\$)*\$\{([a-z0-9_]+)\}", content))
                    given = set(re.findall(r"(?:^|, )([a-z0-9_]+) = ", variables))
                    if wanted != given:
                        yield f"{path} has the variables {sorted(wanted)} and is given {sorted(given)}"
        yield from (f"{path} is never read" for path in self.files if path.startswith("data/") and path not in used)

    def _misspelled(self) -> Iterator[str]:
        for type_, label, body in self.bodies():
            known = attributes(type_)
            if known:
                yield from (f"{type_}.{label}: {key}?" for key in body if key not in known | _META)

    def _revealed(self) -> Iterator[str]:
        for path, content in self.files.items():
            if found := _PRIVATE.search(content.decode(errors="replace")):
                yield f"{path} has {found[0]}"


@cache
def attributes(type_: str) -> frozenset[str]:
    """What the SDK knows of a bridged type, in Terraform's case; lists of blocks with and without their plural."""
    for token in _tokens().get(type_, ()):
        schema = _sdk(token.partition(":")[0]).schema(token)
        if schema:
            from kops_pulumi.terraform.spelling import property_of

            names = {*schema.inputs, *schema.outputs}
            singles = {property_of(type_, name, blocks=True) for name in names}
            return frozenset({"id", *map(snake, names), *singles, *({"tag"} if "tags" in names else ())})
    return frozenset()


@cache
def _sdk(package: str) -> Sdk:
    return Sdk(package)


@cache
def _tokens() -> dict[str, list[str]]:
    """Pulumi tokens by Terraform type."""
    from kops_pulumi.errors import KopsError
    from kops_pulumi.terraform.spelling import type_of

    found: dict[str, list[str]] = {}
    for package in ("aws", "gcp", "openstack", "vsphere", "tls", "random"):
        for token in _sdk(package)._modules():
            try:
                found.setdefault(type_of(token), []).append(token)
            except KopsError:
                continue
    return found


def paths(body: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Names of attributes and of those in blocks, as `health_check.port`."""
    for key, value in body.items():
        yield f"{prefix}{key}"
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and key not in {"tags", "labels", "metadata", "manifest"}:
                yield from paths(item, f"{prefix}{key}.")


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
