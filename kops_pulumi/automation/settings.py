"""Where a cluster's stack is kept: backend, project, secrets, and the directory the engine works in.

Read from the environment and the project's Pulumi.yaml, once, into a value. What the engine needs on disk is written by
`prepare`. This module must not run the engine or import pulumi.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from kops_pulumi.automation import backend as backends
from kops_pulumi.errors import ToolError

PROJECT: Final = "kops-pulumi"
"""The Pulumi project's name where there is no Pulumi.yaml."""
LONGEST_STACK_NAME: Final = 100
"""https://www.pulumi.com/docs/iac/concepts/stacks/#create-stack; letters, digits, `-`, `_` and `.` are legal."""


@dataclass(frozen=True, slots=True)
class StackSettings:
    """Where one stack is kept, and how its secrets are encrypted."""

    stack: str
    project: str
    backend: str
    """URL of the Pulumi backend."""
    work_dir: Path
    """The engine's working directory; holds a generated Pulumi.yaml and the stack's own settings."""
    secrets_provider: str | None
    """None leaves it to the backend: a passphrase for files and buckets."""
    environment: Mapping[str, str]
    directory: Path | None = None
    """Of a file backend."""
    shared: Path | None = None
    """The stack's own settings beside the manifest, in git: its secret configuration, encrypted. It may be absent."""

    @classmethod
    def read(
        cls,
        cluster: str,
        *,
        state: Path,
        environ: Mapping[str, str],
        project_file: Path,
        beside: Path | None = None,
    ) -> StackSettings:
        """Settings for a cluster; `state` is the directory of the default backend, `beside` that of the manifest.

        The backend is what the engine itself would use, else files under `state` (`backend.find`).
        """
        stack = stack_name(cluster)
        found = backends.find(environ, project=project_file, default=state)
        backend = found.without_attributes
        directory = found.directory(environ)
        # Another backend has other secrets: its settings (the salt among them) must not mix with ours.
        suffix = "" if directory == state.absolute() else "-" + hashlib.sha256(backend.encode()).hexdigest()[:8]
        return cls(
            stack=stack,
            project=str(_load(project_file).get("name") or PROJECT),
            backend=backend,
            work_dir=state.absolute() / "work" / f"{stack}{suffix}",
            secrets_provider=environ.get("KOPS_SECRETS_PROVIDER") or None,
            environment={**environ, "PULUMI_BACKEND_URL": backend},
            directory=directory,
            shared=beside / f"Pulumi.{stack}.yaml" if beside else None,
        )

    def check(self) -> None:
        """ToolError when the engine could not encrypt the stack's secrets."""
        passphrase = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & self.environment.keys()
        managed = self.backend.startswith("https://") or (self.secrets_provider or "passphrase") != "passphrase"
        if not passphrase and not managed:
            raise ToolError(
                "the cluster's keys are kept in encrypted state, and there is no passphrase for it",
                hint="export PULUMI_CONFIG_PASSPHRASE (or PULUMI_CONFIG_PASSPHRASE_FILE), and keep it as safe as the "
                "cluster; or use a key: KOPS_SECRETS_PROVIDER=awskms://alias/…",
            )

    def prepare(self) -> None:
        """Write what the engine reads: the project, and a file backend's directory."""
        self.work_dir.mkdir(parents=True, exist_ok=True)
        root = self.work_dir.parent.parent
        (root / ".gitignore").write_text("# Pulumi state: backed up by its owner, not by git.\n*\n", encoding="utf-8")
        if self.directory:
            self.directory.mkdir(parents=True, exist_ok=True)
        project = {"name": self.project, "runtime": "python", "description": f"Cluster {self.stack}"}
        _write(self.work_dir / "Pulumi.yaml", project)
        if self.shared and self.shared.is_file():
            self.own.write_bytes(self.shared.read_bytes())

    @property
    def own(self) -> Path:
        """The stack's settings as the engine reads and writes them."""
        return self.work_dir / f"Pulumi.{self.stack}.yaml"


def stack_name(cluster: str) -> str:
    """The stack of a cluster: its name; a long one is cut and gets a hash so that it stays unique."""
    if len(cluster) <= LONGEST_STACK_NAME:
        return cluster
    digest = hashlib.sha256(cluster.encode()).hexdigest()[:8]
    return f"{cluster[: LONGEST_STACK_NAME - 9]}-{digest}"


def plain_settings(values: Mapping[str, Any], package: str) -> dict[str, Any]:
    """Settings of one package without its prefix; values that are JSON as what they say.

    >>> plain_settings({"aws:profile": "dev", "aws:assumeRoles": "[]", "kops:x": "1"}, "aws")
    {'profile': 'dev', 'assumeRoles': []}
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        prefix, _, name = key.partition(":")
        if prefix == package:
            found[name] = json.loads(value) if str(value).startswith(("[", "{")) else value
    return found


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded if isinstance(loaded, dict) else {}


def _write(path: Path, data: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(data), sort_keys=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
