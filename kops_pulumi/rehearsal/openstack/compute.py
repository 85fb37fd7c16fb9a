"""Machines and their disks; credentials, objects, records.

Facts: https://registry.terraform.io/providers/terraform-provider-openstack/openstack/latest/docs, resource by resource.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values
from kops_pulumi.rehearsal.openstack.facts import (
    ATTACHMENT,
    CONTAINER,
    CREDENTIAL,
    KEY_PAIR,
    NETWORK,
    PORT,
    SERVER,
    SERVER_GROUP,
    VOLUME,
    ZONE,
    kind,
    named,
    ref,
)
from kops_pulumi.rehearsal.store import CloudError
from kops_pulumi.rehearsal.wire import at

_USER_DATA_LIMIT: Final = 65535
"""Bytes of base64: https://docs.openstack.org/api-ref/compute/#create-server."""
_VALUE_LIMIT: Final = 255
_AFFINITIES: Final = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")


def _server(birth: Birth, _id: str) -> Values:
    ports = [birth.target(value, PORT) for value in at(birth.inputs, "networks[].port")]
    addresses = [address for port in ports if port for address in port.outputs.get("allFixedIps", ())]
    return {"accessIpV4": next(iter(addresses), ""), "created": "2026-11-01T00:00:00Z"}


def _own_port(birth: Birth) -> None:
    """A port is one server's: whoever is made again must go first."""
    wanted = set(at(birth.inputs, "networks[].port"))
    for other in birth.store.objects(SERVER):
        for port in wanted & set(at(other.inputs, "networks[].port")):
            raise CloudError("PortInUse", f"port {port} is still in use by server {other.id}")


def _own_volume(birth: Birth) -> None:
    wanted = birth.inputs.get("volumeId")
    for other in birth.store.objects(ATTACHMENT):
        if other.inputs.get("volumeId") == wanted:
            raise CloudError("VolumeInUse", f"volume {wanted} is attached to {other.inputs.get('instanceId')}")


def _user_data(inputs: Values) -> list[Failure]:
    text = inputs.get("userData")
    size = -(-len(text.encode()) // 3) * 4 if isinstance(text, str) else 0
    return [("userData", f"takes {size} bytes, the limit is {_USER_DATA_LIMIT}")] if size > _USER_DATA_LIMIT else []


def _metadata(inputs: Values) -> list[Failure]:
    found = inputs.get("metadata")
    pairs = found.items() if isinstance(found, Mapping) else ()
    long = [key for key, value in pairs if isinstance(value, str) and len(value) > _VALUE_LIMIT]
    return [("metadata", f"the value of {key} is longer than {_VALUE_LIMIT} characters") for key in long]


def _affinity(inputs: Values) -> list[Failure]:
    policy = inputs.get("policies")
    return [("policies", f"{policy!r} is no policy")] if isinstance(policy, str) and policy not in _AFFINITIES else []


def _fingerprint(birth: Birth, _id: str) -> Values:
    digest = hashlib.md5(str(birth.inputs.get("publicKey")).encode(), usedforsecurity=False).hexdigest()
    return {"fingerprint": ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))}


def _paths(inputs: Values) -> list[Failure]:
    """https://docs.openstack.org/api-ref/identity/v3/#create-application-credential"""
    return [
        ("accessRules", f"{path!r} is no path")
        for path in at(inputs, "accessRules[].path")
        if isinstance(path, str) and not path.startswith("/")
    ]


COMPUTE: Final[Mapping[str, Kind]] = {
    KEY_PAIR: kind(
        Kind(identify=named, compute=_fingerprint, unique=("name",), autoname="name"),
        "name publicKey userId valueSpecs",
    ),
    SERVER_GROUP: kind(Kind(rules=(_affinity,)), "name policies rules valueSpecs"),
    VOLUME: kind(
        Kind(),
        "availabilityZone backupId consistencyGroupId imageId snapshotId sourceReplica sourceVolId",
    ),
    SERVER: kind(
        Kind(
            compute=_server,
            refs=(
                ref("networks[].port", PORT, on_delete=OnDelete.IGNORE),
                ref("networks[].uuid", NETWORK, on_delete=OnDelete.IGNORE),
                ref("schedulerHints[].group", SERVER_GROUP, on_delete=OnDelete.IGNORE),
                ref("keyPair", KEY_PAIR, on_delete=OnDelete.IGNORE),
            ),
            admit=_own_port,
            rules=(_user_data, _metadata),
        ),
        "availabilityZone availabilityZoneHints blockDevices configDrive hypervisorHostname keyPair networkMode "
        "networks schedulerHints userData",
    ),
    ATTACHMENT: kind(
        Kind(
            refs=(ref("instanceId", SERVER, on_delete=OnDelete.CASCADE), ref("volumeId", VOLUME)),
            compute=lambda *_: {"device": "/dev/vdb"},
            admit=_own_volume,
        ),
        "instanceId multiattach tag vendorOptions volumeId",
    ),
    CREDENTIAL: kind(
        Kind(
            compute=lambda birth, _: {"secret": birth.hex(60, "secret"), "projectId": birth.hex(32, "project")},
            unique=("name",),
            autoname="name",
            rules=(_paths,),
        ),
        "accessRules description expiresAt name roles secret unrestricted",
    ),
    CONTAINER: kind(Kind(identify=named, unique=("name",), autoname="name"), "storageClass storagePolicy"),
    "openstack:objectstorage/containerObject:ContainerObject": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['containerName']}/{birth.inputs['name']}",
            refs=(ref("containerName", CONTAINER),),
            unique=("containerName", "name"),
            autoname="name",
            handles=(),
        ),
        "containerName name",
    ),
    ZONE: kind(Kind(unique=("name",)), "attributes name projectId type valueSpecs"),
    "openstack:dns/recordSet:RecordSet": kind(
        Kind(refs=(ref("zoneId", ZONE, on_delete=OnDelete.CASCADE),), unique=("zoneId", "name", "type")),
        "name projectId type valueSpecs zoneId",
    ),
}
