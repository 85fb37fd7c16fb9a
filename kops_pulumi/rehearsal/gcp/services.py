"""Accounts and their roles, Cloud Storage, Cloud DNS.

Facts: https://registry.terraform.io/providers/hashicorp/google/latest/docs, resource by resource; conditions:
https://cloud.google.com/iam/docs/conditions-overview#limitations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from kops_pulumi.rehearsal.gcp.facts import (
    ACCOUNT,
    BUCKET,
    CUSTOM_ROLE,
    NETWORK,
    OBJECT,
    PROJECT_MEMBER,
    RECORD_SET,
    ZONE,
    ZONE_MEMBER,
    project_of,
    ref,
)
from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values

_MOST_OPERATORS: Final = 12
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_ROLE_ID: Final = re.compile(r"[a-zA-Z0-9_.]{3,64}")
_ACCOUNT_ID: Final = re.compile(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])")
_OBJECT_REPLACES: Final = frozenset(
    {
        *("bucket", "cacheControl", "content", "contentDisposition", "contentEncoding", "contentLanguage"),
        *("contentType", "detectMd5hash", "kmsKeyName", "metadata", "name", "source", "storageClass"),
    }
)
_MEMBER_REFS: Final = (
    ref("role", CUSTOM_ROLE, on_delete=OnDelete.IGNORE, external="roles/.+"),
    ref("member", ACCOUNT, on_delete=OnDelete.IGNORE, external="(user|group|domain):.+"),
)


def _email(birth: Birth) -> str:
    return f"{birth.inputs['accountId']}@{project_of(birth)}.iam.gserviceaccount.com"


def _account(birth: Birth, id_: str) -> Values:
    email = _email(birth)
    return {"email": email, "member": f"serviceAccount:{email}", "name": id_, "uniqueId": birth.number(21)}


def _account_id(inputs: Values) -> list[Failure]:
    return _fits("accountId", inputs, _ACCOUNT_ID, "6 to 30 lower-case letters, digits and dashes")


def _role_id(inputs: Values) -> list[Failure]:
    return _fits("roleId", inputs, _ROLE_ID, "3 to 64 letters, digits, dots and underscores")


def _bucket_name(inputs: Values) -> list[Failure]:
    return _fits("name", inputs, _BUCKET_NAME, "3 to 63 lower-case letters, digits, dashes, dots and underscores")


def _fits(key: str, inputs: Values, pattern: re.Pattern[str], rule: str) -> list[Failure]:
    value = inputs.get(key)
    wrong = isinstance(value, str) and not pattern.fullmatch(value)
    return [(key, f"{value!r} is not allowed: {rule}")] if wrong else []


def _condition(inputs: Values) -> Iterator[Failure]:
    text = (inputs.get("condition") or {}).get("expression")
    if isinstance(text, str) and len(re.findall(r"&&|\|\||!(?!=)", text)) > _MOST_OPERATORS:
        yield "condition.expression", f"has more than {_MOST_OPERATORS} logical operators"
    if isinstance(text, str) and text.count("(") != text.count(")"):
        yield "condition.expression", "its parentheses do not match"


def _member_id(birth: Birth) -> str:
    where = birth.inputs.get("managedZone") or birth.inputs.get("project")
    title = (birth.inputs.get("condition") or {}).get("title")
    return "/".join(str(part) for part in (where, birth.inputs["role"], birth.inputs["member"], title) if part)


def _absolute(inputs: Values) -> list[Failure]:
    key = "dnsName" if "dnsName" in inputs else "name"
    value = inputs.get(key)
    return [(key, f"{value!r} does not end with a dot")] if isinstance(value, str) and not value.endswith(".") else []


SERVICES: Final[Mapping[str, Kind]] = {
    ACCOUNT: Kind(
        replaces=frozenset({"accountId", "project"}),
        unique=("project", "accountId"),
        identify=lambda birth: f"projects/{project_of(birth)}/serviceAccounts/{_email(birth)}",
        compute=_account,
        handles=("email", "member", "name"),
        rules=(_account_id,),
        required=("accountId",),
    ),
    CUSTOM_ROLE: Kind(
        replaces=frozenset({"roleId", "project"}),
        unique=("project", "roleId"),
        identify=lambda birth: f"projects/{project_of(birth)}/roles/{birth.inputs['roleId']}",
        compute=lambda _, id_: {"name": id_, "stage": "GA", "deleted": False},
        handles=("name",),
        rules=(_role_id,),
        required=("roleId",),
    ),
    PROJECT_MEMBER: Kind(
        replaces=frozenset({"condition", "member", "project", "role"}),
        unique=("project", "role", "member", "condition.title"),
        identify=_member_id,
        compute=lambda birth, _: {"etag": birth.hex(12)},
        refs=_MEMBER_REFS,
        handles=(),
        rules=(_condition,),
    ),
    ZONE_MEMBER: Kind(
        replaces=frozenset({"condition", "managedZone", "member", "project", "role"}),
        unique=("project", "managedZone", "role", "member"),
        identify=_member_id,
        compute=lambda birth, _: {"etag": birth.hex(12)},
        refs=(ref("managedZone", ZONE, on_delete=OnDelete.CASCADE), *_MEMBER_REFS),
        handles=(),
    ),
    ZONE: Kind(
        replaces=frozenset({"dnsName", "name", "project", "visibility"}),
        unique=("project", "name"),
        identify=lambda birth: f"projects/{project_of(birth)}/managedZones/{birth.inputs['name']}",
        compute=lambda birth, _: {
            "managedZoneId": int(birth.number(15)),
            "nameServers": [f"ns-cloud-a{number}.googledomains.com." for number in range(1, 5)],
            "visibility": birth.inputs.get("visibility", "public"),
        },
        refs=(ref("privateVisibilityConfig.networks[].networkUrl", NETWORK),),
        handles=("name",),
        autoname="name",
        rules=(_absolute,),
    ),
    RECORD_SET: Kind(
        replaces=frozenset({"managedZone", "name", "project", "type"}),
        unique=("managedZone", "name", "type"),
        identify=lambda birth: "/".join(
            (
                "projects",
                project_of(birth),
                "managedZones",
                *(str(birth.inputs[k]) for k in ("managedZone", "name", "type")),
            )
        ),
        refs=(ref("managedZone", ZONE),),
        handles=(),
        rules=(_absolute,),
    ),
    BUCKET: Kind(
        replaces=frozenset({"location", "name", "project"}),
        unique=("name",),
        identify=lambda birth: str(birth.inputs["name"]),
        compute=lambda birth, id_: {
            "url": f"gs://{id_}",
            "selfLink": f"https://www.googleapis.com/storage/v1/b/{id_}",
            "storageClass": birth.inputs.get("storageClass", "STANDARD"),
        },
        handles=("name", "url"),
        autoname="name",
        rules=(_bucket_name,),
    ),
    OBJECT: Kind(
        replaces=frozenset(
            [
                "bucket",
                "cacheControl",
                "content",
                "contentDisposition",
                "contentEncoding",
                "contentLanguage",
                "contentType",
                "detectMd5hash",
                "kmsKeyName",
                "metadata",
                "name",
                "source",
                "storageClass",
            ]
        ),
        unique=("bucket", "name"),
        identify=lambda birth: f"{birth.inputs['bucket']}-{birth.inputs['name']}",
        compute=lambda birth, _: {"outputName": birth.inputs["name"], "generation": int(birth.number(9))},
        refs=(ref("bucket", BUCKET),),
        handles=(),
        required=("name",),
    ),
}
