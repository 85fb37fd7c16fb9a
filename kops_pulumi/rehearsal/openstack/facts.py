"""Shared vocabulary of the OpenStack tables: type tokens, ids, addresses, and `kind`, which adds what all have."""

from __future__ import annotations

import dataclasses
import ipaddress
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from kops_pulumi.rehearsal.kinds import Birth, Compute, Kind, OnDelete, Ref, Revise, Values
from kops_pulumi.rehearsal.store import CloudError

NETWORK: Final = "openstack:networking/network:Network"
SUBNET: Final = "openstack:networking/subnet:Subnet"
ROUTER: Final = "openstack:networking/router:Router"
PORT: Final = "openstack:networking/port:Port"
FLOATING_IP: Final = "openstack:networking/floatingIp:FloatingIp"
SECURITY_GROUP: Final = "openstack:networking/secGroup:SecGroup"
SERVER: Final = "openstack:compute/instance:Instance"
SERVER_GROUP: Final = "openstack:compute/serverGroup:ServerGroup"
KEY_PAIR: Final = "openstack:compute/keypair:Keypair"
ATTACHMENT: Final = "openstack:compute/volumeAttach:VolumeAttach"
VOLUME: Final = "openstack:blockstorage/volume:Volume"
BALANCER: Final = "openstack:loadbalancer/loadBalancer:LoadBalancer"
LISTENER: Final = "openstack:loadbalancer/listener:Listener"
POOL: Final = "openstack:loadbalancer/pool:Pool"
CREDENTIAL: Final = "openstack:identity/applicationCredential:ApplicationCredential"
CONTAINER: Final = "openstack:objectstorage/container:Container"
ZONE: Final = "openstack:dns/zone:Zone"

REGION: Final = "RegionOne"
"""Where a stack that names no region works."""
OUTSIDE: Final = "198.51.100.0/24"
"""Floating addresses: a range for documentation (RFC 5737)."""
VIP_PORT: Final = "0c7a0000-[0-9a-f-]+"
"""Ports of load balancers' own, which no stack makes."""


def ref(path: str, *kinds: str, on_delete: OnDelete = OnDelete.BLOCK, external: str | None = None) -> Ref:
    """A reference to one of these kinds."""
    return Ref(path, kinds, on_delete, external)


def identify(birth: Birth) -> str:
    """A UUID that is the same in every run."""
    return str(uuid.UUID(birth.hex(32)))


def named(birth: Birth) -> str:
    """For objects whose id is their name."""
    return str(birth.inputs["name"])


def free(birth: Birth, range_: str, taken: Iterable[object], skipped: int) -> str:
    """The first address of a range that nobody has; the first few are the cloud's own."""
    used = {str(address) for address in taken}
    hosts = ipaddress.ip_network(range_).hosts()
    for number, host in enumerate(hosts):
        if number >= skipped and str(host) not in used:
            return str(host)
    raise CloudError("IpAddressGenerationFailure", f"no more IP addresses available in {range_} ({birth.seed})")


def inside(birth: Birth, subnet_id: Any) -> str:
    """A free address of a subnet."""
    subnet = birth.target(subnet_id, SUBNET)
    range_ = str(subnet.outputs["cidr"]) if subnet else "192.168.0.0/24"
    taken = [a for port in birth.store.objects(PORT) for a in port.outputs.get("allFixedIps", ())]
    taken += [balancer.outputs.get("vipAddress") for balancer in birth.store.objects(BALANCER)]
    return free(birth, range_, taken, skipped=9)


def kind(base: Kind, replaces: str = "", **fields: Any) -> Kind:
    """A `Kind` with what every OpenStack object has: a UUID, a region that cannot change, and `allTags`."""
    whole = dataclasses.replace(base, **fields)
    return dataclasses.replace(
        whole,
        replaces=whole.replaces | frozenset({*replaces.split(), "region"}),
        identify=identify if whole.identify is Kind().identify else whole.identify,
        compute=_with_common(whole.compute),
        revise=_with_tags(whole.revise),
        handles=("name",) if whole.handles == Kind().handles else whole.handles,
        name_prefix=None,
    )


def _with_common(compute: Compute) -> Callable[[Birth, str], Values]:
    def outputs(birth: Birth, id_: str) -> Values:
        region = birth.inputs.get("region") or birth.cloud.region or REGION
        return {"region": region, "allTags": birth.inputs.get("tags", []), **compute(birth, id_)}

    return outputs


def _with_tags(revise: Revise) -> Revise:
    return lambda old, inputs: {"allTags": inputs.get("tags", []), **revise(old, inputs)}
