"""kops's own Terraform for a scenario, as plain data: `{type: {label: attributes}}`, values without quotes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

_BLOCK = re.compile(r"^resource \"(\w+)\" .*?^}\n", re.DOTALL | re.MULTILINE)
_LEFT_OUT = {"aws_s3_object"}

Resources = dict[str, dict[str, dict[str, Any]]]


@cache
def read(path: Path) -> Resources:
    """The resources of one `kubernetes.tf` but files; references stay `${type.label.attribute}`."""
    document = hcl2.loads(_wanted(path.read_text(encoding="utf-8")))
    found: Resources = {}
    for block in document["resource"]:
        for kind, labelled in block.items():
            bodies = {_text(key): _plain(body) for key, body in labelled.items()}
            found.setdefault(_text(kind), {}).update(bodies)
    return found


def _wanted(text: str) -> str:
    """Only the resource blocks that somebody compares: the parser is slow, and much of a file is files."""
    return "".join(m[0] for m in _BLOCK.finditer(text) if m[1] not in _LEFT_OUT)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {_text(key): _plain(item) for key, item in value.items() if key != "__is_block__"}
        case list():
            return [_plain(item) for item in value]
        case str():
            return _text(value)
    return value


def _text(value: str) -> str:
    return value[1:-1] if value.startswith('"') and value.endswith('"') else value
