"""The values of a template: files of YAML or JSON, folders of them, laid over each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kops_pulumi import manifest
from kops_pulumi.errors import Finding, KopsError, ManifestError, NotFoundError, errors_in

_SUFFIXES = (".yaml", ".yml", ".json")


def read_values(paths: Iterable[Path]) -> dict[str, Any]:
    """The values of files, and of the YAML and JSON files of folders, later ones over earlier; ManifestError if bad."""
    found: dict[str, Any] = {}
    for path in paths:
        for file in _files(path):
            loaded = manifest.load([file])
            if errors := errors_in(loaded.findings):
                raise ManifestError(errors)
            for document in loaded.documents:
                found = merged(found, document.data)
    return found


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping over another: mappings in both merge, everything else replaces."""
    found = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merged(found[key], value) if both else value
    return found


def expanded(paths: Iterable[Path], suffixes: tuple[str, ...] = ()) -> Iterator[Path]:
    """Files as they are, and the files in folders, sorted; NotFoundError for what is not there."""
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"there is no file {path}")
        if not path.is_dir():
            yield path
            continue
        try:
            inside = sorted(item for item in path.iterdir() if item.is_file() and not item.name.startswith("."))
        except OSError as error:
            raise KopsError(f"cannot read the folder {path}: {error.strerror}") from error
        yield from (item for item in inside if not suffixes or item.suffix in suffixes)


def _files(path: Path) -> Iterator[Path]:
    yield from expanded([path], _SUFFIXES)


def looked_up(values: Mapping[str, Any], dotted: str) -> Any:
    """One value by its path; ManifestError when there is none."""
    found: Any = values
    for step in dotted.split("."):
        if not isinstance(found, Mapping) or step not in found:
            known = ", ".join(sorted(map(str, found))) if isinstance(found, Mapping) else ""
            raise ManifestError([Finding((), f"there is no value {dotted}", f"there are: {known}" if known else None)])
        found = found[step]
    return found
