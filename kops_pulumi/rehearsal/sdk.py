"""What an installed Pulumi SDK says of a resource type: its inputs, their types, its outputs.

The SDK's generated sources are read, never imported: `import pulumi_aws.ec2` costs 1.5 s, cutting two classes out of
its text costs 3 to 30 ms, and only for types that are used (so nothing is cached on disk). Names come out as the
engine sends them (camelCase). This module must not judge values (that is `checks.py`) nor talk to the engine.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

TypeExpr: TypeAlias = str | list[Any]
"""`"str" | "int" | "float" | "bool" | "any"`, or one of `["list", T]`, `["map", T]`, `["object", name]`,
`["enum", value, …]`, `["union", T, …]`."""

_PARSING: Final = threading.Lock()
_ATTEMPTS: Final = 10
_SCALARS: Final = frozenset({"str", "int", "float", "bool"})
_FORCES_NEW: Final = re.compile(
    r"forces? (?:the )?(?:a )?(?:creation of |replacement|new resource|recreation|re-creation)|"
    r"chang(?:ing|es to) this.{0,40}(?:creat|new|replac)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Property:
    """One input of a resource or of a nested object."""

    type: TypeExpr
    required: bool = False


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """A resource type's inputs and outputs as its SDK declares them."""

    inputs: Mapping[str, Property]
    outputs: tuple[str, ...] = ()
    objects: Mapping[str, Mapping[str, Property]] = field(default_factory=dict)
    """Nested object types by the name used in `["object", name]`."""
    forces_new: frozenset[str] = frozenset()
    """Inputs whose documentation says that a change replaces the resource."""


class Sdk:
    """The installed SDK of one Pulumi package, e.g. `Sdk("aws")` for `pulumi_aws`."""

    def __init__(self, package: str) -> None:
        spec = importlib.util.find_spec(f"pulumi_{package}")
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"the Pulumi SDK pulumi_{package} is not installed")
        self.package = package
        self.root = Path(next(iter(spec.submodule_search_locations)))
        self.version: str = json.loads((self.root / "pulumi-plugin.json").read_text())["version"]
        self._known: dict[str, ResourceSchema | None] = {}

    def schema(self, token: str) -> ResourceSchema | None:
        """The schema of a type token (`aws:ec2/vpc:Vpc`); None when the SDK has no such resource."""
        with _PARSING:
            if token not in self._known:
                self._known[token] = self._read(token)
            return self._known[token]

    def _read(self, token: str) -> ResourceSchema | None:
        located = self._locate(token)
        if located is None:
            return None
        source, folder, name = located
        arguments = next((c for c in (f"{name}Args", f"{name}InitArgs") if f"\nclass {c}:" in source), None)
        if arguments is None:
            return None
        reader = _Reader(self.root, folder)
        tree = _class(source, arguments)
        state = _class(source, f"_{name}State")
        inputs = reader.properties(tree)
        outputs = set(reader.properties(state)) if state else _getters(_class(source, name, generic=True))
        reader.close_over(inputs)
        return ResourceSchema(
            inputs=inputs,
            outputs=tuple(sorted(outputs)),
            objects=reader.objects,
            forces_new=_documented_replacements(tree, set(inputs)),
        )

    def _locate(self, token: str) -> tuple[str, Path, str] | None:
        """Source text, folder and class name of a token."""
        folder_name = self._modules().get(token)
        if folder_name is None:
            return None
        folder, name = self.root.joinpath(*folder_name.split(".")[1:]), token.rpartition(":")[2]
        likely = [folder / f"{_snake(name)}.py", folder / f"{name}.py"]
        for path in [*(p for p in likely if p.is_file()), *sorted(folder.glob("[!_]*.py"))]:
            source = path.read_text(encoding="utf-8")
            if f"\nclass {name}(pulumi.CustomResource)" in source:
                return source, folder, name
        return None

    @functools.cache  # noqa: B019 - one Sdk per package lives as long as the process
    def _modules(self) -> dict[str, str]:
        """Python package (dotted) by type token, from the SDK's registration table."""
        text = (self.root / "__init__.py").read_text(encoding="utf-8")
        found = re.search(r'resource_modules="""(.*?)"""', text, re.DOTALL)
        entries = json.loads(found.group(1)) if found else []
        return {token: entry["fqn"] for entry in entries for token in entry["classes"]}


