"""docs/parity.md is written from `deviations.py`, so that the page and the tests cannot say different things."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.deviations import FIREWALL, IAM, PROPERTIES, STRUCTURE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "parity.md"
HEAD = """\
# Parity with kops on AWS

<!-- Written by `pytest tests/scenarios/test_parity_page.py --update-golden` from tests/scenarios/deviations.py. -->

For every AWS scenario the components make what kops makes: as many resources of each structural type, with the same
physical names, tags and inputs, so that a kops cluster can be taken over. Reachability is compared port by port,
permissions action by action. The deliberate differences, all of them, by name:
"""


def page() -> str:
    sections = {
        "Number of resources": [(d.name, f"`{d.type}` {d.more:+d}", d.reason) for d in STRUCTURE],
        "Inputs": [(d.name, f"{', '.join(d.types)}: `{d.attribute}`", d.reason) for d in PROPERTIES],
        "Reachability": [
            (d.name, f"{d.source} → {d.target}, {d.protocol} {d.ports[0]} to {d.ports[1]}", d.reason) for d in FIREWALL
        ],
        "Permissions": [(d.name, f"`{d.action}` for {', '.join(sorted(d.roles))}", d.reason) for d in IAM],
    }
    text = HEAD
    for title, rows in sections.items():
        text += f"\n## {title}\n\n| Name | What | Why |\n|---|---|---|\n"
        text += "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)
    return text


def test_the_page_says_what_the_table_says(update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_names_are_unique() -> None:
    names = [deviation.name for table in (STRUCTURE, PROPERTIES, FIREWALL, IAM) for deviation in table]
    assert len(names) == len(set(names))
