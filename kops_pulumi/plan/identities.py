"""Who may do what: identities of machine roles and service accounts, with neutral permissions (decision 5).

Part of `plan`. A permission is a verb such as `volumes.attach`; `clouds/<cloud>/` says what it means there. Verbs
come from three places: the tables here (what a machine needs to boot and run), the CNI and the add-ons. An add-on
acts as its own service account where the cluster has that, as the control planes' identity otherwise. Nothing here
may know a cloud's name.

No identity that a worker holds may read a path with a private key (CVE-2023-1943 is what happens otherwise): each role
reads its own prefixes of the store and what is meant for everybody who joins, and nothing else (`plan/store.py`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kops_pulumi.model import (
    DnsPlan,
    EtcdCluster,
    Identity,
    IdentityKind,
    Permission,
    Role,
    ServiceAccountIssuer,
    StorePlan,
)
from kops_pulumi.plan import given
from kops_pulumi.plan.names import Names, bundle_prefix, join_prefix, secrets_prefix

if TYPE_CHECKING:
    from kops_pulumi.plugins import AddOn, Cloud, Cni, Grant
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import Cluster

_USER_KEYS: Mapping[str, Role] = {
    "master": Role.CONTROL_PLANE,
    "control-plane": Role.CONTROL_PLANE,
    "apiserver": Role.API_SERVER,
    "node": Role.NODE,
    "bastion": Role.BASTION,
}
"""Keys of the manifest's externalPolicies and additionalPolicies."""
_KUBERNETES_ROLES = (Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE)
_WARM_ROLES = {"Node": Role.NODE, "APIServer": Role.API_SERVER}
_WILDCARD = "wildcard"
"""What stands for a `*` of a namespace or account in the name of its identity."""


def build(
    full: FullSpec,
    *,
    names: Names,
    machines: Iterable[Role],
    etcd: Sequence[EtcdCluster],
    store: StorePlan | None,
    dns: DnsPlan,
    cni: Cni,
    addons: Sequence[AddOn],
) -> tuple[Identity, ...]:
    """All identities, sorted by key.

    `machines` are the roles that have at least one instance group without an identity of the user's own.
    """
    grants = [grant for addon in addons for grant in addon.grants(full)]
    own_accounts = bool(full.cluster.spec.iam and full.cluster.spec.iam.use_service_account_external_permissions)
    of_machines = [grant for grant in grants if not own_accounts or grant.service_account is None]
    found = [
        *(
            _machine(
                full,
                role,
                names,
                {*_base(full, role, etcd, store), *_names(role, dns), *_contributed(full, role, cni, of_machines)},
            )
            for role in set(machines)
        ),
        *(_accounts(grants, names) if own_accounts else ()),
        *_external_accounts(full, names),
    ]
    by_key: dict[str, Identity] = {}
    for identity in found:
        by_key[identity.key] = _joined(by_key.get(identity.key), identity)
    return tuple(by_key[key] for key in sorted(by_key))


def issuer(cluster: Cluster, cloud: Cloud, region: str = "") -> ServiceAccountIssuer:
    """Who signs service-account tokens, and whether the cloud's identity service shall trust it."""
    spec = cluster.spec
    discovery = spec.service_account_issuer_discovery
    store = discovery.discovery_store if discovery else None
    own = spec.kube_api_server.service_account_issuer if spec.kube_api_server else None
    service = discovery.discovery_service.url if discovery and discovery.discovery_service else None
    published = cloud.issuer_url(store, region) if store else service
    url = own or published or f"https://api.internal.{cluster.metadata.name}"
    return ServiceAccountIssuer(
        url=url,
        discovery_store=store,
        cloud_provider_trust=bool(discovery and discovery.enable_aws_oidc_provider),
        audiences=tuple(sorted((discovery and discovery.additional_audiences) or ())),
    )


def _machine(full: FullSpec, role: Role, names: Names, permissions: Iterable[Permission]) -> Identity:
    external = full.cluster.spec.external_policies or {}
    additional = full.cluster.spec.additional_policies or {}
    keys = _spellings(role)
    return Identity(
        key=role.value,
        kind=IdentityKind.MACHINE,
        name=names.role(role),
        role=role,
        permissions=tuple(sorted(permissions)),
        managed_policies=tuple(sorted({arn for key, arns in external.items() if key in keys for arn in arns})),
        inline_policy=_statements([text for key, text in sorted(additional.items()) if key in keys]),
    )


def _base(full: FullSpec, role: Role, etcd: Sequence[EtcdCluster], store: StorePlan | None) -> Iterator[Permission]:
    """What a machine of a role needs to boot and run, before any CNI or add-on."""
    if role not in _KUBERNETES_ROLES:
        return
    spec = full.cluster.spec
    if store is not None:
        yield from _store(store.address, role, etcd, registries=given.DOCKER in given.declared(full))
    if role is Role.CONTROL_PLANE:
        yield Permission("machines.discover")
        yield Permission("volumes.attach")
        yield Permission("encryption.use")
    if spec.iam and spec.iam.allow_container_registry:
        yield Permission("images.pull")
    if spec.containerd and spec.containerd.use_ecr_credentials_for_mirrors:
        yield Permission("images.pull-through")
    if ":" in (spec.non_masquerade_cidr or ""):
        yield Permission("addresses.assign-ipv6")
        if role is Role.CONTROL_PLANE:
            yield Permission("addresses.read")
    if role in _warm_roles(full):
        yield Permission("groups.complete-launch")


