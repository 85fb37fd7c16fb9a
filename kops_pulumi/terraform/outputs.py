"""The configuration's outputs: kops's names where kops has them, and the stack's own.

Read from what the components register, so that they are the same on every cloud: the network's id, its subnets, the
firewall's groups, the roles, the instance groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kops_pulumi.terraform.references import Secret
from kops_pulumi.terraform.resources import Body, Writer
from kops_pulumi.terraform.spelling import identifier, snake
from kops_pulumi.testing import Recording

_NAMES: Final[Mapping[str, str]] = {"name": "cluster_name", "networkId": "network_id"}
_NESTED: Final[Mapping[str, str]] = {
    "subnetIds": "subnet_{}_id",
    "securityGroupIds": "{}_security_group_id",
    "roleArns": "{}_role_arn",
    "groupIds": "{}_instance_group_id",
    "volumeIds": "{}_volume_id",
}
"""Outputs of components that are maps: one output for each entry."""


def blocks(recording: Recording, writer: Writer) -> Body:
    """All `output` blocks, sorted by name."""
    found: Body = {}
    for name, value in _values(recording):
        secret = isinstance(value, Secret)
        written = writer.plain(value, f"output_{name}")
        found[name] = {"value": written, **({"sensitive": True} if secret else {})}
    return dict(sorted(found.items()))


def _values(recording: Recording) -> Iterator[tuple[str, Any]]:
    for key, value in recording.exports.items():
        if value is not None and key not in ("deployedValues", "instanceGroups"):
            yield _NAMES.get(key, snake(key)), value
    aws = any(resource.type.startswith("aws:") for resource in recording)
    network = recording.exports.get("networkId")
    if aws and network is not None:
        yield "vpc_id", network
    for resource in recording:
        for key, form in _NESTED.items():
            entries = (resource.outputs or {}).get(key) or {}
            for name, value in entries.items() if isinstance(entries, dict) else ():
                yield identifier(form.format(snake(name))), value
