"""The machines of a cluster on OpenStack after their creation: servers, by openstacksdk (no pulumi).

Servers are known by their metadata. One is outdated when the digest that was recorded with it is not the plan's (see
`plan/machines.py`). No group starts another for one that is gone: the engine makes it again, in its turn
(`automation/fleets.py`). What machines are replaced, when, and in which order is not decided here.

https://docs.openstack.org/openstacksdk/latest/user/proxies/compute.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kops_pulumi.clouds.openstack import options
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, FleetGroup, Group, Machine, MachineState
from kops_pulumi.plan import machines

PAGE: Final = 1000
"""Servers in one answer: Nova's own default limit."""
TIMEOUT: Final = 30.0
"""Seconds for one answer."""
_STATES: Final[Mapping[str, MachineState]] = {
    "ACTIVE": MachineState.RUNNING,
    "BUILD": MachineState.PENDING,
    "HARD_REBOOT": MachineState.RUNNING,
    "PASSWORD": MachineState.RUNNING,
    "REBOOT": MachineState.RUNNING,
    "REBUILD": MachineState.PENDING,
    "RESIZE": MachineState.RUNNING,
    "VERIFY_RESIZE": MachineState.RUNNING,
}
"""https://docs.openstack.org/api-guide/compute/server_concepts.html#server-status; all others are of no use."""
_GONE: Final = frozenset({"DELETED", "SOFT_DELETED"})
_SETTINGS: Final[Mapping[str, str]] = {
    "applicationCredentialId": "application_credential_id",
    "applicationCredentialName": "application_credential_name",
    "applicationCredentialSecret": "application_credential_secret",
    "authUrl": "auth_url",
    "cacertFile": "cacert",
    "cloud": "cloud",
    "domainId": "domain_id",
    "domainName": "domain_name",
    "password": "password",
    "projectDomainId": "project_domain_id",
    "projectDomainName": "project_domain_name",
    "region": "region_name",
    "tenantId": "project_id",
    "tenantName": "project_name",
    "token": "token",
    "userDomainId": "user_domain_id",
    "userDomainName": "user_domain_name",
    "userId": "user_id",
    "userName": "username",
}
"""Settings of the Pulumi provider and what openstacksdk calls them; what is not set comes from the environment."""


def connect(plan: ClusterPlan, settings: Mapping[str, Any]) -> OpenStackFleet:
    """The fleet of a plan; `settings` are those of the Pulumi provider (`openstack:cloud` as `cloud`, …)."""
    import openstack

    given = {theirs: settings[ours] for ours, theirs in _SETTINGS.items() if settings.get(ours)}
    if plan.region:
        given["region_name"] = plan.region
    if str(settings.get("insecure", "")).lower() == "true" or plan.options.insecure:
        given["verify"] = False
    if "application_credential_secret" in given:
        given["auth_type"] = "v3applicationcredential"
    with translated():
        return OpenStackFleet(plan, openstack.connect(app_name="kops-pulumi", api_timeout=TIMEOUT, **given))


class OpenStackFleet:
    """`model.Fleet` on OpenStack."""

    surges = False
    replaces_itself = False
    reuses_names = True

    def __init__(self, plan: ClusterPlan, connection: Any) -> None:
        """`connection` is an `openstack.connection.Connection`, or what answers like its `compute`."""
        self._plan, self._compute = plan, connection.compute

    def groups(self) -> Sequence[FleetGroup]:
        """Every group with its servers; one call for every thousand servers of the project, and one more."""
        with translated():
            listed = self._compute.servers(details=True, limit=PAGE)
            mine = [server for server in listed if _fact(server, "k8s") == self._plan.name]
        ordered = sorted(self._plan.groups, key=lambda group: group.name)
        return tuple(self._group(group, mine) for group in ordered)

    def detach(self, machine: Machine) -> None:
        """There are no groups to leave."""
        raise KopsError(f"{machine.id} is in no group that could start another machine")

    def deregister(self, machine: Machine) -> bool:  # noqa: ARG002 - the protocol's signature
        """True: Octavia sends new connections elsewhere as soon as a member does not answer, and finds it again.

        Nothing is written to the load balancer, which the engine would not put back.
        """
        return True

    def terminate(self, machine: Machine) -> None:
        """Delete the server; its port and its volumes stay."""
        with translated():
            self._compute.delete_server(machine.id, ignore_missing=True)

    def _group(self, group: Group, servers: Sequence[Any]) -> FleetGroup:
        wanted = options.digest_of(group)
        found = [
            _machine(group, server, wanted)
            for server in servers
            if _fact(server, "KopsInstanceGroup") == group.name and server.status not in _GONE
        ]
        return FleetGroup(
            name=group.name,
            desired=len(machines.of(self._plan, group)),
            min_size=group.min_size,
            max_size=group.max_size,
            machines=tuple(sorted(found, key=lambda machine: machine.id)),
        )


def _machine(group: Group, server: Any, digest: str) -> Machine:
    flavor = server.flavor or {}
    return Machine(
        id=server.id,
        group=group.name,
        name=server.name,
        state=_STATES.get(server.status, MachineState.STOPPING),
        outdated=_fact(server, machines.DIGEST) != digest,
        zone=server.availability_zone,
        addresses=tuple(_addresses(server)),
        machine_type=flavor.get("original_name") or flavor.get("name"),
    )


def _addresses(server: Any) -> Iterator[str]:
    """Fixed ones first, then floating ones."""
    found = [item for items in (server.addresses or {}).values() for item in items]
    for kind in ("fixed", "floating"):
        yield from (item["addr"] for item in found if item.get("OS-EXT-IPS:type", "fixed") == kind)


def _fact(server: Any, key: str) -> str | None:
    value = (server.metadata or {}).get(key)
    return str(value) if value is not None else None


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the SDK become ours, in the cloud's own words."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        yield
    except (SDKException, ClientException) as error:
        hint = "check OS_CLOUD or OS_AUTH_URL and the rest, or the stack's openstack: settings"
        raise KopsError(f"OpenStack: {error}", hint=hint) from error
