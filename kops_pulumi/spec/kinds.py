"""Which document is what, and what must be true of all documents together."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from kops_pulumi.errors import Finding, KeyPath, Location
from kops_pulumi.manifest import Document, Manifest
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.cluster import Cluster
from kops_pulumi.spec.instancegroup import InstanceGroup, SSHCredential
from kops_pulumi.spec.keyset import Keyset
from kops_pulumi.spec.messages import did_you_mean
from kops_pulumi.spec.meta import CLUSTER_LABEL

GROUP = "kops.k8s.io"
API_VERSION = f"{GROUP}/v1alpha2"
MODELS: dict[str, type[SpecModel]] = {
    "Cluster": Cluster,
    "InstanceGroup": InstanceGroup,
    "Keyset": Keyset,
    "SSHCredential": SSHCredential,
}

_OTHER_VERSIONS = {
    "v1alpha3": "v1alpha3 is the shape that kops uses inside; `kops get --output yaml` prints v1alpha2",
    "v1alpha1": "v1alpha1 is long gone; `kops get --output yaml` of a current kops prints v1alpha2",
}
_OTHER_KINDS = {
    "Host": "machines without a cloud are not supported; remove the document",
}


def is_foreign(document: Document) -> bool:
    """Whether the document is a Kubernetes object that passes through as it is."""
    return bool(document.kind and document.api_version) and _stranger(document) is None


def classify(document: Document) -> tuple[type[SpecModel] | None, list[Finding]]:
    """The model of a document, or what keeps it from having one; neither for a foreign object."""
    if not document.kind:
        return None, [Finding(("kind",), "is required", f"{', '.join(MODELS)} or a Kubernetes kind")]
    problem = _stranger(document)
    if problem is None:
        missing = [] if document.api_version else [Finding(("apiVersion",), "is required", None)]
        return None, missing
    if isinstance(problem, Finding):
        return None, [problem]
    return problem, []


def _stranger(document: Document) -> type[SpecModel] | Finding | None:
    """The model of one of our documents, what is wrong with its kind or version, or None for somebody else's."""
    group, _, version = document.api_version.partition("/")
    ours = document.kind in MODELS
    if group != GROUP:
        mistyped = bool(difflib.get_close_matches(document.api_version, [API_VERSION], cutoff=0.6))
        if ours and (mistyped or "/" not in document.api_version):
            message = f"must be {API_VERSION}, not {document.api_version!r}" if document.api_version else "is required"
            return Finding(("apiVersion",), message, None if document.api_version else API_VERSION)
        return None
    if version != "v1alpha2":
        return Finding(
            ("apiVersion",), f"must be {API_VERSION}, not {document.api_version!r}", _OTHER_VERSIONS.get(version)
        )
    if not ours:
        guess = did_you_mean(document.kind, MODELS)
        hint = _OTHER_KINDS.get(document.kind) or (
            f"did you mean {guess!r}?" if guess else f"known: {', '.join(MODELS)}"
        )
        return Finding(("kind",), f"unknown kind {document.kind!r}", hint)
    return MODELS[document.kind]


def check_together(manifest: Manifest, *, complete: bool) -> list[Finding]:
    """One cluster, unique names, and every group labelled with the cluster's name.

    `complete` is False when the YAML is broken: then, as beside a document of unknown kind, a missing cluster is no
    news.
    """
    documents = manifest.documents
    clusters = [document for document in documents if document.kind == "Cluster" and _is_ours(document)]
    findings = [_again(document, clusters[0]) for document in clusters[1:]]
    if not clusters:
        complete = complete and not any(classify(document)[1] for document in documents)
        place = Location(manifest.sources[0], 1, 1) if manifest.sources else None
        hint = f"add a document with apiVersion: {API_VERSION} and kind: Cluster"
        return [Finding((), "there is no Cluster document", hint, location=place)] if complete else []
    for kind in ("InstanceGroup", "Keyset", "SSHCredential"):
        members = [document for document in documents if document.kind == kind and _is_ours(document)]
        findings += [finding for member in members for finding in _label(member, clusters[0])]
        findings += _twice(members)
    return findings


def _is_ours(document: Document) -> bool:
    return document.api_version.partition("/")[0] == GROUP


def _again(document: Document, first: Document) -> Finding:
    return _finding(
        document, ("kind",), f"a second Cluster; the first is at {first.root.place}", "one cluster a manifest"
    )


def _twice(documents: Sequence[Document]) -> list[Finding]:
    first: dict[str, Document] = {}
    return [
        _finding(
            document, ("metadata", "name"), f"{document.title} is given twice", f"the first is at {known.root.place}"
        )
        for document in documents
        if document.name and (known := first.setdefault(document.name, document)) is not document
    ]


def _label(document: Document, cluster: Document) -> list[Finding]:
    metadata = document.root.child("metadata")
    labels = metadata.child("labels") if metadata else None
    label = labels.child(CLUSTER_LABEL) if labels else None
    if not cluster.name or metadata is None:
        return []
    if label is None or not label.text:
        hint = f"add {CLUSTER_LABEL}: {cluster.name}"
        return [_finding(document, ("metadata", "labels"), f"the label {CLUSTER_LABEL} is required", hint)]
    if label.text != cluster.name:
        message = f"must be the cluster's name {cluster.name!r}, not {label.text!r}"
        return [_finding(document, ("metadata", "labels", CLUSTER_LABEL), message, None)]
    return []


def _finding(document: Document, path: KeyPath, message: str, hint: str | None) -> Finding:
    return Finding(path, message, hint, document=document.title, location=document.locate(path))
