"""One recorded resource → the body of one Terraform resource.

Types and names are `spelling`'s business, texts are `texts`'s; here properties are walked along the SDK's own types, so
that the keys of a map (labels, tags) stay as they are while the names of an object's fields are spelled anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kops_pulumi.rehearsal.sdk import Property, ResourceSchema, Sdk, TypeExpr
from kops_pulumi.terraform.references import Secret, Source
from kops_pulumi.terraform.spelling import property_of
from kops_pulumi.terraform.texts import Texts
from kops_pulumi.testing import Registered

Body = dict[str, Any]

_NEW_FIRST: Final = frozenset({"aws_launch_template", "aws_s3_object", "google_compute_instance_template"})
"""What is replaced while others use it, under another name: the new one is made before the old one goes."""

_LISTED_AS_TAGS: Final = frozenset({"aws_autoscaling_group"})
"""Where `tags` is a list of blocks called `tag`."""


@dataclass
class Writer:
    """Writes resources of one recording."""

    texts: Texts
    variables: dict[str, Body] = field(default_factory=dict)
    """Secrets that the manifest itself brings, by name: their values are no business of a file."""
    _sdks: dict[str, Sdk] = field(default_factory=dict)

    def body(self, resource: Registered, type_: str, label: str) -> Body:
        """The attributes and blocks of a bridged resource, sorted."""
        schema = self._schema(resource.type)
        walk = _Walk(self, type_, f"{type_}_{label}", schema.objects)
        return walk.object(resource.inputs, schema.inputs, ())

    def arguments(self, args: Mapping[str, Any], type_: str, label: str) -> Body:
        """The arguments of a look-up; nothing declares their types."""
        return _Walk(self, type_, f"data_{type_}_{label}", {}).object(args, {}, ())

    def plain(self, value: Any, name: str) -> Any:
        """Any value with its keys as they are."""
        return _Walk(self, "", name, {}).value(value, "any", ())

    def lifecycle(self, resource: Registered, type_: str) -> Body:
        """What Pulumi's options say: protected, not compared, replaced in which order."""
        found: Body = {}
        if type_ in _NEW_FIRST and not resource.delete_before_replace:
            found["create_before_destroy"] = True
        if resource.protect:
            found["prevent_destroy"] = True
        if resource.ignore_changes:
            schema = self._schema(resource.type) if not resource.type.startswith("kubernetes:") else ResourceSchema({})
            found["ignore_changes"] = [_path(path, type_, schema) for path in sorted(resource.ignore_changes)]
        return {"lifecycle": found} if found else {}

    def hide(self, name: str) -> str:
        """A variable that stands for a secret text."""
        variable = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_").lower()
        self.variables[variable] = {"description": f"Secret: {name}", "sensitive": True, "type": "string"}
        return f"${{var.{variable}}}"

    def _schema(self, token: str) -> ResourceSchema:
        package = token.partition(":")[0]
        if package not in self._sdks:
            self._sdks[package] = Sdk(package)
        return self._sdks[package].schema(token) or ResourceSchema({})


@dataclass(frozen=True)
class _Walk:
    """One resource's way through its types."""

    writer: Writer
    type_: str
    name: str
    objects: Mapping[str, Mapping[str, Property]]

    def object(self, data: Mapping[str, Any], properties: Mapping[str, Property], path: tuple[str, ...]) -> Body:
        found: Body = {}
        for key, value in data.items():
            if value is None:
                continue
            expr = properties[key].type if key in properties else "any"
            spelled = self._spelled(key, value, expr)
            found[spelled] = self.value(value, expr, (*path, spelled))
        return dict(sorted(found.items()))

    def value(self, value: Any, expr: TypeExpr, path: tuple[str, ...]) -> Any:  # noqa: PLR0911 - one line a form
        match value, expr:
            case Secret(hidden), _:
                return self._hidden(hidden, expr, path)
            case str(), _:
                return self.writer.texts.value(value, "_".join((self.name, *path)))
            case list(), ["list", element]:
                return [self.value(item, element, (*path, str(number))) for number, item in enumerate(value)]
            case list(), _:
                return [self.value(item, "any", (*path, str(number))) for number, item in enumerate(value)]
            case dict(), ["object", str(name)]:
                return self.object(value, self.objects.get(name, {}), path)
            case dict(), ["map", element]:
                return {key: self.value(item, element, (*path, key)) for key, item in sorted(value.items())}
            case dict(), _:
                spell = (lambda key: property_of(self.type_, key, blocks=False)) if self.type_ else str
                return {spell(key): self.value(item, "any", (*path, key)) for key, item in sorted(value.items())}
        return value

    def _hidden(self, value: Any, expr: TypeExpr, path: tuple[str, ...]) -> Any:
        """References may be written, for they tell nothing; a secret's own text becomes a variable."""
        match value:
            case str() if not any(not isinstance(part, str) for part in self.writer.texts.parts(value)):
                return self.writer.hide("_".join((self.name, *path)))
            case dict():
                return {key: self._hidden(item, "any", (*path, key)) for key, item in sorted(value.items())}
            case list():
                return [self._hidden(item, "any", (*path, str(number))) for number, item in enumerate(value)]
        return self.value(value, expr, path)

    def _spelled(self, key: str, value: Any, expr: TypeExpr) -> str:
        if not self.type_:
            return key
        listed = isinstance(expr, list) and expr[0] == "list" and isinstance(expr[1], list) and expr[1][0] == "object"
        untyped = expr == "any" and isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        if key == "tags" and self.type_ in _LISTED_AS_TAGS:
            return "tag"
        return property_of(self.type_, key, blocks=listed or untyped)


def _path(path: str, type_: str, schema: ResourceSchema) -> str:
    """A property path of Pulumi (`tags.Name`, `disks[0].size`) as Terraform's."""
    head, *rest = re.split(r"\.(?![^\[]*\])", path)
    name, bracket, index = head.partition("[")
    expr = schema.inputs[name].type if name in schema.inputs else "any"
    blocks = isinstance(expr, list) and expr[0] == "list" and isinstance(expr[1], list)
    as_map = isinstance(expr, list) and expr[0] == "map"
    tail = [f'["{part}"]' if as_map else f".{property_of(type_, part, blocks=False)}" for part in rest]
    return property_of(type_, name, blocks=blocks) + bracket + index + "".join(tail)


def source_of(resource: Registered) -> Source:
    """The recorded resource as the source of placeholders."""
    return Source(resource.type, resource.name)
