"""The user's own add-ons (`spec.addons`) and the extra objects of the cluster's file, as deliveries.

Files are read by `pipeline` and come here as texts, so that this stays pure; addresses are read when the program runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import yaml

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.model import HELM_TIMEOUT, Chart, Delivery, Manifest, PythonCode, Remote, Stage

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec.addons import Addon, HelmChart, ManifestSource

OBJECTS = "cluster-objects"
"""Name of the delivery that holds the extra objects of the cluster's file."""
SCHEDULER = "KubeSchedulerConfiguration"
"""A document that is no object of the cluster: it goes to kube-scheduler's own file (`bootstrap`)."""
_NAMESPACE = "default"
_SYSTEM = "kube-system"

Files: TypeAlias = Mapping[str, str]
"""Texts by the path that the manifest writes."""


def build(full: FullSpec, files: Files) -> tuple[list[Delivery], list[Finding]]:
    """Deliveries of everything that the user brings, and what is wrong with it."""
    found: list[Delivery] = []
    findings: list[Finding] = []
    for index, addon in enumerate(full.cluster.spec.addons or ()):
        delivery, wrong = _delivery(addon, ("spec", "addons", index), files)
        findings += wrong
        if delivery is not None:
            found.append(delivery)
    objects = tuple(item for item in full.objects if item.get("kind") != SCHEDULER)
    if objects:
        why = "objects in the cluster's file"
        found.append(Delivery(OBJECTS, Stage.CUSTOM, Manifest(objects), _NAMESPACE, why))
    return found, findings


def paths(full_or_spec: Any) -> Iterator[tuple[KeyPath, str]]:
    """Every file that `spec.addons` names, with the field that does."""
    for index, addon in enumerate(full_or_spec.addons or ()):
        path: KeyPath = ("spec", "addons", index, "manifest")
        match addon.manifest:
            case str(text) if not _is_address(text):
                yield path, text
            case None | str():
                pass
            case source if source.file:
                yield (*path, "file"), source.file


def name_of(addon: Addon) -> str:
    """Its own name, or one from where it comes from: kops's add-ons need none."""
    if addon.name:
        return addon.name
    if addon.helm is not None:
        return addon.helm.chart.rpartition("/")[2]
    if addon.python is not None:
        return addon.python.replace(":", ".")
    source = addon.manifest
    text = source if isinstance(source, str) else (source.file or source.url or "inline") if source else ""
    return PurePosixPath(urlsplit(text).path).stem or "addon"


def _delivery(addon: Addon, path: KeyPath, files: Files) -> tuple[Delivery | None, list[Finding]]:
    name, after, why = name_of(addon), tuple(addon.after or ()), f"spec.addons[{path[-1]}]"
    if addon.helm is not None:
        chart, findings = _chart(addon.helm, (*path, "helm"))
        namespace = addon.helm.namespace or _SYSTEM
        return Delivery(
            name,
            Stage.CUSTOM,
            chart,
            namespace,
            why,
            version=chart.version,
            after=after,
            create_namespace=bool(addon.helm.create_namespace),
        ), findings
    if addon.python is not None:
        return Delivery(name, Stage.CUSTOM, PythonCode(addon.python), _NAMESPACE, why, after=after), []
    if addon.manifest is None:
        return None, []  # resolve/validate says that it comes from nowhere
    settings = None if isinstance(addon.manifest, str) else addon.manifest
    source, findings = _manifest(addon.manifest, (*path, "manifest"), files)
    namespace = (settings.namespace if settings else None) or _NAMESPACE
    if source is None:
        return None, findings
    return Delivery(
        name,
        Stage.CUSTOM,
        source,
        namespace,
        why,
        after=after,
        create_namespace=bool(settings and settings.create_namespace),
    ), findings


