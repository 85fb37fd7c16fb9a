"""The machines of a cluster on OpenStack: key pair, etcd volumes, server groups, and a port and a server for each.

A port is a machine's place: it keeps address, security groups and floating address when its server is made again, and
an etcd volume is attached to the next server of its control plane. Servers are replaced in turns
(`components/machines.py`). Machines join the pools of their load balancers by their address, which stays too.

https://www.pulumi.com/registry/packages/openstack/api-docs/ (compute/keypair, servergroup, volumeattach,
blockstorage/volume, networking/port, floatingip, loadbalancer/member)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pulumi
from pulumi_openstack import blockstorage, compute, loadbalancer, networking, objectstorage

from kops_pulumi.clouds.openstack import lookups, servers, tags, verbs
from kops_pulumi.components.handles import Handles, InstanceHandles
from kops_pulumi.components.machines import Turns, peers
from kops_pulumi.model import ClusterPlan, EndpointKind, EtcdCluster, EtcdMember, Group, PlannedMachine, Role
from kops_pulumi.plan import machines
from kops_pulumi.plan.names import join_prefix, logical


class Instances(pulumi.ComponentResource):
    """Everything that runs machines."""

    handles: InstanceHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:openstack:Instances", name, None, opts)
        self._name, self._plan, self._known, self._options = name, plan, handles, plan.options
        self._groups = {group.name: group for group in plan.groups}
        self._key = self._key_name()
        self._volumes = {f"{c.name}/{m.name}": self._volume(c, m) for c in plan.etcd for m in c.members}
        self._server_groups = self._make_server_groups()
        planned = machines.all_of(plan)
        self._floating: dict[str, pulumi.Output[str]] = {}
        ports = {machine.key: self._port(machine) for machine in planned}
        addresses = {key: port.all_fixed_ips[0] for key, port in ports.items()}
        volume_ids = {key: volume.id for key, volume in self._volumes.items()}
        called = self._called(planned, addresses)
        self.handles = InstanceHandles({}, volume_ids, addresses, called)
        self._known = replace(handles, instances=self.handles)
        self._listed = self._list(planned)
        made = self._servers(planned, ports)
        ids = {group.name: _joined(made[m.key].id for m in machines.of(plan, group)) for group in plan.groups}
        self.handles = InstanceHandles(ids, volume_ids, addresses, called)
        self.register_outputs({"groupIds": ids, "volumeIds": volume_ids, "addresses": addresses})

    def _child(self, *after: pulumi.Resource, protect: bool | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), protect=protect)

    def _key_name(self) -> pulumi.Input[str] | None:
        """The user's key pair by name, else one of ours with the user's public key, else none."""
        key = self._plan.ssh_key
        if key is None or key.existing_name is not None:
            return key.existing_name if key else None
        made = compute.Keypair(
            logical(self._name, "ssh"),
            # Nova takes no colons, which are in a fingerprint (kops does the same)
            name=(key.physical_name or self._plan.name).replace(":", "_"),
            public_key=key.public_key,
            opts=self._child(),
        )
        return made.name

    def _volume(self, cluster: EtcdCluster, member: EtcdMember) -> blockstorage.Volume:
        options, volume = self._options, member.volume
        zone = None if options.ignore_volume_zone else member.zone
        return blockstorage.Volume(
            logical(self._name, cluster.name, member.name),
            name=member.volume_name,
            size=volume.size,
            volume_type=volume.type,
            availability_zone=options.volume_zone or zone,
            enable_online_resize=True,
            metadata={"KubernetesCluster": self._plan.name, f"k8s.io/etcd/{cluster.name}": member.name},
            opts=self._child(protect=self._known.protect),
        )

    def _make_server_groups(self) -> dict[str, compute.ServerGroup]:
        """By name; instance groups that say the same name share one."""
        found = {g.options.server_group: g.options.affinity for g in self._plan.groups if g.managed}
        return {
            name: compute.ServerGroup(
                logical(self._name, name.removeprefix(f"{self._plan.name}-")),
                name=name,
                policies=affinity,
                opts=self._child(),
            )
            for name, affinity in sorted(found.items())
        }

    def _port(self, machine: PlannedMachine) -> networking.Port:
        network, firewall, group = self._known.network, self._known.firewall, self._groups[machine.group]
        made = networking.Port(
            _name(self._name, machine),
            name=f"port-{machine.name}",
            network_id=network.network_id if network else "",
            fixed_ips=[networking.PortFixedIpArgs(subnet_id=network.subnet_ids[machine.subnet] if network else None)],
            security_group_ids=list(firewall.group_security_groups[group.name]) if firewall else None,
            allowed_address_pairs=self._pairs(group) or None,
            tags=tags.owned(self._plan, KopsInstanceGroup=group.name, KopsName=f"port-{machine.name}"),
            opts=self._child(*(network.ready if network else ())),
        )
        if (group.public_ip or group.role is Role.BASTION) and self._options.external_network:
            self._float(machine, made)
        for endpoint in group.endpoints:
            self._join(endpoint, machine, made)
        return made

    def _pairs(self, group: Group) -> list[networking.PortAllowedAddressPairArgs]:
        """Addresses that ports let through: the manifest's, pods' where the CNI needs that, the API's shared one."""
        found = [(pair.address, pair.mac) for pair in group.options.address_pairs]
        permissions = [p for item in self._plan.identities if item.key == group.identity for p in item.permissions]
        pods = self._plan.network.pod_cidr
        held = self._known.endpoints.held if self._known.endpoints and group.role is Role.CONTROL_PLANE else {}
        if pods and verbs.passes_foreign_traffic(permissions):
            found.append((pods, None))
        shared = [networking.PortAllowedAddressPairArgs(ip_address=address) for _, address in sorted(held.items())]
        own = [networking.PortAllowedAddressPairArgs(ip_address=address, mac_address=mac) for address, mac in found]
        return [*own, *shared]

    def _float(self, machine: PlannedMachine, port: networking.Port) -> None:
        """A floating address, for bastions and machines in public subnets; the router makes all subnets alike."""
        made = networking.FloatingIp(
            _name(self._name, machine),
            pool=lookups.external(self._options.external_network, self).name,
            port_id=port.id,
            description=f"fip-{machine.name}",
            tags=tags.owned(self._plan, KopsName=f"fip-{machine.name}"),
            opts=self._child(),
        )
        self._floating[machine.key] = made.address

    def _called(
        self, planned: tuple[PlannedMachine, ...], addresses: dict[str, pulumi.Output[str]]
    ) -> dict[str, pulumi.Output[str]]:
        """Endpoints without a load balancer: the first control plane is called, from outside where that is possible."""
        first = next((item.key for item in planned if self._groups[item.group].role is Role.CONTROL_PLANE), None)
        unbalanced = [item.name for item in self._plan.endpoints if item.kind is EndpointKind.ADDRESSES]
        return {name: self._floating.get(first, addresses[first]) for name in unbalanced if first}

    def _join(self, endpoint: str, machine: PlannedMachine, port: networking.Port) -> None:
        """The machine takes connections of a load balancer."""
        planned, known = self._plan.endpoint(endpoint), self._known
        pools = known.endpoints.target_groups.get(endpoint, ()) if known.endpoints else ()
        for listener, pool in zip(planned.listeners if planned else (), pools, strict=True):
            loadbalancer.Member(
                logical(_name(self._name, machine), endpoint, listener.name),
                name=machine.name,
                pool_id=pool,
                address=port.all_fixed_ips[0],
                protocol_port=listener.target_port,
                subnet_id=known.network.subnet_ids[machine.subnet] if known.network else None,
                tags=tags.owned(self._plan),
                opts=self._child(),
            )

    def _list(self, planned: tuple[PlannedMachine, ...]) -> objectstorage.ContainerObject:
        """What control planes read instead of asking Nova which machines there are."""
        place, known = self._plan.object_store, self._known.store
        path = f"{join_prefix('')[1:]}/peers"
        return objectstorage.ContainerObject(
            logical(self._name, "peers"),
            container_name=known.bucket if known else "",
            name=place.key(path) if place else path,
            content=peers(planned, self.handles.addresses),
            content_type="text/plain; charset=utf-8",
            opts=self._child(),
        )

    def _servers(
        self, planned: tuple[PlannedMachine, ...], ports: dict[str, networking.Port]
    ) -> dict[str, compute.Instance]:
        turns, made = Turns(self), dict[str, compute.Instance]()
        found = servers.Images(self)
        for machine in planned:
            group = self._groups[machine.group]
            place = servers.Place(machine, ports[machine.key].id, self._server_groups[group.options.server_group].id)
            parts = servers.Parts(place, found, self._key, self._known)
            options = turns.options(machine, self._before(group))
            made[machine.key] = servers.make(_name(self._name, machine), group, parts, options)
            turns.done(machine, made[machine.key], *self._attach(machine, made[machine.key]))
        return made

    def _attach(self, machine: PlannedMachine, server: compute.Instance) -> Iterable[compute.VolumeAttach]:
        return [
            compute.VolumeAttach(
                logical(self._name, *key.split("/")),
                instance_id=server.id,
                volume_id=self._volumes[key].id,
                opts=self._child(),
            )
            for key in machine.volumes
        ]

    def _before(self, group: Group) -> list[pulumi.Resource]:
        """What must be there before the group's machines, and goes after them."""
        known = self._known
        parts = [part.ready for part in (known.network, known.firewall, known.identity, known.store) if part]
        listed = [self._listed] if group.role is Role.CONTROL_PLANE else []
        return [*(resource for ready in parts for resource in ready), *listed]


def _name(component: str, machine: PlannedMachine) -> str:
    return logical(component, machine.group, str(machine.ordinal))


def _joined(ids: Iterable[pulumi.Output[str]]) -> pulumi.Output[str]:
    """A group's machines in one value, which is known when all are there."""
    return pulumi.Output.all(*ids).apply(",".join)
