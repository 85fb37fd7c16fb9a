"""What the stack's last update recorded, read by the program itself: for changes that must not happen silently.

The engine's own provider answers, from the state it is about to change; a new stack has recorded nothing. Nothing is
registered for it, so that a second update still changes nothing. This module must not decide anything.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/builtins.go (readStackOutputs)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

_READ = "pulumi:pulumi:readStackOutputs"
POD_NETWORK = "podNetwork"


def pod_network(cluster: str) -> Mapping[str, Any] | None:
    """The pod network of a cluster as this stack has recorded it; None when it has not."""
    outputs = _outputs()
    found = outputs.get(POD_NETWORK)
    return found if isinstance(found, Mapping) and outputs.get("name") == cluster else None


def _outputs() -> Mapping[str, Any]:
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke(_READ, {"name": name}).value or {}
    outputs: Mapping[str, Any] = answer.get("outputs") or {}
    return outputs
