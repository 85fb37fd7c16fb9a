"""Machines: instance templates, managed instance groups, disks.

Facts: https://registry.terraform.io/providers/hashicorp/google/latest/docs, resource by resource, and
https://cloud.google.com/compute/docs/metadata/overview#custom_metadata_limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kops_pulumi.rehearsal.fleet import settle
from kops_pulumi.rehearsal.gcp.facts import ACCOUNT, API, DISK, MANAGER, SUBNETWORK, TEMPLATE, compute, ref
from kops_pulumi.rehearsal.gcp.herd import HERD
from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values

_VALUE_LIMIT: Final = 256 * 1024
_METADATA_LIMIT: Final = 512 * 1024
"""Bytes of one metadata value, and of all."""
_LONGEST_PREFIX: Final = 37
"""A template's name: 26 digits follow the prefix."""
_TEMPLATE_INPUTS: Final = (
    "advancedMachineFeatures canIpForward confidentialInstanceConfig description disks enableDisplay guestAccelerators "
    "instanceDescription keyRevocationActionType labels machineType metadata metadataStartupScript minCpuPlatform "
    "namePrefix networkInterfaces networkPerformanceConfig region reservationAffinity resourceManagerTags "
    "resourcePolicies scheduling serviceAccount shieldedInstanceConfig tags workloadIdentityConfig"
)
"""All of them: a template never changes."""


def _metadata(inputs: Values) -> Iterator[Failure]:
    values = {key: value for key, value in (inputs.get("metadata") or {}).items() if isinstance(value, str)}
    for key, value in values.items():
        if len(value.encode()) > _VALUE_LIMIT:
            yield f"metadata.{key}", f"is {len(value.encode())} bytes long, the limit is {_VALUE_LIMIT}"
    whole = sum(len(key) + len(value.encode()) for key, value in values.items())
    if whole > _METADATA_LIMIT:
        yield "metadata", f"is {whole} bytes long, the limit is {_METADATA_LIMIT}"


def _scheduling(inputs: Values) -> Iterator[Failure]:
    scheduling = inputs.get("scheduling") or {}
    if scheduling.get("provisioningModel") == "SPOT":
        if scheduling.get("preemptible") is not True or scheduling.get("automaticRestart") is not False:
            yield "scheduling", "spot machines are preemptible and do not restart by themselves"
        if scheduling.get("onHostMaintenance") == "MIGRATE":
            yield "scheduling.onHostMaintenance", "spot machines do not migrate"
    if inputs.get("guestAccelerators") and scheduling.get("onHostMaintenance") != "TERMINATE":
        yield "scheduling.onHostMaintenance", "machines with GPUs do not migrate"


def _prefix(inputs: Values) -> list[Failure]:
    prefix = inputs.get("namePrefix")
    long = isinstance(prefix, str) and len(prefix) > _LONGEST_PREFIX
    return [("namePrefix", f"has more than {_LONGEST_PREFIX} characters")] if long else []


def _stateful(inputs: Values) -> list[Failure]:
    """https://cloud.google.com/compute/docs/instance-groups/stateful-migs#limitations."""
    if not (inputs.get("statefulInternalIps") or inputs.get("statefulDisks")):
        return []
    policy = inputs.get("updatePolicy") or {}
    if policy.get("replacementMethod") == "RECREATE" and policy.get("maxSurgeFixed") == 0:
        return []
    return [("updatePolicy", "a stateful group recreates its machines, one after the other and none beside")]


def _manager(birth: Birth, id_: str) -> Values:
    return {
        "instanceGroup": API + id_.replace("/instanceGroupManagers/", "/instanceGroups/"),
        "fingerprint": birth.hex(8),
        "targetSize": birth.inputs.get("targetSize", 0),
        "statuses": [{"isStable": True}],
    }


def _shrinks(old: Values, new: Values) -> list[str]:
    """A disk grows in place; a smaller one is another one."""
    before, after = old.get("size"), new.get("size")
    return ["size"] if isinstance(before, int) and isinstance(after, int) and after < before else []


MACHINES: Final[Mapping[str, Kind]] = {
    TEMPLATE: compute(
        "instanceTemplates",
        "global",
        _TEMPLATE_INPUTS,
        outputs=lambda birth, id_: {
            "metadataFingerprint": birth.hex(8),
            "selfLinkUnique": f"{API}{id_}?uniqueId={birth.number(18)}",
        },
        refs=(
            ref("networkInterfaces[].subnetwork", SUBNETWORK),
            ref("serviceAccount.email", ACCOUNT, on_delete=OnDelete.IGNORE, external="default"),
        ),
        name_prefix="namePrefix",
        rules=(_metadata, _scheduling, _prefix),
    ),
    MANAGER: compute(
        "instanceGroupManagers",
        "zone",
        "zone baseInstanceName",
        outputs=_manager,
        refs=(ref("versions[].instanceTemplate", TEMPLATE),),
        handles=("selfLink", "instanceGroup"),
        rules=(_stateful,),
        required=("zone",),
        settle=settle(HERD),
    ),
    DISK: compute(
        "disks",
        "zone",
        "zone type image snapshot description diskEncryptionKey physicalBlockSizeBytes sourceDisk multiWriter",
        outputs=lambda birth, _: {"diskId": birth.number(18), "labelFingerprint": birth.hex(8), "users": []},
        also_replaces=_shrinks,
        required=("zone",),
    ),
}
