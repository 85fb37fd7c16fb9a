"""The base of every model of the typed API, and the two ways to declare a field.

Python names are snake_case; the YAML key is their camelCase unless the declaration gives it (`key=`), which kops's
acronyms need (`networkCIDR`, `kubeAPIServer`). Optional fields default to None, which means "the user did not say":
defaults belong to `resolve`. Models hold values only; this package knows nothing of clouds, files or positions.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def camel(name: str) -> str:
    """The YAML key of a Python name: `etcd_members` → `etcdMembers`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


class SpecModel(BaseModel):
    """A mapping of the manifest: unknown keys are refused, keys and Python names both populate it."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, alias_generator=camel, defer_build=True, protected_namespaces=()
    )


def plain(value: Any) -> Any:
    """A model, or anything it holds, as plain data under YAML keys; what the user did not give is left out.

    The same as `model_dump(by_alias=True, exclude_none=True)`, which would first build a serializer for every class.
    """
    if isinstance(value, BaseModel):
        fields = type(value).__pydantic_fields__
        given = ((info.alias or name, value.__dict__.get(name)) for name, info in fields.items())
        return {key: plain(held) for key, held in given if held is not None}
    if isinstance(value, dict):
        return {key: plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [plain(held) for held in value]
    return value


def opt(description: str, *, key: str | None = None, dead: str | None = None, **bounds: Any) -> Any:
    """An optional field; `dead` marks a deprecated spelling and tells what takes its place."""
    return Field(default=None, description=description, alias=key, json_schema_extra=_marks(dead), **bounds)


def req(description: str, *, key: str | None = None, **bounds: Any) -> Any:
    """A field that the manifest must give."""
    return Field(description=description, alias=key, **bounds)


def _marks(dead: str | None) -> dict[str, Any] | None:
    return {"deprecated": True, "x-kops-replacement": dead} if dead is not None else None
