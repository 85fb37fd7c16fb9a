"""Shared vocabulary of the Google Cloud tables: type tokens, addresses of resources, and `kind`.

Which inputs make a new resource (`ForceNew`) is the Terraform provider's word, resource by resource:
https://github.com/hashicorp/terraform-provider-google/tree/main/google/services.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, Final, Literal

from kops_pulumi.rehearsal.kinds import Birth, Failure, Identify, Kind, OnDelete, Ref, Rule, Values

NETWORK: Final = "gcp:compute/network:Network"
SUBNETWORK: Final = "gcp:compute/subnetwork:Subnetwork"
ROUTER: Final = "gcp:compute/router:Router"
ROUTER_NAT: Final = "gcp:compute/routerNat:RouterNat"
FIREWALL: Final = "gcp:compute/firewall:Firewall"
ADDRESS: Final = "gcp:compute/address:Address"
FORWARDING_RULE: Final = "gcp:compute/forwardingRule:ForwardingRule"
BACKEND_SERVICE: Final = "gcp:compute/regionBackendService:RegionBackendService"
HEALTH_CHECK: Final = "gcp:compute/regionHealthCheck:RegionHealthCheck"
DISK: Final = "gcp:compute/disk:Disk"
TEMPLATE: Final = "gcp:compute/instanceTemplate:InstanceTemplate"
MANAGER: Final = "gcp:compute/instanceGroupManager:InstanceGroupManager"
ACCOUNT: Final = "gcp:serviceaccount/account:Account"
CUSTOM_ROLE: Final = "gcp:projects/iAMCustomRole:IAMCustomRole"
PROJECT_MEMBER: Final = "gcp:projects/iAMMember:IAMMember"
ZONE: Final = "gcp:dns/managedZone:ManagedZone"
ZONE_MEMBER: Final = "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember"
RECORD_SET: Final = "gcp:dns/recordSet:RecordSet"
BUCKET: Final = "gcp:storage/bucket:Bucket"
OBJECT: Final = "gcp:storage/bucketObject:BucketObject"

API: Final = "https://www.googleapis.com/compute/v1/"
_LABEL: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""https://cloud.google.com/compute/docs/naming-resources"""


def ref(path: str, *kinds: str, on_delete: OnDelete = OnDelete.BLOCK, external: str | None = None) -> Ref:
    """A reference to one of these kinds."""
    return Ref(path, kinds, on_delete, external)


def project_of(birth: Birth) -> str:
    """The object's own project, else the provider's."""
    return str(birth.inputs.get("project") or birth.cloud.account)


def physical_name(birth: Birth) -> str:
    """The given name, or the given prefix with digits."""
    return str(birth.inputs.get("name") or f"{birth.inputs.get('namePrefix', '')}{birth.number(26)}")


def addressed(collection: str, where: Literal["global", "region", "zone"]) -> Identify:
    """Ids like `projects/p/regions/r/subnetworks/name`."""

    def identify(birth: Birth) -> str:
        place = "global" if where == "global" else f"{where}s/{birth.inputs.get(where) or birth.cloud.region}"
        return f"projects/{project_of(birth)}/{place}/{collection}/{physical_name(birth)}"

    return identify


def compute(collection: str, where: Literal["global", "region", "zone"], replaces: str, **fields: Any) -> Kind:
    """A kind of Compute Engine: an address by project and place, a name that is free there, a link to itself."""
    more: Callable[[Birth, str], Values] = fields.pop("outputs", lambda *_: {})
    rules: tuple[Rule, ...] = fields.pop("rules", ())
    unique = ("project", "name") if where == "global" else ("project", where, "name")
    base = Kind(
        identify=addressed(collection, where),
        compute=lambda birth, id_: {
            "name": physical_name(birth),
            "project": project_of(birth),
            "selfLink": API + id_,
            "creationTimestamp": "2026-11-01T00:00:00.000-07:00",
            **more(birth, id_),
        },
        unique=unique,
        handles=("selfLink", "name"),
        autoname="name",
        name_prefix=None,
        rules=(_legal_name, *rules),
        replaces=frozenset({"name", "project", *replaces.split()}),
    )
    return dataclasses.replace(base, **fields)


def _legal_name(inputs: Values) -> list[Failure]:
    name = inputs.get("name")
    if not isinstance(name, str) or _LABEL.fullmatch(name):
        return []
    return [("name", f"{name!r} is not a name: lower-case letters, digits and dashes, 63 at most, a letter first")]
