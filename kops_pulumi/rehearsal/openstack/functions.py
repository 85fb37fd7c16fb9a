"""OpenStack look-ups (invokes): answered from the simulated project; images and the service catalog are made up.

Facts of arguments and results: https://www.pulumi.com/registry/packages/openstack/api-docs/.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any, Final

from kops_pulumi.rehearsal.kinds import Function, LookupFailed, Question, Values
from kops_pulumi.rehearsal.openstack.facts import NETWORK, REGION, SECURITY_GROUP, SUBNET, ZONE

_PROJECT: Final = "0123456789abcdef0123456789abcdef"
_SERVICES: Final = {
    "compute": "https://nova.rehearsal.example/v2.1",
    "identity": "https://keystone.rehearsal.example/v3",
    "network": "https://neutron.rehearsal.example",
    "object-store": f"https://swift.rehearsal.example/v1/AUTH_{_PROJECT}",
}


def _image(question: Question) -> Values:
    """Every image exists; its id follows from its name."""
    name = str(question.args.get("name", ""))
    return {"id": str(uuid.UUID(hashlib.sha256(name.encode()).hexdigest()[:32])), "name": name, "minDiskGb": 8}


def _scope(question: Question) -> Values:
    region = question.cloud.region or REGION
    catalog = [
        {
            "id": _id(kind),
            "name": kind,
            "type": kind,
            "endpoints": [
                {"id": _id(f"{kind}{face}"), "interface": face, "region": region, "regionId": region, "url": url}
                for face in ("admin", "internal", "public")
            ],
        }
        for kind, url in _SERVICES.items()
    ]
    return {
        "id": question.args["name"],
        "name": question.args["name"],
        "region": region,
        "projectId": _PROJECT,
        "projectName": "rehearsal",
        "serviceCatalogs": catalog,
    }


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _one(kind: str, id_key: str, noun: str) -> Function:
    """A look-up of exactly one object, by id or by what else is given."""

    def answer(question: Question) -> Values:
        found = [
            record
            for record in question.store.objects(kind)
            if _matches(record.outputs, record.id, question.args, id_key)
        ]
        if len(found) != 1:
            raise LookupFailed(f"Your query returned {len(found) or 'no'} results of a {noun}: {dict(question.args)}")
        return {**found[0].outputs, id_key: found[0].id, "id": found[0].id}

    return answer


def _matches(outputs: Mapping[str, Any], id_: str, args: Values, id_key: str) -> bool:
    known = {**outputs, id_key: id_}
    given = {key: value for key, value in args.items() if isinstance(value, str) and value}
    return all(known.get(key) == value for key, value in given.items())


FUNCTIONS: Final[Mapping[str, Function]] = {
    "openstack:dns/getDnsZone:getDnsZone": _one(ZONE, "id", "zone"),
    "openstack:identity/getAuthScope:getAuthScope": _scope,
    "openstack:images/getImage:getImage": _image,
    "openstack:networking/getNetwork:getNetwork": _one(NETWORK, "networkId", "network"),
    "openstack:networking/getSecGroup:getSecGroup": _one(SECURITY_GROUP, "secgroupId", "security group"),
    "openstack:networking/getSubnet:getSubnet": _one(SUBNET, "subnetId", "subnet"),
}
