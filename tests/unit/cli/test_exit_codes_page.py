"""The documentation of exit codes is complete."""

import re
from pathlib import Path

import kops_pulumi
from kops_pulumi.errors import ExitCode


def test_the_page_lists_every_exit_code_and_no_other() -> None:
    page = Path(kops_pulumi.__file__).parents[1] / "docs" / "cli" / "exit-codes.md"

    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", page.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert {name: int(code) for code, name in rows} == {code.name: code.value for code in ExitCode}
