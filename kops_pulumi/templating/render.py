"""Rendering: one strict, sandboxed environment; whatever goes wrong in a template is told with its file and line."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kops_pulumi.errors import Finding, KopsError, Location, ManifestError
from kops_pulumi.templating.functions import FILTERS, FUNCTIONS

LONGEST = 4 * 1024 * 1024
"""Characters that one template may become, or one text within it: no template of a cluster comes near."""
_MISTAKES = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_EXHAUSTED = (RecursionError, MemoryError)


class Renderer:
    """Templates with snippets; the same values for all."""

    def __init__(
        self, values: Mapping[str, Any], snippets: Mapping[str, tuple[Path, str]], *, fail_on_missing: bool = True
    ) -> None:
        """`snippets` by the name that templates include them by, each with its file and text."""
        self._values = {**values, "values": dict(values)}
        self._sources = dict(snippets)
        undefined = jinja2.StrictUndefined if fail_on_missing else _Blank
        self._environment = _Sandbox(
            undefined=undefined, loader=jinja2.FunctionLoader(self._load), keep_trailing_newline=True, auto_reload=False
        )
        self._environment.filters |= dict(FILTERS)
        self._environment.globals |= {**FUNCTIONS, "include": self._include}

    def render(self, path: Path, text: str) -> str:
        """One template; ManifestError with the place of what is wrong."""
        name = str(path)
        self._sources[name] = (path, text)
        return self._told(lambda: self._bounded(name, self._values), name)

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        found = self._sources.get(name)
        return (found[1], str(found[0]), lambda: True) if found else None

    def _include(self, name: str, context: Mapping[str, Any] | None = None) -> str:
        """A snippet with values of its own, or with the template's."""
        if name not in self._sources:
            known = ", ".join(sorted(self._sources)) or "none"
            raise jinja2.TemplateRuntimeError(f"there is no snippet {name!r}; there are: {known}")
        return self._bounded(name, self._values if context is None else {**context, "values": dict(context)})

    def _bounded(self, name: str, values: Mapping[str, Any]) -> str:
        size, parts = 0, list[str]()
        for part in self._environment.get_template(name).generate(**values):
            size += len(part)
            if size > LONGEST:
                raise jinja2.TemplateRuntimeError(f"this becomes longer than {LONGEST} characters")
            parts.append(part)
        return "".join(parts)

    def _told(self, render: Callable[[], str], name: str) -> str:
        try:
            return render()
        except KopsError as error:
            raise self._finding(error, error.message, name) from None
        except _MISTAKES as error:
            raise self._finding(error, str(error) or type(error).__name__, name) from None
        except _EXHAUSTED as error:
            raise self._finding(error, "this never ends, or becomes too large", name) from None

    def _finding(self, error: BaseException, message: str, name: str) -> ManifestError:
        files = {str(path) for path, _ in self._sources.values()}
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
        file, line = (frames[-1].filename, frames[-1].lineno or 1) if frames else (name, 1)
        if isinstance(error, jinja2.TemplateSyntaxError):
            file, line = error.filename or name, error.lineno
        hint = (
            "a value that may be absent: {{ x | default('y') }}" if isinstance(error, jinja2.UndefinedError) else None
        )
        return ManifestError([Finding((), message.splitlines()[0], hint, location=Location(file, line, 1))])


class _Blank(jinja2.ChainableUndefined):
    """What kops prints for a missing key when that is allowed."""

    def __str__(self) -> str:
        return "<no value>"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which also refuses to make texts, lists and numbers of any size."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """The operation, when its result has a sensible size."""
        if operator == "**" and (not _small(left) or not _small(right)):
            raise SecurityError("this number is too large")
        if operator == "*" and _size(left) * _size(right) > LONGEST:
            raise SecurityError("this text or list is too long")
        if operator == "+" and _size(left) + _size(right) > LONGEST:
            raise SecurityError("this text or list is too long")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("format texts with the filter format")
        return super().call_binop(context, operator, left, right)


def _small(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= 1024


def _size(value: Any) -> int:
    """How long a text or list is; a number counts for itself when it repeats one."""
    if isinstance(value, str | list | tuple):
        return len(value)
    return min(abs(value), LONGEST + 1) if isinstance(value, int) else 1
