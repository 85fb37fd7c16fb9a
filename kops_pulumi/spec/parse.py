"""Manifest → models: which document is what, a walk that names unknown and deprecated fields, then pydantic's checks.

All findings at once, each with its document and place. The walk also turns plain scalars into their source text where
the API wants text (`kubernetesVersion: 1.30` is "1.30"), and drops nulls: a null means "not given", as it does to kops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from kops_pulumi.errors import Finding, KeyPath, ManifestError, Severity, errors_in
from kops_pulumi.manifest import Document, Manifest
from kops_pulumi.manifest.nodes import Node
from kops_pulumi.spec import kinds, messages, shapes
from kops_pulumi.spec.base import SpecModel, plain
from kops_pulumi.spec.cluster import Cluster
from kops_pulumi.spec.instancegroup import InstanceGroup, SSHCredential
from kops_pulumi.spec.keyset import Keyset

_BRANCHES = frozenset({"str", "ManifestSource"})
"""What pydantic adds to an error's path for a union's branches."""


@dataclass(frozen=True)
class ParsedManifest:
    """The documents of a manifest as models, and everything that is wrong with them (YAML findings included)."""

    manifest: Manifest
    findings: tuple[Finding, ...]
    found_cluster: Cluster | None
    groups: tuple[InstanceGroup, ...] = ()
    """In the order of the file; those with errors that leave no model are left out."""
    ssh_keys: tuple[SSHCredential, ...] = ()
    keysets: tuple[Keyset, ...] = ()
    objects: tuple[Mapping[str, Any], ...] = ()
    """Other Kubernetes objects, as they are."""

    @property
    def cluster(self) -> Cluster:
        """The cluster; raises ManifestError when the findings left none."""
        if self.found_cluster is None:
            raise ManifestError(self.findings)
        return self.found_cluster

    def document(self, model: Cluster | InstanceGroup | Keyset | SSHCredential) -> Document | None:
        """The document that a model came from."""
        return self.manifest.get(model.kind, model.metadata.name)


def parse(manifest: Manifest) -> ParsedManifest:
    """Read every document; never raises for what a user wrote."""
    results = [(document, *_read(document)) for document in manifest.documents]
    models = [model for _, model, _ in results if model is not None]
    findings = [finding for _, _, found in results for finding in found]
    whole = kinds.check_together(manifest, complete=not errors_in(manifest.findings))
    return ParsedManifest(
        manifest=manifest,
        findings=_sorted([*manifest.findings, *findings, *whole]),
        found_cluster=next((model for model in models if isinstance(model, Cluster)), None),
        groups=tuple(model for model in models if isinstance(model, InstanceGroup)),
        ssh_keys=tuple(model for model in models if isinstance(model, SSHCredential)),
        keysets=tuple(model for model in models if isinstance(model, Keyset)),
        objects=tuple(document.data for document in manifest.documents if kinds.is_foreign(document)),
    )


def dump(model: SpecModel) -> dict[str, Any]:
    """A model as plain data under YAML keys; what the user did not give is left out."""
    data: dict[str, Any] = plain(model)
    return data


def _read(document: Document) -> tuple[SpecModel | None, list[Finding]]:
    model, found = kinds.classify(document)
    if model is None:
        return None, [_placed(finding, document) for finding in found]
    walk = _Walk(document.kind)
    data = walk.mapping(document.root, model, ())
    found += walk.findings
    instance: SpecModel | None = None
    try:
        instance = model.model_validate(data)
    except ValidationError as error:
        found += _explained(error, document)
        instance = _rest(model, data, error)
    return instance, [_placed(finding, document) for finding in found]


def _rest(model: type[SpecModel], data: dict[str, Any], error: ValidationError) -> SpecModel | None:
    """The model without the optional fields that are wrong, so that `resolve` finds the other mistakes in the same run.

    None when that is not enough: something required is wrong or missing.
    """
    for details in error.errors(include_url=False, include_input=False):
        owner, key = None, None
        value: Any = data
        for step in details["loc"]:
            if isinstance(value, dict) and step in value:
                owner, key = value, step
            elif not (isinstance(value, list) and isinstance(step, int) and step < len(value)):
                break
            value = value[step]
        if owner is not None and details["type"] != "missing":
            owner.pop(key, None)
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


class _Walk:
    """Goes through a document beside its model."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.findings: list[Finding] = []

    def value(self, node: Node, shape: shapes.Shape, path: KeyPath) -> Any:
        """A value as pydantic shall see it."""
        match node.value:
            case dict() if shape.model is not None:
                return self.mapping(node, shape.model, path)
            case dict() as entries if shape.values is not None:
                inner = shape.values
                return {
                    key: "" if child.value is None and inner.text else self.value(child, inner, (*path, key))
                    for key, child in entries.items()
                }
            case list() as items if shape.items is not None:
                inner = shape.items
                return [self.value(item, inner, (*path, index)) for index, item in enumerate(items)]
            case bool() | int() | float() if shape.text:
                return node.text
        return node.plain()

    def mapping(self, node: Node, model: type[SpecModel], path: KeyPath) -> dict[str, Any]:
        """The entries that the model knows; the others become findings."""
        known, data = shapes.fields(model), dict[str, Any]()
        for key, child in (node.mapping or {}).items():
            field, place = known.get(key), (*path, key)
            if field is None:
                self._note(node, self._unknown(model, place))
            elif child.value is not None:
                if field.replacement is not None:
                    self._note(node, Finding(place, "is deprecated", field.replacement, Severity.WARNING))
                data[key] = self.value(child, field.shape, place)
        return data

    def _note(self, owner: Node, finding: Finding) -> None:
        """Keep a finding about a key of `owner`, with the key's place."""
        entry = owner.entries.get(finding.path[-1])
        self.findings.append(finding.at(entry.place) if entry else finding)

    def _unknown(self, model: type[SpecModel], path: KeyPath) -> Finding:
        pattern = ".".join(str(step) for step in path if isinstance(step, str))
        stray = messages.STRAYS.get((self.kind, pattern))
        if stray is not None:
            return Finding(path, "unknown field, ignored", stray, Severity.WARNING)
        meant, hint = self._meant(model, str(path[-1]), path)
        return Finding(path, f"unknown field; did you mean {meant!r}?" if meant else "unknown field", hint)

    def _meant(self, model: type[SpecModel], key: str, path: KeyPath) -> tuple[str | None, str | None]:
        """The field beside it that was probably meant; else a hint where a field of that name belongs."""
        below = shapes.home_of(model, key)
        if below is not None and len(below) > 1:
            return None, f"it belongs in {Finding((*path[:-1], *below[:-1]), '').dotted}"
        guess = messages.did_you_mean(
            key, (name for name, field in shapes.fields(model).items() if not field.replacement)
        )
        if guess is not None:
            return guess, None
        home = shapes.home_of(kinds.MODELS[self.kind], key, depth=4)
        return None, f"it belongs in {Finding(home[:-1], '').dotted}" if home is not None else None


