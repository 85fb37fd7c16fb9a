"""Where the Pulumi engine keeps its state, and the mending of local state that a killed engine left unreadable.

The engine asks in this order: PULUMI_BACKEND_URL, the project's `backend.url`, the backend of the last `pulumi login`
(https://www.pulumi.com/docs/iac/concepts/state-and-backends/). When all are silent, ours is the store's own directory.
This module must not talk to a backend; it only reads files on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kops_pulumi.automation.engine import home, pulumi_home

_FILE = "file://"
_QUERY = "metadata=skip"
"""Has the engine write no `.attrs` files, which a kill can leave empty and the whole stack unreadable."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The address of the engine's state and who says so."""

    url: str
    source: str

    @property
    def local(self) -> bool:
        """Whether the state is files on this machine."""
        return self.url.startswith(_FILE)

    @property
    def leaves_attributes(self) -> bool:
        """Whether a kill can damage this backend's attribute files."""
        return self.local and _QUERY not in self.url.partition("?")[2].split("&")

    @property
    def without_attributes(self) -> str:
        """The same address with `metadata=skip`."""
        return self.url if not self.leaves_attributes else self.url + ("&" if "?" in self.url else "?") + _QUERY

    def directory(self, environ: Mapping[str, str]) -> Path | None:
        """The directory of a local backend; `~` is the user's home, as the engine reads it."""
        if not self.local:
            return None
        path = unquote(self.url.removeprefix(_FILE).partition("?")[0])
        if path == "~" or path.startswith("~/"):
            return home(environ) / path[2:]
        return Path(path)


def find(environ: Mapping[str, str], *, project: Path | None, default: Path) -> Backend:
    """The backend that applies; `project` is a Pulumi.yaml, `default` the directory that we use when nobody says."""
    candidates = (
        (environ.get("PULUMI_BACKEND_URL"), "PULUMI_BACKEND_URL"),
        (_project_url(project), str(project)),
        (_login_url(environ), "pulumi login"),
    )
    for url, source in candidates:
        if url:
            return Backend(url, source)
    return Backend(f"{_FILE}{default.absolute()}?{_QUERY}", "default of kops-pulumi")


def damaged(directory: Path) -> tuple[Path, ...]:
    """Empty attribute files: with one, every command on the stack fails with `failed to load checkpoint: EOF`."""
    found = (directory / ".pulumi").rglob("*.attrs")
    return tuple(sorted(path for path in found if path.is_file() and path.stat().st_size == 0))


def repair(files: Iterable[Path]) -> None:
    """Remove empty attribute files; the checkpoints beside them are whole and load again without."""
    for file in files:
        if file.stat().st_size == 0:
            file.unlink()


def _project_url(project: Path | None) -> str | None:
    if project is None or not project.is_file():
        return None
    import yaml

    try:
        document = yaml.safe_load(project.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return None
    return _text(_mapping(_mapping(document).get("backend")).get("url"))


def _login_url(environ: Mapping[str, str]) -> str | None:
    credentials = pulumi_home(environ) / "credentials.json"
    try:
        return _text(_mapping(json.loads(credentials.read_text(encoding="utf-8"))).get("current"))
    except (OSError, ValueError):
        return None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
