"""AWS."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping

from kops_pulumi.clouds.aws import iam
from kops_pulumi.model import ClusterPlan
from kops_pulumi.testing import Recording, Registered
from tests.scenarios import kops_matrix
from tests.scenarios.kops_matrix import Opening
from tests.support.clouds.row import NAME, Row

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
_LEGAL: Mapping[str, str] = {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "aws:iam/role:Role": r"[\w+=,.@-]{1,64}",
    "aws:iam/instanceProfile:InstanceProfile": r"[\w+=,.@-]{1,128}",
    # API CreateLoadBalancer and CreateTargetGroup
    "aws:lb/loadBalancer:LoadBalancer": r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
    "aws:lb/targetGroup:TargetGroup": r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
    "aws:ec2/launchTemplate:LaunchTemplate": r"[\w()./-]{3,128}",
    "aws:ec2/securityGroup:SecurityGroup": r"(?!sg-)[ -~]{1,255}",
    "aws:autoscaling/group:Group": r"[^:]{1,255}",
}


def _opened(recording: Recording, plan: ClusterPlan) -> Iterable[Opening]:
    return kops_matrix.openings(kops_matrix.registered(recording, plan))


def _expected(plan: ClusterPlan) -> Iterable[Opening]:
    return kops_matrix.openings(kops_matrix.ours(plan))


def _user_data(recording: Recording) -> Mapping[str, str]:
    encoded = {made.name: made.inputs.get("userData") for made in recording.of("aws:ec2/launchTemplate:LaunchTemplate")}
    return {name: base64.b64decode(text).decode() for name, text in encoded.items() if text}


def _unmapped(plan: ClusterPlan) -> set[str]:
    return {item.verb for identity in plan.identities for item in identity.permissions} - iam.VERBS.keys()


def _illegal(made: Registered) -> str | None:
    pattern, name = _LEGAL.get(made.type), made.inputs.get("name")
    return None if pattern is None or re.fullmatch(pattern, str(name)) else f"{made.type} {name!r}"


ROW = Row(
    cloud="aws",
    region="eu-central-1",
    zones=ZONES,
    cluster={"configBase": f"s3://harbor-state/{NAME}"},
    group={"image": "ami-0123456789abcdef0", "machineType": "m6i.large"},
    adopted={
        "networkID": "vpc-0123",
        "subnets": [
            {"id": f"subnet-{n}{zone[-1]}", "name": f"{prefix}{zone}", "zone": zone, "type": kind, "cidr": cidr}
            for prefix, kind, n, block in (("", "Private", 1, 32), ("utility-", "Utility", 2, 128))
            for zone, cidr in ((zone, f"10.40.{block + 16 * i}.0/20") for i, zone in enumerate(ZONES))
        ],
    },
    never_made=frozenset({"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/routeTable:RouteTable"}),
    data_volume="aws:ebs/volume:Volume",
    own_protected=frozenset({"aws:s3/bucket:Bucket"}),
    opened=_opened,
    expected=_expected,
    user_data=_user_data,
    unmapped=_unmapped,
    illegal=_illegal,
)
