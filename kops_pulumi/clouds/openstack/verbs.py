"""What each neutral verb allows on OpenStack: access rules of application credentials (data, and how it is filled in).

A machine has a credential for the store and nothing else: whatever changes the cloud (volumes, addresses, load
balancers) is the engine's, or the cloud controller's and the volume driver's, which act with a second credential that
never leaves the control planes' Secret. So a verb belongs to one of the two, or is nobody's here, with the reason.

A rule names a service's type, a method and a path, in which `*` stands for one segment and `**` for any number
(https://docs.openstack.org/api-ref/identity/v3/#application-credentials); an API's own prefix differs from cloud to
cloud (`/v2.1`, `/compute/v2.1`), so that paths of APIs begin with `/**`. The services check the rules
(keystonemiddleware), not Keystone itself. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kops_pulumi.model import Permission

STORE = "object-store"


@dataclass(frozen=True, slots=True, order=True)
class AccessRule:
    """One call that a credential allows."""

    service: str
    method: str
    path: str


_STORE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "store.read": (("GET", "{key}/**"),),
    # A listing is one call for the whole container: names are seen, contents are not.
    "store.list": (("GET", ""),),
    "store.write": (("PUT", "{key}/**"),),
    "store.write-object": (("PUT", "{key}"),),
    # Put only: who holds the control plane can neither read old snapshots nor destroy them.
    "backups.write": (("PUT", "{key}/**"),),
}
"""Method and path below the container; `{key}` is the verb's scope."""

_ANY = ("DELETE", "GET", "PATCH", "POST", "PUT")
_EDIT = ("DELETE", "GET", "POST", "PUT")


def _calls(service: str, methods: Iterable[str], *paths: str) -> tuple[AccessRule, ...]:
    return tuple(AccessRule(service, method, path) for path in paths for method in methods)


_SERVERS = _calls("compute", ("GET",), "/**/servers", "/**/servers/**", "/**/flavors/**", "/**/os-availability-zone")
_PORTS = _calls(
    "network",
    ("GET",),
    "/**/ports",
    "/**/ports/*",
    "/**/networks",
    "/**/networks/*",
    "/**/subnets",
    "/**/subnets/*",
    "/**/extensions",
)
_ATTACHMENTS = _calls("compute", _EDIT, "/**/servers/*/os-volume_attachments", "/**/servers/*/os-volume_attachments/*")

_CLUSTER: Mapping[str, tuple[AccessRule, ...]] = {
    "machines.describe": (*_SERVERS, *_PORTS, *_calls("compute", ("GET",), "/**/servers/*/os-interface")),
    "load-balancers.manage": (
        *_calls("load-balancer", _ANY, "/**/lbaas/**"),
        *_calls("network", _EDIT, "/**/floatingips", "/**/floatingips/*"),
        *_calls("network", _EDIT, "/**/security-groups", "/**/security-groups/*"),
        *_calls("network", _EDIT, "/**/security-group-rules", "/**/security-group-rules/*"),
        *_calls("network", ("PUT",), "/**/ports/*", "/**/ports/*/tags", "/**/security-groups/*/tags"),
    ),
    "routes.manage": (
        *_calls("network", ("GET",), "/**/routers", "/**/routers/*"),
        *_calls(
            "network", ("PUT",), "/**/routers/*", "/**/routers/*/add_extraroutes", "/**/routers/*/remove_extraroutes"
        ),
        *_calls("network", ("PUT",), "/**/ports/*"),
    ),
    "volumes.manage": (
        *_calls("volumev3", _EDIT, "/**/volumes", "/**/volumes/**"),
        *_calls("volumev3", ("GET",), "/**/types", "/**/types/*", "/**/limits"),
        *_ATTACHMENTS,
    ),
    "snapshots.manage": (
        *_calls("volumev3", _EDIT, "/**/snapshots", "/**/snapshots/**"),
        *_calls("volumev3", _EDIT, "/**/backups", "/**/backups/**"),
    ),
    "dns.upsert": (
        *_calls("dns", ("GET",), "/**/zones", "/**/zones/*"),
        *_calls("dns", _EDIT, "/**/zones/*/recordsets", "/**/zones/*/recordsets/*"),
    ),
    "dns.challenge": (
        *_calls("dns", ("GET",), "/**/zones", "/**/zones/*"),
        *_calls("dns", _EDIT, "/**/zones/*/recordsets", "/**/zones/*/recordsets/*"),
    ),
}
"""What the cloud controller and the volume driver call:
https://github.com/kubernetes/cloud-provider-openstack/tree/master/pkg."""

PASSING = ("machines.pass-foreign-traffic", "network-interfaces.pass-foreign-traffic")
"""Verbs of CNIs that send pods' packets as they are, which a port refuses unless it is told of the addresses."""
NOBODY: Mapping[str, str] = {
    "machines.discover": "control planes read from the store which machines there are",
    "volumes.attach": "the engine attaches etcd volumes",
    "encryption.use": "Cinder asks for keys itself",
    "images.pull": "the cloud has no registry of containers",
    "images.pull-through": "the cloud has no registry of containers",
    "machine-types.read": "only plug-ins of other clouds count a machine's interfaces",
    **dict.fromkeys(PASSING, "the engine lets pods' addresses through the machines' ports"),
    "addresses.assign-ipv6": "clusters here have no IPv6",
    "addresses.read": "clusters here have no IPv6",
}
"""Verbs that need no permission of this cloud's, and why."""


def of_machine(permissions: Iterable[Permission], scheme: str) -> tuple[AccessRule, ...]:
    """What a machine's own credential allows: its part of the store, sorted."""
    wanted = [item for item in permissions if item.verb in _STORE]
    return tuple(
        sorted({_store_rule(item, scheme, method, path) for item in wanted for method, path in _STORE[item.verb]})
    )


def of_cluster(permissions: Iterable[Permission]) -> tuple[AccessRule, ...]:
    """What the cloud controller's and the volume driver's credential allows, sorted."""
    return tuple(sorted({rule for item in permissions for rule in _CLUSTER.get(item.verb, ())}))


def passes_foreign_traffic(permissions: Iterable[Permission]) -> bool:
    """Whether packets of pods leave the machine under the pods' own addresses."""
    return any(item.verb in PASSING for item in permissions)


def known(verb: str) -> bool:
    """Whether the verb means something here, if only that nobody needs it."""
    return verb in _STORE or verb in _CLUSTER or verb in NOBODY


def _store_rule(permission: Permission, scheme: str, method: str, path: str) -> AccessRule:
    """`/v1/<account>/<container>/<object>`: https://docs.openstack.org/api-ref/object-store/."""
    container, _, key = permission.scope.removeprefix(f"{scheme}://").partition("/")
    return AccessRule(STORE, method, "/".join(filter(None, ("/v1/*", container, path.format(key=key)))))
