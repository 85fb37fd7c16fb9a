"""Google Cloud look-ups (invokes), answered from the simulated project.

Facts of arguments and results: https://www.pulumi.com/registry/packages/gcp/api-docs/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kops_pulumi.rehearsal.gcp.facts import ZONE
from kops_pulumi.rehearsal.kinds import Function, Question, Values

_LETTERS: Final = {"us-east1": "bcd", "us-central1": "abcf", "europe-west1": "bcd"}
"""Zones of regions that do not have just a, b and c: https://cloud.google.com/compute/docs/regions-zones."""


def _managed_zones(question: Question) -> Values:
    project = question.args.get("project") or question.cloud.account
    zones = [
        {
            "name": zone.outputs.get("name"),
            "dnsName": zone.outputs.get("dnsName"),
            "visibility": zone.outputs.get("visibility", "public"),
            "id": zone.id,
        }
        for zone in question.store.objects(ZONE)
        if zone.id.startswith(f"projects/{project}/")
    ]
    return {"id": f"projects/{project}/managedZones", "project": project, "managedZones": zones}


def _zones(question: Question) -> Values:
    region = question.args.get("region") or question.cloud.region
    names = [f"{region}-{letter}" for letter in _LETTERS.get(str(region), "abc")]
    return {"id": f"projects/{question.cloud.account}/regions/{region}", "names": names, "region": region}


FUNCTIONS: Final[Mapping[str, Function]] = {
    "gcp:compute/getZones:getZones": _zones,
    "gcp:dns/getManagedZones:getManagedZones": _managed_zones,
}
