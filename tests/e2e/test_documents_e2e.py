"""Everything that is rendered for our goldens and for kops's scenarios, read by the tools that it is meant for.

Each distinct text is checked once: kubeadm reads its documents, cloud-init the user data, systemd the units (with the
bundle unpacked as its root), shellcheck the scripts of the user's parts that are shell.
"""

from __future__ import annotations

import email
import hashlib
import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from kops_pulumi import pipeline
from kops_pulumi.errors import ManifestError
from kops_pulumi.model import Group
from tests.e2e.machines import Failed, run

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).parents[1]
SHARED = TESTS.parents[1] / "shared" / "scenarios"
MANIFESTS = sorted(
    [*TESTS.glob("golden/*/*/manifest.yaml"), TESTS / "e2e/cluster.yaml", *SHARED.glob("*/cluster.yaml")]
)
_MACHINE = {
    "name": "i-0123456789abcdef0",
    "address": "10.0.0.10",
    "id": "i-0123456789abcdef0",
    "arch": "amd64",
    "token": "abcdef.0123456789abcdef",
    "ca-hash": f"sha256:{'0' * 64}",
}
_VERSION = re.compile(r"^kubernetesVersion: .*$", re.MULTILINE)
"""A kubeadm reads the documents of its own minor and the one before: all are read as if they were for it."""
_EXECUTED = re.compile(r"^Exec\w+=[-@:+!]*([^\s\\]+)", re.MULTILINE)
_SYSTEM = Path("/lib/systemd/system")
_IMAGES_OWN = "[Service]\nExecStart=/usr/bin/containerd\n"
"""Of images that bring the container runtime; the bundle's own goes over it."""


@dataclass(frozen=True)
class Text:
    """A rendered file and one of the groups that get it."""

    source: str
    content: str


@cache
def groups() -> tuple[tuple[str, Group], ...]:
    """Every group of every manifest that this version can plan."""
    return tuple(
        (f"{manifest.parent.name}/{group.name}", group) for manifest in MANIFESTS for group in _planned(manifest)
    )


def _planned(manifest: Path) -> tuple[Group, ...]:
    try:
        return pipeline.load([manifest]).plan.groups
    except ManifestError as error:
        raise Failed(f"{manifest}: {error}") from None


def files(group: Group) -> dict[str, bytes]:
    """A group's bundle, unpacked: by the name in the archive."""
    if group.bundle is None:
        return {}
    with tarfile.open(fileobj=io.BytesIO(group.bundle.content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def distinct(found: Iterator[Text]) -> list[Text]:
    """One of each content."""
    return list({hashlib.sha256(text.content.encode()).digest(): text for text in found}.values())


def filled(text: str) -> str:
    """A machine's marks replaced, as `fill` in machine.sh does."""
    text = re.sub(r"^( *)(- )?\"?@machine\(late-sans\)@\"?$", r'\1- "api.example.org"', text, flags=re.MULTILINE)
    return re.sub(r"@machine\(([a-z-]+)\)@", lambda mark: _MACHINE[mark[1]], text)


def failures(texts: list[Text], check: object) -> list[str]:
    found = []
    for text in texts:
        try:
            check(text)  # type: ignore[operator]
        except Failed as error:
            found.append(f"{text.source}: {error}")
    return found


def test_kubeadm_reads_every_document(programs: Path, tmp_path: Path) -> None:
    def documents() -> Iterator[Text]:
        for name, group in groups():
            for path, content in files(group).items():
                if re.fullmatch(r"kubeadm/(init|join)\.yaml", path):
                    yield Text(f"{name}/{path}", _VERSION.sub("kubernetesVersion: v1.34.2", filled(content.decode())))

    def check(text: Text) -> None:
        file = tmp_path / "kubeadm.yaml"
        file.write_text(text.content)
        run(programs / "kubeadm", "config", "validate", "--config", file)

    texts = distinct(documents())
    assert len(texts) >= 40
    assert failures(texts, check) == []


def test_cloud_init_reads_every_user_data(tmp_path: Path) -> None:
    def documents() -> Iterator[Text]:
        for name, group in groups():
            if group.user_data is None:
                continue
            message = email.message_from_string(group.user_data.text)
            if not message.is_multipart():
                yield Text(name, _common(group, group.user_data.text))
                continue
            for part in message.walk():
                if part.get_content_type() == "text/cloud-config":
                    payload = part.get_payload(decode=True)
                    assert isinstance(payload, bytes)
                    yield Text(f"{name}/{part.get_filename()}", _common(group, payload.decode()))

    def check(text: Text) -> None:
        file = tmp_path / "user-data"
        file.write_text(text.content)
        said = run("cloud-init", "schema", "--config-file", file)
        if "Valid" not in said:
            raise Failed(said)

    texts = distinct(documents())
    assert len(texts) >= 40
    assert failures(texts, check) == []


def _common(group: Group, text: str) -> str:
    """Without the digest, so that what differs in nothing else counts once."""
    return text.replace(group.bundle.sha256, "0" * 64) if group.bundle else text


def test_systemd_reads_every_unit(tmp_path: Path) -> None:
    sets: dict[bytes, tuple[str, dict[str, bytes]]] = {}
    for name, group in groups():
        units = {
            Path(path).name: content
            for path, content in files(group).items()
            if path.startswith("root/etc/systemd/system/")
        }
        sets[hashlib.sha256(repr(sorted(units.items())).encode()).digest()] = (name, units)
    found = []
    for number, (name, units) in enumerate(sets.values()):
        root = tmp_path / str(number)
        shutil.copytree(_SYSTEM, root / "usr/lib/systemd/system", symlinks=True)
        (root / "etc/systemd/system").mkdir(parents=True)
        (root / "lib").symlink_to("usr/lib")
        _program(root, "containerd")
        (root / "usr/lib/systemd/system/containerd.service").write_text(_IMAGES_OWN)
        for unit, content in units.items():
            (root / "etc/systemd/system" / unit).write_bytes(content)
            for program in _EXECUTED.findall(content.decode()):
                _program(root, program)
        wanted = [unit for unit in units if unit.endswith((".service", ".timer"))]
        try:
            if wanted:
                _verify(root, wanted)
        except Failed as error:
            found.append(f"{name}: {error}")
        shutil.rmtree(root)
    assert len(sets) >= 3
    assert found == []


def _program(root: Path, path: str) -> None:
    file = Path(f"{root}{path}" if path.startswith("/") else f"{root}/usr/bin/{path}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


def _verify(root: Path, units: list[str]) -> None:
    """systemd warns on its standard error and succeeds; what it says of its own units is not ours to mend."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", *units], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if any(unit in line for unit in units)]
    if said or done.returncode:
        raise Failed("\n".join(said or done.stderr.splitlines()))
