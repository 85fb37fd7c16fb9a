"""kops's own Terraform for a scenario, as plain data: `{type: {label: attributes}}`, values without quotes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import hcl2

Resources = dict[str, dict[str, dict[str, Any]]]


@cache
def read(path: Path) -> Resources:
    """The resources of one `kubernetes.tf`; blocks are lists, references stay `${type.label.attribute}`."""
    with path.open() as file:
        document = hcl2.load(file)
    found: Resources = {}
    for block in document["resource"]:
        for kind, labelled in block.items():
            bodies = {_text(key): _plain(body) for key, body in labelled.items()}
            found.setdefault(_text(kind), {}).update(bodies)
    return found


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