class _Reader:
    """Turns annotations of one SDK folder into `TypeExpr`s and collects the object types they name."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self.objects: dict[str, dict[str, Property]] = {}

    def properties(self, tree: ast.ClassDef | None, folder: Path | None = None) -> dict[str, Property]:
        if tree is None:
            return {}
        init = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
        names = _wire_names(tree)
        pairs = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
        return {
            names.get(arg.arg, arg.arg): Property(self._type(arg.annotation, folder or self._folder), default is None)
            for arg, default in pairs
            if arg.annotation is not None
        }

    def close_over(self, properties: Mapping[str, Property]) -> None:
        """Read every object type that these properties reach."""
        pending = [name for p in properties.values() for name in _object_names(p.type)]
        while pending:
            name = pending.pop()
            if name in self.objects:
                continue
            folder, _, cls = name.rpartition("/")
            path = self._root / folder
            self.objects[name] = self.properties(_class(_text(path, "_inputs.py"), cls), path)
            pending += [n for p in self.objects[name].values() for n in _object_names(p.type)]

    def _type(self, node: ast.expr, folder: Path) -> TypeExpr:  # noqa: PLR0911 - one line a form
        match node:
            case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Input"), slice=inner):
                return self._type(inner, folder)
            case ast.Subscript(value=ast.Name(id="Sequence"), slice=inner):
                return ["list", self._type(inner, folder)]
            case ast.Subscript(value=ast.Name(id="Mapping"), slice=ast.Tuple(elts=[_, inner])):
                return ["map", self._type(inner, folder)]
            case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=members)):
                return ["union", *(self._type(member, folder) for member in members)]
            case ast.Subscript(value=ast.Name(id="Literal")):
                return "any"
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in _SCALARS:
                return name
            case ast.Constant(value=str(name)):
                return self._named(name, folder)
            case _:
                return "any"

    def _named(self, name: str, folder: Path) -> TypeExpr:
        """A quoted class name: an object type, or an enum (whose values travel as plain scalars)."""
        prefix, _, cls = name.rpartition(".")
        home = self._root.joinpath(*prefix.lstrip("_").split(".")) if prefix else folder
        if cls.endswith("Args") and f"\nclass {cls}:" in _text(home, "_inputs.py"):
            return ["object", f"{home.relative_to(self._root)}/{cls}"]
        values = _enum_values(_class(_text(home, "_enums.py"), cls, generic=True))
        return ["enum", *values] if values else "any"


def _object_names(expr: TypeExpr) -> list[str]:
    match expr:
        case ["object", name]:
            return [str(name)]
        case ["list" | "map" | "union", *parts]:
            return [name for part in parts for name in _object_names(part)]
        case _:
            return []


@functools.lru_cache(maxsize=16)
def _text(folder: Path, file: str) -> str:
    path = folder / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _class(source: str, name: str, *, generic: bool = False) -> ast.ClassDef | None:
    """One class cut out of a module's text and parsed alone."""
    start = source.find(f"\nclass {name}" + ("(" if generic else ":"))
    if start < 0:
        return None
    end = re.compile(r"\n(?=[@\w#])").search(source, start + 1)
    body = _parsed(source[start : end.start() if end else None]).body[0]
    return body if isinstance(body, ast.ClassDef) else None


def _parsed(text: str) -> ast.Module:
    """`ast.parse`, again when it trips: CPython 3.11 counts the parser's recursion for all threads together.

    Another thread that parses, or a finalizer whose traceback is formatted meanwhile, makes it raise SystemError
    (https://github.com/python/cpython/issues/106905).
    """
    for _attempt in range(_ATTEMPTS - 1):
        with contextlib.suppress(SystemError):
            return ast.parse(text)
    return ast.parse(text)


def _enum_values(tree: ast.ClassDef | None) -> list[str | int | float]:
    """The values of an enum class."""
    return [
        statement.value.value
        for statement in (tree.body if tree else [])
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str | int | float)
    ]


def _wire_names(tree: ast.ClassDef) -> dict[str, str]:
    """Wire name by Python name, from `@pulumi.getter(name=…)`."""
    return {
        method.name: str(keyword.value.value)
        for method in tree.body
        if isinstance(method, ast.FunctionDef)
        for decorator in method.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    }


def _getters(tree: ast.ClassDef | None) -> set[str]:
    if tree is None:
        return set()
    names = _wire_names(tree)
    return {
        names.get(m.name, m.name)
        for m in tree.body
        if isinstance(m, ast.FunctionDef) and any("property" in ast.unparse(d) for d in m.decorator_list)
    }


def _documented_replacements(tree: ast.ClassDef | None, inputs: set[str]) -> frozenset[str]:
    """Inputs whose `:param` text says that changing them makes a new resource."""
    if tree is None:
        return frozenset()
    init = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    names = _wire_names(tree)
    texts = re.split(r"\n\s*:param ", ast.get_docstring(init) or "")
    found = {text.partition(":")[0].split()[-1] for text in texts[1:] if _FORCES_NEW.search(text)}
    return frozenset(names.get(name, name) for name in found) & inputs


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