def _explained(error: ValidationError, document: Document) -> Iterable[Finding]:
    for details in error.errors(include_url=False, include_input=False):
        path, node, fits = _path_of(details["loc"], document.root)
        if fits:
            message, hint = messages.explain(details["type"], details.get("ctx", {}), node)
            yield Finding(path, message, hint)


def _path_of(loc: tuple[int | str, ...], root: Node) -> tuple[KeyPath, Node | None, bool]:
    """The user's path of an error, its value, and whether the error is about the branch of a union the user took."""
    path: KeyPath = ()
    node: Node | None = root
    for step in loc:
        if step == "[key]":
            return path, Node(str(path[-1]), text=str(path[-1])), True
        child = node.child(step) if node is not None else None
        if child is None and step in _BRANCHES:
            took_text = node is None or node.mapping is None
            if (step == "str") != took_text:
                return path, node, False
        else:
            path, node = (*path, step), child
    return path, node, True


def _placed(finding: Finding, document: Document) -> Finding:
    """The finding with its document's title and its place in the file."""
    return replace(finding, document=document.title, location=finding.location or document.locate(finding.path))


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    files = {finding.location.file: None for finding in findings if finding.location}
    order = {file: index for index, file in enumerate(files)}

    def position(finding: Finding) -> tuple[int, int, int]:
        place = finding.location
        return (order[place.file], place.line, place.column) if place else (len(order), 0, 0)

    return tuple(sorted(findings, key=position))
