"""Where clusters live on disk: one directory per cluster, `<state>/<name>/*.yaml`, in the user's own repository.

A store only finds, reads and writes files; what is in them is the stages' business. Beside the manifests the store has
`.pulumi-state/`, the default backend of the Pulumi engine, which ignores itself in git. This module must not read the
environment nor print.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kops_pulumi.errors import KopsError, NotFoundError

MANIFEST = "cluster.yaml"
STATE_DIRECTORY = ".pulumi-state"
_OTHER_STORES = (
    "s3://",
    "gs://",
    "do://",
    "azureblob://",
    "scw://",
    "swift://",
    "hos://",
    "linode://",
    "memfs://",
    "k8s://",
)


@dataclass(frozen=True, slots=True)
class Store:
    """A directory of clusters."""

    root: Path

    @classmethod
    def at(cls, address: str) -> Store:
        """The store at a path or `file://` URL; kops's object stores get a pointed error."""
        if address.startswith(_OTHER_STORES):
            raise KopsError(
                f"the state store {address} is kops's kind: manifests are kept in a directory here",
                hint="give a directory (--state, KOPS_STATE_STORE); "
                "for shared Pulumi state in an object store set PULUMI_BACKEND_URL",
            )
        return cls(Path(address.removeprefix("file://")).expanduser())

    @classmethod
    def near(cls, directory: Path) -> Store:
        """`clusters/` of the project a directory is in: the nearest one upwards that has it, or a Pulumi.yaml."""
        for candidate in (directory, *directory.parents):
            if (candidate / "clusters").is_dir() or (candidate / "Pulumi.yaml").is_file():
                return cls(candidate / "clusters")
        return cls(directory / "clusters")

    @property
    def state(self) -> Path:
        """Directory of the default Pulumi backend."""
        return self.root / STATE_DIRECTORY

    def names(self) -> tuple[str, ...]:
        """The clusters of this store, sorted."""
        if "\0" in str(self.root) or not self.root.is_dir():
            return ()
        try:
            return tuple(sorted(path.name for path in self.root.iterdir() if path.is_dir() and _manifests(path)))
        except OSError as error:
            raise KopsError(f"cannot read {self.root}: {error.strerror}") from error

    def paths(self, name: str) -> tuple[Path, ...]:
        """The manifest files of a cluster, `cluster.yaml` first; `NotFoundError` when it is not here."""
        found = _manifests(self.root / name) if name and _is_name(name) else ()
        if not found:
            raise self._unknown(name)
        return found

    def only(self) -> str:
        """The name of the store's single cluster; an error when there are none or several."""
        names = self.names()
        if len(names) == 1:
            return names[0]
        if not names:
            raise NotFoundError(
                f"there are no clusters in {self.root}",
                hint="make one with `kops-pulumi create cluster NAME`, or give a manifest with -f FILE",
            )
        raise NotFoundError(
            f"which cluster? {self.root} has {', '.join(names)}", hint="give its NAME, --name or KOPS_CLUSTER_NAME"
        )

    def add(self, name: str, text: str) -> Path:
        """Write a new cluster's manifest; refuses to overwrite one."""
        directory = self.root / name
        if _manifests(directory):
            raise KopsError(
                f"the cluster {name} exists already: {_manifests(directory)[0]}",
                hint="edit that file, and see what would change with `kops-pulumi update cluster`",
            )
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / MANIFEST
        replace_files({path: text})
        return path

    def remove(self, name: str) -> tuple[Path, ...]:
        """Delete a cluster's manifest files, and its directory when nothing else is in it; returns what went."""
        gone = self.paths(name)
        for path in gone:
            path.unlink()
        if not any((self.root / name).iterdir()):
            (self.root / name).rmdir()
        return gone

    def _unknown(self, name: str) -> NotFoundError:
        from difflib import get_close_matches

        names = self.names()
        near = get_close_matches(name, names, n=1)
        known = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}" if names else "it has none yet"
        return NotFoundError(f"there is no cluster {name} in {self.root}", hint=known)


def _is_name(name: str) -> bool:
    """Whether it names a directory of the store, and no other place."""
    return name not in {".", ".."} and not set(name) & {"/", "\0"} and len(name) < 256


def _manifests(directory: Path) -> tuple[Path, ...]:
    """YAML files of a cluster's directory, `cluster.yaml` first; Pulumi's own settings are not manifests."""
    found = [path for path in directory.glob("*.y*ml") if path.is_file() and not path.name.startswith("Pulumi")]
    return tuple(sorted(found, key=lambda path: (path.name != MANIFEST, path.name)))


def read_text(path: Path) -> str:
    """A file's text; KopsError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise KopsError(f"cannot read {path}: {reason}") from error


def replace_files(texts: Mapping[Path, str | None], *, mode: int = 0o644) -> None:
    """Give files new texts (None removes one): all are written beside the old ones first, then take their places.

    A reader sees an old or a new text, never a part. Files that are there keep their permissions and, as symbolic
    links, their targets; new ones get `mode`, from their first byte.
    """
    written: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            if text is not None:
                written[path] = _beside(path.resolve(), text, mode)
        for path, temporary in written.items():
            temporary.replace(path.resolve())
    except OSError as error:
        raise KopsError(f"cannot write {error.filename or 'the files'}: {error.strerror}") from error
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
    for path in (path for path, text in texts.items() if text is None):
        path.unlink(missing_ok=True)


def _beside(path: Path, text: str, mode: int) -> Path:
    """A new file with the text in the same directory, safely on disk."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode) if path.exists() else mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