def _names(role: Role, dns: DnsPlan) -> tuple[Permission, ...]:
    """Control planes that publish the API's names write to the cluster's zone."""
    publishes = role is Role.CONTROL_PLANE and dns.own_names and dns.zone
    return (Permission("dns.upsert", dns.zone or ""),) if publishes else ()


def _store(store: str, role: Role, etcd: Sequence[EtcdCluster], *, registries: bool) -> Iterator[Permission]:
    """What a machine of a role may do in the store; scopes are prefixes, unless the verb speaks of one object.

    With credentials of `registries` nodes have a secret too, the only one below their prefix.
    """
    join = join_prefix(store)
    yield Permission("store.read", bundle_prefix(store, role))
    yield Permission("store.read", join)
    yield Permission("store.list", f"{join}/addresses")
    if role is not Role.NODE or registries:
        yield Permission("store.read", secrets_prefix(store, role))
    if role is not Role.NODE:
        yield Permission("store.write", f"{join}/addresses")
    if role is Role.CONTROL_PLANE:
        yield Permission("store.write-object", f"{join}/token")
        for place in (item.backup_store for item in etcd if item.backup_store):
            yield Permission("backups.write", place)
            # The marks of members that were there before: a machine asks before it makes a new one.
            yield Permission("store.list", f"{place}/initialized")


def _contributed(full: FullSpec, role: Role, cni: Cni, grants: Sequence[Grant]) -> Iterator[Permission]:
    """What the CNI, and add-ons that act as the machine, need of a role."""
    yield from cni.permissions(full).get(role, ())
    yield from (item for grant in grants if role in grant.roles for item in grant.permissions)


def _warm_roles(full: FullSpec) -> set[Role]:
    """Roles with a group that keeps warm machines which report when they are ready to be stopped."""
    pools = [(group.spec.role, group.spec.warm_pool or full.cluster.spec.warm_pool) for group in full.groups]
    return {
        _WARM_ROLES[role]
        for role, pool in pools
        if role in _WARM_ROLES and pool is not None and pool.max_size != 0 and pool.enable_lifecycle_hook
    }


def _accounts(grants: Sequence[Grant], names: Names) -> Iterator[Identity]:
    """One identity for each service account that add-ons act as."""
    permissions: defaultdict[tuple[str, str], set[Permission]] = defaultdict(set)
    for grant in grants:
        if grant.service_account is not None and grant.permissions:
            account = (grant.service_account.namespace, grant.service_account.name)
            permissions[account].update(grant.permissions)
    for (namespace, name), verbs in permissions.items():
        yield _account(namespace, name, names, permissions=tuple(sorted(verbs)))


def _external_accounts(full: FullSpec, names: Names) -> Iterator[Identity]:
    """Identities of the user's own service accounts, with policies of the user's own."""
    iam = full.cluster.spec.iam
    for entry in (iam and iam.service_account_external_permissions) or ():
        yield _account(
            entry.namespace,
            entry.name,
            names,
            managed_policies=tuple(sorted((entry.aws and entry.aws.policy_arns) or ())),
            inline_policy=_statements([entry.aws.inline_policy] if entry.aws and entry.aws.inline_policy else []),
        )


def _joined(ours: Identity | None, users: Identity) -> Identity:
    """An add-on's own account to which the user adds policies stays one identity."""
    if ours is None:
        return users
    return replace(ours, managed_policies=users.managed_policies, inline_policy=users.inline_policy)


def _account(
    namespace: str,
    name: str,
    names: Names,
    *,
    permissions: tuple[Permission, ...] = (),
    managed_policies: tuple[str, ...] = (),
    inline_policy: str | None = None,
) -> Identity:
    plain_namespace, plain_name = (part.replace("*", _WILDCARD) for part in (namespace, name))
    # kops turns "test-*" into "test-wildcard": the star is replaced, nothing is added.
    return Identity(
        key=f"{namespace}/{name}",
        kind=IdentityKind.SERVICE_ACCOUNT,
        name=names.service_account_role(plain_namespace, plain_name),
        permissions=permissions,
        namespace=namespace,
        service_account=name,
        managed_policies=managed_policies,
        inline_policy=inline_policy,
    )


def _spellings(role: Role) -> tuple[str, ...]:
    return tuple(key for key, meant in _USER_KEYS.items() if meant is role)


def _statements(documents: Sequence[str]) -> str | None:
    """The user's lists of statements as one canonical JSON list; None without any."""
    statements = [statement for text in documents for statement in json.loads(text)]
    return json.dumps(statements, sort_keys=True, separators=(",", ":")) if statements else None