def _chart(helm: HelmChart, path: KeyPath) -> tuple[Chart, list[Finding]]:
    oci = helm.chart.startswith("oci://")
    findings = []
    if not oci and not helm.repo:
        message = f"it is not said which repository has the chart {helm.chart!r}"
        findings.append(Finding((*path, "repo"), message, "set repo, or write the chart as oci://…"))
    if oci and helm.repo:
        message = "an oci:// chart is its own address"
        findings.append(Finding((*path, "repo"), message, "remove repo"))
    values = helm.values or {}
    findings += [
        Finding((*path, "values", *keys), "the value is missing", "give one, or leave the key out")
        for keys in missing(values)
    ]
    return Chart(
        helm.chart,
        helm.repo or "",
        helm.version,
        values,
        release=helm.release,
        skip_crds=bool(helm.skip_crds),
        wait=helm.wait is not False,
        timeout=helm.timeout or HELM_TIMEOUT,
    ), findings


def missing(value: Any) -> Iterator[KeyPath]:
    """Keys with nothing after the colon; Helm would take them out of the chart's defaults without a word."""
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        if inner is None:
            yield (key,)
        else:
            yield from ((key, *rest) for rest in missing(inner))


def _manifest(
    source: str | ManifestSource, path: KeyPath, files: Files
) -> tuple[Manifest | Remote | None, list[Finding]]:
    if isinstance(source, str):
        if _is_address(source):
            return Remote(source), []
        return _documents(files.get(source), path)
    given = [key for key in ("inline", "file", "url") if getattr(source, key) is not None]
    if len(given) != 1:
        says = f"says {' and '.join(given)}" if given else "does not say where its objects are"
        return None, [Finding(path, f"the manifest {says}", "set exactly one of inline, file and url")]
    if source.url is not None:
        return _remote(source, path)
    text = source.inline if source.inline is not None else files.get(source.file or "")
    if text is not None and source.sha256 and hashlib.sha256(text.encode()).hexdigest() != source.sha256.lower():
        digest = hashlib.sha256(text.encode()).hexdigest()
        return None, [Finding((*path, "sha256"), f"the file's digest is {digest}", "look at what changed in it")]
    return _documents(text, (*path, given[0]))


def _remote(source: ManifestSource, path: KeyPath) -> tuple[Remote | None, list[Finding]]:
    url = source.url or ""
    if urlsplit(url).scheme not in ("http", "https"):
        return None, [Finding((*path, "url"), f"{url!r} is no http(s) address", "for a file of yours, set file")]
    if source.sha256 is None:
        hint = f"set sha256 to what `curl -sL {url} | sha256sum` prints"
        return None, [Finding((*path, "sha256"), "an address needs the digest of what it gives", hint)]
    return Remote(url, source.sha256.lower()), []


def _documents(text: str | None, path: KeyPath) -> tuple[Manifest | None, list[Finding]]:
    """A text's objects; None without a finding when the file could not be read, which is said already."""
    if text is None:
        return None, []
    try:
        documents = list(objects(text))
    except yaml.YAMLError as error:
        return None, [Finding(path, f"not YAML: {' '.join(str(error).split())}")]
    except ValueError as error:
        return None, [Finding(path, str(error), "an object has apiVersion, kind and metadata.name")]
    return Manifest(tuple(documents)), []


def objects(text: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a YAML text, lists taken apart. Raises ValueError for what is no Kubernetes object."""
    yield from _flat(document for document in yaml.safe_load_all(text) if document is not None)


def _flat(documents: Iterator[Any] | Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    for number, document in enumerate(documents, 1):
        if not isinstance(document, Mapping) or not document.get("kind") or not document.get("apiVersion"):
            raise ValueError(f"document {number} is no Kubernetes object")
        if str(document["kind"]).endswith("List") and isinstance(document.get("items"), list):
            yield from _flat(document["items"])
        elif not isinstance(document.get("metadata"), Mapping) or not document["metadata"].get("name"):
            raise ValueError(f"document {number} ({document['kind']}) has no name")
        else:
            yield document


def _is_address(text: str) -> bool:
    return "://" in text
