"""What each neutral permission means on AWS: verb → IAM statements, and statements → one small, canonical document.

Pure: no pulumi, no AWS. `VERBS` is the whole policy of this project on AWS, as data; `identity.py` only places
documents. Statements are scoped as tightly as the service allows: to a resource, or to the cluster's tag
(`aws:ResourceTag` on what exists, `aws:RequestTag` on what is made). Which actions accept which: the service
authorization reference, https://docs.aws.amazon.com/service-authorization/latest/reference/. Listing actions
(`Describe*`, `List*`) accept neither.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from kops_pulumi.clouds.aws import partitions, verbs, verbs_balancers
from kops_pulumi.clouds.aws.verbs import Allow
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Role
from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan, Permission

INLINE_LIMIT = 10_240
"""Characters of all inline policies of one role, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
AUDIENCE = "amazonaws.com"
"""Audience of the tokens that pods exchange for credentials (kops's choice, so that workloads keep working)."""
_VERSION = "2012-10-17"
_NO_QUEUE = "no-termination-queue"

Statement: TypeAlias = dict[str, Any]
"""One statement of a policy document, as JSON types."""

VERBS: Mapping[str, tuple[Allow, ...]] = {**verbs.VERBS, **verbs_balancers.VERBS}
"""Every neutral verb that AWS knows."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a cluster lives: what the templates of `verbs.VERBS` are filled with."""

    cluster: str
    region: str
    node_role: str
    """Physical name of the nodes' role."""
    queue: str
    """Physical name of the termination queue; a name that nothing has when there is none."""
    zone_ids: Mapping[str, str] = field(default_factory=dict)
    """Hosted-zone ids by what the plan calls the zone (its name, or the id itself)."""

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`, …"""
        return partitions.name_and_domain(self.region)[0]

    @property
    def domain(self) -> str:
        """Domain of the partition's services."""
        return partitions.name_and_domain(self.region)[1]


def scope(plan: ClusterPlan, zone_ids: Mapping[str, str]) -> Scope:
    """The scope of a plan's documents; `zone_ids` has the ids of hosted zones that the plan knows by name."""
    queue = plan.termination_queue.name if plan.termination_queue else _NO_QUEUE
    return Scope(plan.name, plan.region, Names.of(plan).role(Role.NODE), queue, zone_ids)


def machine_trust() -> str:
    """The trust policy of a machine role: EC2 may hand it to instances, in every partition under this same name."""
    principal = {"Service": "ec2.amazonaws.com"}
    return _document([{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}])


def account_trust(provider_arn: str, issuer_url: str, namespace: str, account: str, audiences: Sequence[str]) -> str:
    """The trust policy of a service account's role: tokens of exactly this account, for exactly these audiences.

    A `*` in the namespace or the account (kops allows it) matches with StringLike.
    """
    host = issuer_url.removeprefix("https://")
    subject = f"system:serviceaccount:{namespace}:{account}"
    wanted = sorted(audiences)
    conditions: dict[str, dict[str, Any]] = {
        "StringEquals": {f"{host}:aud": wanted[0] if len(wanted) == 1 else wanted},
    }
    conditions.setdefault("StringLike" if "*" in subject else "StringEquals", {})[f"{host}:sub"] = subject
    statement = {
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
    }
    return _document([statement])


def policy(permissions: Iterable[Permission], where: Scope) -> str | None:
    """The canonical document for these permissions; None when they need no statement."""
    merged = list(_merged(_expanded(permissions, where)))
    return _document(merged) if merged else None


def user_policy(statements: str) -> str:
    """The user's own list of statements as a document."""
    return _document(json.loads(statements))


def zones(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """The hosted zones that the permissions speak of."""
    return tuple(sorted({item.scope for item in permissions if item.verb.startswith("dns.") and item.scope != "*"}))


def check_size(name: str, documents: Iterable[str]) -> None:
    """Refuse a role whose inline policies AWS would refuse; says the way out."""
    size = sum(len("".join(text.split())) for text in documents)
    if size > INLINE_LIMIT:
        raise KopsError(
            f"the inline policies of role {name} have {size} characters; AWS allows {INLINE_LIMIT}",
            hint="set spec.iam.useServiceAccountExternalPermissions, which gives each add-on a role of its own",
        )


def _expanded(permissions: Iterable[Permission], where: Scope) -> Iterator[Allow]:
    for permission in sorted(set(permissions)):
        values = _values(permission, where)
        for allow in VERBS[permission.verb]:
            yield Allow(
                actions=allow.actions,
                resources=tuple(text.format_map(values) for text in allow.resources),
                conditions=_filled(allow.conditions, values),
            )


def _values(permission: Permission, where: Scope) -> dict[str, str]:
    place = urlsplit(permission.scope)
    return {
        "partition": where.partition,
        "domain": where.domain,
        "cluster": where.cluster,
        "region": where.region,
        "node_role": where.node_role,
        "queue": where.queue,
        "bucket": place.netloc,
        "key": place.path.strip("/"),
        "zone": where.zone_ids.get(permission.scope, permission.scope).removeprefix("/hostedzone/"),
    }


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """A condition with every text in it filled; keys too (`{issuer}:sub`)."""
    if isinstance(value, str):
        return value.format_map(values)
    if isinstance(value, Mapping):
        return {key: _filled(item, values) for key, item in value.items()}
    return [_filled(item, values) for item in value]


def _merged(allows: Iterable[Allow]) -> Iterator[Statement]:
    """Statements with the same resources and conditions become one; then those with the same actions and conditions."""
    actions: defaultdict[tuple[tuple[str, ...], str], set[str]] = defaultdict(set)
    for allow in allows:
        actions[tuple(sorted(set(allow.resources))), json.dumps(allow.conditions, sort_keys=True)].update(allow.actions)
    free = {
        action for (resources, condition), names in actions.items() if _open(resources, condition) for action in names
    }
    resources: defaultdict[tuple[tuple[str, ...], str], set[str]] = defaultdict(set)
    for (places, condition), names in actions.items():
        needed = names if _open(places, condition) else names - free
        if needed:
            resources[tuple(sorted(needed)), condition].update(places)
    for (names_, condition), places_ in sorted(resources.items()):
        yield _statement(names_, sorted(places_), json.loads(condition))


def _open(resources: tuple[str, ...], condition: str) -> bool:
    """No limit at all: another statement for the same action adds nothing."""
    return resources == ("*",) and condition == "{}"


def _statement(actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any]) -> Statement:
    statement: Statement = {"Action": _one_or_many(actions), "Effect": "Allow", "Resource": _one_or_many(resources)}
    return {**statement, "Condition": dict(condition)} if condition else statement


def _one_or_many(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _document(statements: Sequence[Statement]) -> str:
    """Canonical JSON: same statements, same bytes, so that a preview is empty."""
    return json.dumps({"Statement": list(statements), "Version": _VERSION}, sort_keys=True, separators=(",", ":"))
