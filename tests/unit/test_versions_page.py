"""docs/versions.md shows the tables of `resolve/versions.py` (`pytest --update-golden` writes them)."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from kops_pulumi.resolve import versions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "versions.md"
TABLE = re.compile(r"(?<=<!-- versions -->\n).*?(?=<!-- end of versions -->)", re.DOTALL)


def _table() -> str:
    minors = range(versions.newest_minor(), versions.OLDEST_ACCEPTED_MINOR - 1, -1)
    built = [versions.components(versions.parse(f"1.{minor}.0"), versions.NEWEST_DEFAULTS) for minor in minors]
    rows = [
        [field.name.replace("_", " "), *(getattr(found, field.name) for found in built)]
        for field in fields(versions.Components)
    ]
    lines = [["", *(f"1.{minor}" for minor in minors)], ["---"] * (len(minors) + 1), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"\nDefaults of {versions.NEWEST_DEFAULTS}, by minor of Kubernetes:\n\n{table}\n\n"


def test_the_table_is_current(update_golden):
    text = PAGE.read_text()
    if update_golden:
        PAGE.write_text(TABLE.sub(lambda _: _table(), text))
    assert TABLE.findall(PAGE.read_text()) == [_table()]


def test_the_page_names_the_minors_that_are_built():
    newest = versions.newest_minor()
    built = [f"1.{newest - back}" for back in range(versions.SUPPORTED_MINORS)]
    assert f"builds {', '.join(built[:-1])} and {built[-1]}." in PAGE.read_text()
    assert f"down to 1.{versions.OLDEST_ACCEPTED_MINOR}" in PAGE.read_text()
