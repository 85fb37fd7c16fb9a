"""Identity: roles, instance profiles, policies, OIDC providers.

Facts: https://registry.terraform.io/providers/hashicorp/aws/latest/docs, resource by resource; lengths:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from kops_pulumi.rehearsal.aws.facts import (
    INSTANCE_PROFILE,
    OIDC_PROVIDER,
    POLICY,
    ROLE,
    arn,
    defaults,
    kind,
    named,
    physical_name,
    ref,
)
from kops_pulumi.rehearsal.kinds import Birth, Compute, Failure, Identify, Kind, Rule, Values

AWS_MANAGED: Final = r"arn:aws[\w-]*:iam::aws:policy/.*"
FOREIGN_POLICY: Final = r"arn:aws[\w-]*:iam::\d{12}:policy/.*"


def json_document(key: str) -> Rule:
    """The property is a JSON object."""

    def rule(inputs: Values) -> list[Failure]:
        text = inputs.get(key)
        if not isinstance(text, str):
            return []
        try:
            document = json.loads(text)
        except ValueError as error:
            return [(key, f"is not JSON: {error}")]
        return [] if isinstance(document, dict) and "Statement" in document else [(key, "is not a policy document")]

    return rule


def legal_name(longest: int, pattern: str = r"[\w+=,.@-]+", key: str = "name") -> Rule:
    """The name fits into the service's rules."""

    def rule(inputs: Values) -> list[Failure]:
        name = inputs.get(key)
        if not isinstance(name, str):
            return []
        if len(name) > longest:
            return [(key, f"'{name}' has {len(name)} characters, the limit is {longest}")]
        return [] if re.fullmatch(pattern, name) else [(key, f"'{name}' has characters that are not allowed")]

    return rule


def _iam(noun: str, prefix: str) -> Compute:
    def outputs(birth: Birth, _id: str) -> Values:
        name = physical_name(birth)
        return {
            "arn": arn(birth, "iam", f"{noun}{birth.inputs.get('path', '/')}{name}", regional=False),
            "uniqueId": prefix + birth.hex(17).upper(),
            "createDate": "2026-11-01T00:00:00Z",
            "name": name,
            **defaults(birth, path="/"),
        }

    return outputs


def _by_arn(noun: str) -> Identify:
    return lambda birth: arn(
        birth, "iam", f"{noun}{birth.inputs.get('path', '/')}{physical_name(birth)}", regional=False
    )


def _provider_arn(birth: Birth) -> str:
    return arn(birth, "iam", f"oidc-provider/{str(birth.inputs['url']).removeprefix('https://')}", regional=False)


def _https(inputs: Values) -> list[Failure]:
    url = inputs.get("url")
    return [("url", "must begin with https://")] if isinstance(url, str) and not url.startswith("https://") else []


_POLICY_REF: Final = (POLICY,)

ACCESS: Final[Mapping[str, Kind]] = {
    ROLE: kind(
        Kind(
            identify=named(),
            compute=lambda birth, id_: {**_iam("role", "AROA")(birth, id_), **defaults(birth, maxSessionDuration=3600)},
            unique=("name",),
            autoname="name",
            refs=(ref("permissionsBoundary", *_POLICY_REF, external=f"{AWS_MANAGED}|{FOREIGN_POLICY}"),),
            rules=(json_document("assumeRolePolicy"), legal_name(64)),
        ),
        "name namePrefix path",
    ),
    INSTANCE_PROFILE: kind(
        Kind(
            identify=named(),
            compute=_iam("instance-profile", "AIPA"),
            unique=("name",),
            autoname="name",
            refs=(ref("role", ROLE),),
            rules=(legal_name(128),),
        ),
        "name namePrefix path",
    ),
    "aws:iam/rolePolicy:RolePolicy": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['role']}:{physical_name(birth)}",
            compute=lambda birth, _: {"name": physical_name(birth)},
            unique=("role", "name"),
            autoname="name",
            handles=(),
            refs=(ref("role", ROLE),),
            rules=(json_document("policy"), legal_name(128)),
        ),
        "role name namePrefix",
    ),
    POLICY: kind(
        Kind(
            identify=_by_arn("policy"),
            compute=lambda birth, id_: {
                **_iam("policy", "ANPA")(birth, id_),
                "policyId": "ANPA" + birth.hex(17).upper(),
            },
            unique=("name",),
            autoname="name",
            rules=(json_document("policy"), legal_name(128)),
        ),
        "name namePrefix path description",
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['role']}/{birth.inputs['policyArn']}",
            unique=("role", "policyArn"),
            refs=(ref("role", ROLE), ref("policyArn", *_POLICY_REF, external=f"{AWS_MANAGED}|{FOREIGN_POLICY}")),
        ),
        "role policyArn",
    ),
    OIDC_PROVIDER: kind(
        Kind(
            identify=_provider_arn,
            compute=lambda birth, id_: {"arn": id_, **defaults(birth, thumbprintLists=[birth.hex(40)])},
            unique=("url",),
            handles=("arn", "url"),
            rules=(_https,),
        ),
        "url",
    ),
}
