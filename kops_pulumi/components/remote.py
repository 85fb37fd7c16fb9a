"""Manifests at addresses: fetched when the program runs, checked against their digest, kept by it.

What has a digest is fetched once per machine, so that previews work offline afterwards. Nothing else of the components
opens a connection of its own but the readiness gate.
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Final

from kops_pulumi.errors import KopsError
from kops_pulumi.model import Remote

PATIENCE: Final = 30
"""Seconds for one connection."""
LARGEST: Final = 16 * 1024 * 1024
"""Bytes; the largest manifests in use (bundles of custom resource definitions) have some three million."""


def fetch(source: Remote) -> str:
    """The text behind an address. Raises KopsError when it cannot be had or is not what the manifest says."""
    kept = _cache() / source.sha256 if source.sha256 else None
    if kept is not None and kept.is_file():
        data = kept.read_bytes()
        if hashlib.sha256(data).hexdigest() == source.sha256:
            return data.decode()
    data = _download(source.url)
    digest = hashlib.sha256(data).hexdigest()
    if source.sha256 and digest != source.sha256:
        raise KopsError(
            f"{source.url} gives something else than the manifest expects: its SHA-256 is {digest}",
            hint="look at what changed there; if it is what you want, write that digest into the manifest",
        )
    if kept is not None:
        _keep(kept, data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise KopsError(f"{source.url} is no UTF-8 text") from None


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - the plan checks the scheme
            data: bytes = answer.read(LARGEST + 1)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise KopsError(f"cannot fetch {url}: {reason}", hint="or copy it beside the manifest: {file: …}") from None
    if len(data) > LARGEST:
        raise KopsError(f"{url} gives more than {LARGEST} bytes", hint="that is no manifest")
    return data


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "kops-pulumi" / "manifests"


def _keep(path: Path, data: bytes) -> None:
    """Put it where the next run finds it; where that cannot be, the next run fetches again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_bytes(data)
        part.replace(path)
