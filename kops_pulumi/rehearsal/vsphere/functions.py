"""vSphere look-ups (invokes): what the site has, by name.

Facts of arguments and results: https://www.pulumi.com/registry/packages/vsphere/api-docs/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kops_pulumi.rehearsal.kinds import Function, LookupFailed, Question, Values
from kops_pulumi.rehearsal.store import Record
from kops_pulumi.rehearsal.vsphere.facts import (
    CATEGORY,
    COMPUTE_CLUSTER,
    DATACENTER,
    DATASTORE,
    DATASTORE_CLUSTER,
    FOLDER,
    LIBRARY,
    LIBRARY_ITEM,
    MACHINE,
    NETWORK,
    POLICY,
    RESOURCE_POOL,
    ROLE,
    SWITCH,
    TAG,
)

_SAME: Final = ("categoryId", "libraryId", "distributedVirtualSwitchUuid")
"""Arguments that say whose a name is."""


def _named(kind: str, noun: str, key: str = "name") -> Function:
    """A look-up of exactly one thing by its name."""

    def answer(question: Question) -> Values:
        args = question.args
        found = [item for item in question.store.objects(kind) if _is(item, args, key)]
        if len(found) != 1:
            raise LookupFailed(f"{noun} '{args.get(key)}' not found" if not found else f"several {noun}s are so called")
        return {**args, **found[0].outputs, "id": found[0].id}

    return answer


def _is(item: Record, args: Values, key: str) -> bool:
    whose = (name for name in _SAME if args.get(name))
    return item.outputs.get(key) == args.get(key) and all(item.outputs.get(name) == args[name] for name in whose)


FUNCTIONS: Final[Mapping[str, Function]] = {
    f"vsphere:index/{name}:{name}": answer
    for name, answer in {
        "getDatacenter": _named(DATACENTER, "datacenter"),
        "getComputeCluster": _named(COMPUTE_CLUSTER, "compute cluster"),
        "getResourcePool": _named(RESOURCE_POOL, "resource pool"),
        "getFolder": _named(FOLDER, "folder", "path"),
        "getDatastore": _named(DATASTORE, "datastore"),
        "getDatastoreCluster": _named(DATASTORE_CLUSTER, "datastore cluster"),
        "getDistributedVirtualSwitch": _named(SWITCH, "distributed switch"),
        "getNetwork": _named(NETWORK, "network"),
        "getVirtualMachine": _named(MACHINE, "virtual machine"),
        "getContentLibrary": _named(LIBRARY, "content library"),
        "getContentLibraryItem": _named(LIBRARY_ITEM, "content library item"),
        "getPolicy": _named(POLICY, "storage policy"),
        "getTagCategory": _named(CATEGORY, "tag category"),
        "getTag": _named(TAG, "tag"),
        "getRole": _named(ROLE, "role"),
    }.items()
}
