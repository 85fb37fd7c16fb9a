"""What machines get: user data and rendered documents of our own manifests; reviewers read the diff.

A case shows what it has beside the case `minimal`: documents equal to those of the same role there are left out, and
so are scripts and units that are files of the package anyway. Digests change with every script and are masked.
`pytest --update-golden` rewrites.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from kops_pulumi import bootstrap, clouds, pipeline
from kops_pulumi.bootstrap import bundle
from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.model import Group, Role
from kops_pulumi.pipeline import Planned

NODES = Path(__file__).parent / "nodes"
CASES = sorted(path.parent.name for path in NODES.glob("*/manifest.yaml"))
PLAIN = "minimal"
SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


@cache
def planned(case: str) -> Planned:
    return pipeline.load([NODES / case / "manifest.yaml"])


def groups(case: str) -> list[Group]:
    return [group for group in planned(case).plan.groups if group.user_data]


def documents(case: str, group: Group) -> dict[str, BundleFile]:
    """Everything that a renderer made for a group."""
    if group.role is Role.BASTION:
        return {}
    found = planned(case)
    node = bootstrap.build(found.plan, found.full, group, clouds.get(found.plan.cloud))
    shipped = bundle.scripts(node.role, node.cloud)
    return {path: file for path, file in bundle.bundle(node).files.items() if path not in shipped}


def plain(role: Role) -> dict[str, BundleFile]:
    return next((documents(PLAIN, group) for group in groups(PLAIN) if group.role is role), {})


def rendered(case: str, group: Group) -> str:
    known = {} if case == PLAIN else plain(group.role)
    found = documents(case, group)
    missing = [f"# ---- {path}: not here\n" for path in known if path not in found]
    shown = [
        f"# ---- {path} {file.mode:04o}\n{file.content.decode()}"
        for path, file in found.items()
        if known.get(path) != file
    ]
    return "\n".join([*missing, *shown])


def user_data(group: Group) -> str:
    """The text, with the files that are the same everywhere by name."""
    assert group.user_data is not None
    text = SHA256.sub("<sha256>", group.user_data.text)
    for path in bundle.first_files("aws"):
        text = re.sub(
            rf"(  - path: {re.escape(path)}\n.*?content: \|\n).*?(?=\n  - path|\nruncmd)",
            r"\1      …",
            text,
            flags=re.DOTALL,
        )
    return text


def compare(golden: Path, text: str, *, update: bool) -> None:
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_user_data_is_the_reviewed_one(case: str, update_golden: bool) -> None:
    for group in groups(case):
        compare(NODES / case / f"{group.name}.user-data", user_data(group), update=update_golden)


@pytest.mark.parametrize("case", CASES)
def test_documents_are_the_reviewed_ones(case: str, update_golden: bool) -> None:
    for group in groups(case):
        if group.bundle:
            compare(NODES / case / f"{group.name}.documents", rendered(case, group), update=update_golden)


@pytest.mark.parametrize("case", CASES)
def test_no_golden_is_left_of_a_group_that_is_gone(case: str) -> None:
    names = {group.name for group in groups(case)}
    assert {path.stem for path in (NODES / case).iterdir()} - {"manifest"} == names


def test_every_shape_of_machine_has_a_case() -> None:
    assert len(CASES) >= 12
