"""Plain data → YAML text as kops writes it: block style, lists not indented, order kept, ambiguous texts quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from kops_pulumi.manifest.nodes import resolve
from kops_pulumi.manifest.reader import ANGLO_BOOLEANS

_WIDTH = 10**9
"""Long lines stay whole: a folded line makes noisy diffs."""


class _Dumper(yaml.CSafeDumper):
    """Quotes every text that a YAML 1.1 or 1.2 reader could take for something else.

    libyaml's emitter is ten times as fast as Python's, and the only one we use: digests are taken of what it writes.
    """

    def ignore_aliases(self, _data: Any) -> bool:
        """Write shared values out: anchors are for people."""
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|" if _is_paragraph(text) else '"'
    elif resolve(text) != text or text in ANGLO_BOOLEANS or not text.isprintable():
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_paragraph(text: str) -> bool:
    """Whether a block scalar shows the text as it is: no blanks at its edges or at the ends of lines."""
    lines = text.removesuffix("\n").split("\n")
    clean = all(line.isprintable() and line == line.rstrip() for line in lines)
    return clean and not text[0].isspace() and bool(lines[-1])


_Dumper.add_representer(str, _represent_text)


def dump(data: Any, *, flow: bool = False) -> str:
    """One value as YAML text, with a line break at its end; on one line and in brackets when `flow`."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=_WIDTH
    )
    return text.removesuffix("...\n")


def dump_all(documents: Iterable[Mapping[str, Any]]) -> str:
    """Several documents, separated by `---`."""
    return "---\n".join(dump(dict(document)) for document in documents)
