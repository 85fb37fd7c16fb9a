"""What Google Cloud would answer to a recorded program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kops_pulumi.testing.answers import Answers, LookUp, Table, fingerprint

PROJECT = "testproject"
_COLLECTIONS: Mapping[str, tuple[str, str]] = {
    "gcp:compute/address:Address": ("regional", "addresses"),
    "gcp:compute/disk:Disk": ("zonal", "disks"),
    "gcp:compute/firewall:Firewall": ("global", "firewalls"),
    "gcp:compute/forwardingRule:ForwardingRule": ("regional", "forwardingRules"),
    "gcp:compute/instanceGroupManager:InstanceGroupManager": ("zonal", "instanceGroupManagers"),
    "gcp:compute/instanceTemplate:InstanceTemplate": ("global", "instanceTemplates"),
    "gcp:compute/network:Network": ("global", "networks"),
    "gcp:compute/regionBackendService:RegionBackendService": ("regional", "backendServices"),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": ("regional", "healthChecks"),
    "gcp:compute/router:Router": ("regional", "routers"),
    "gcp:compute/subnetwork:Subnetwork": ("regional", "subnetworks"),
}
"""Types of Compute Engine: where they live, and the collection in their address."""
_API = "https://www.googleapis.com/compute/v1/"


def _address(_: str, seed: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    number = int(seed[:2], 16)
    return {"address": f"10.0.16.{number}" if inputs.get("addressType") == "INTERNAL" else f"192.0.2.{number}"}


def _account(_: str, __: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    email = f"{inputs['accountId']}@{PROJECT}.iam.gserviceaccount.com"
    return {"email": email, "member": f"serviceAccount:{email}"}


_COMPUTED: Mapping[str, Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]] = {
    "gcp:compute/address:Address": _address,
    "gcp:compute/instanceGroupManager:InstanceGroupManager": lambda id_, *_: {
        "instanceGroup": _API + id_.replace("instanceGroupManagers", "instanceGroups")
    },
    "gcp:projects/iAMCustomRole:IAMCustomRole": lambda _, __, inputs: {
        "name": f"projects/{PROJECT}/roles/{inputs['roleId']}"
    },
    "gcp:serviceaccount/account:Account": _account,
}
"""Computed outputs by type, from the id, the fingerprint and the inputs."""

_LOOKUPS: Mapping[str, LookUp] = {
    "gcp:dns/getManagedZones:getManagedZones": lambda *_: {
        "managedZones": [
            {"name": f"zone-example-{end}", "dnsName": f"example.{end}.", "visibility": "public"}
            for end in ("com", "net", "org")
        ]
    },
}


def _resource(answers: Answers, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    seed = fingerprint(type_, name)
    prefix = inputs.get("namePrefix")
    physical = f"{prefix}{int(seed[:8], 16):026d}" if prefix else str(inputs.get("name") or name)
    id_ = physical
    if type_ in _COLLECTIONS:
        where, collection = _COLLECTIONS[type_]
        region = inputs.get("region") or answers.region
        place = {"global": "global", "regional": f"regions/{region}", "zonal": f"zones/{inputs.get('zone')}"}[where]
        id_ = f"projects/{inputs.get('project') or PROJECT}/{place}/{collection}/{physical}"
    computed = _COMPUTED.get(type_)
    common = {"selfLink": _API + id_, "name": physical}
    return id_, {**common, **(computed(id_, seed, inputs) if computed else {})}


TABLE = Table(_resource, _LOOKUPS)
