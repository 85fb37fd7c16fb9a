"""Reading kops's IAM documents and ours as sets of allowances that can be compared action by action.

Scenario documents are in partition `aws-test` and name placeholder buckets; both sides are brought to partition `aws`,
bucket `bucket`, and `store` for the cluster's own place in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from kops_pulumi.clouds.aws import iam
from kops_pulumi.model import ClusterPlan, Identity

Conditions: TypeAlias = frozenset[tuple[str, str, tuple[str, ...]]]

ZONES: Mapping[str, str] = {
    "example.com": "Z1AFAKE1ZON3YO",
    "longclustername.example.com": "Z1AFAKE1ZON3YO",
    "private.example.com": "Z3AFAKE1ZOMORE",
}
"""Ids that the scenarios' simulated cloud gives to its hosted zones. Where a manifest names no zone, kops looks for the
longest one that matches (`example.com`); we take the parent of the cluster's name (docs/parity.md, `zone-by-name`)."""


@dataclass(frozen=True)
class Allowance:
    """One action on one resource, under conditions (operator, key, values)."""

    action: str
    resource: str
    conditions: Conditions

    def covered_by(self, other: Allowance) -> bool:
        """Whether `other` allows everything that this one does."""
        return (
            fnmatchcase(self.action, other.action)
            and fnmatchcase(self.resource, other.resource)
            and all(any(_narrows(mine, theirs) for mine in self.conditions) for theirs in other.conditions)
        )


def _narrows(mine: tuple[str, str, tuple[str, ...]], theirs: tuple[str, str, tuple[str, ...]]) -> bool:
    return mine[:2] == theirs[:2] and set(mine[2]) <= set(theirs[2])


def allowances(document: str) -> Iterator[Allowance]:
    """Everything a document allows; documents that deny anything are not understood."""
    for statement in json.loads(document)["Statement"]:
        assert statement["Effect"] == "Allow"
        conditions = frozenset(
            (operator, key, tuple(sorted(_many(value))))
            for operator, keys in statement.get("Condition", {}).items()
            for key, value in keys.items()
        )
        for action in _many(statement["Action"]):
            for resource in _many(statement["Resource"]):
                yield Allowance(action, resource, conditions)


def kops_documents(scenario: Path, kind: str) -> dict[str, str]:
    """kops's documents of a kind (`role`: trust, `role_policy`: permissions) by role name."""
    prefix = f"aws_iam_{kind}_"
    return {
        path.name.removeprefix(prefix).removesuffix("_policy"): path.read_text()
        for path in sorted((scenario / "iam").iterdir())
        if path.name.startswith(prefix) and path.name.startswith("aws_iam_role_policy_") == (kind == "role_policy")
    }


def kops_allowances(document: str, plan: ClusterPlan) -> set[Allowance]:
    """What a document of kops's allows."""
    place = re.escape(plan.name)
    text = document.replace("arn:aws-test:", "arn:aws:")
    text = re.sub(rf"placeholder-(read|write)-bucket/[^\"]*?{place}/", "store/", text)
    return set(allowances(re.sub(r"placeholder-(read|write)-bucket", "bucket", text)))


def our_documents(identity: Identity, plan: ClusterPlan) -> list[str]:
    """Our documents for an identity: ours, and the user's own statements."""
    ours = iam.policy(identity.permissions, iam.scope(plan, ZONES))
    user = iam.user_policy(identity.inline_policy) if identity.inline_policy else None
    return [text for text in (ours, user) if text]


def our_allowances(identity: Identity, plan: ClusterPlan) -> set[Allowance]:
    """What our documents for an identity allow."""
    place = urlsplit(plan.store)
    store, bucket = f"s3:::{place.netloc}/{place.path.strip('/')}/", f"s3:::{place.netloc}"
    found = (item for text in our_documents(identity, plan) for item in allowances(text))
    return {
        Allowance(
            item.action,
            item.resource.replace(store, "s3:::store/").replace(bucket, "s3:::bucket"),
            item.conditions,
        )
        for item in found
    }


def kind_of(role_name: str) -> str:
    """`masters`, `nodes`, … or a service account's name: the first part of a role's name."""
    return role_name.partition(".")[0]


def _many(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
