"""Texts with placeholders in them → Terraform templates, in the document itself or as files under `data/`.

A placeholder may have gone through whatever the program does to texts: it stands in JSON (PEM's line ends escaped), in
indented YAML, in base64, in gzip; an address block may have become one of its subnets. Each of these has a Terraform
function that does the same when Terraform knows the value. This module must not know what a text is for.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Network
from typing import Final, TypeAlias

from kops_pulumi.terraform.references import TOKEN, Known, Place, Source

LONG: Final = 200
"""Texts longer than this, or of several lines, become files."""
DATA: Final = "data"
"""Directory of files beside the configuration."""

_PEM: Final = re.compile(
    r"-----BEGIN (?P<label>[A-Z ]+)-----(?P<sep>\\n|\n *)"
    r"(?P<body>[A-Za-z0-9+/=]+(?:(?P=sep)[A-Za-z0-9+/=]+)*)"
    r"(?P=sep)-----END (?P=label)-----"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{40,}")
_BLOCK: Final = re.compile(r"\bfd[0-9a-f:]+/\d{2,3}")
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Expression:
    """A Terraform expression, without `${}`."""

    text: str


Parts: TypeAlias = "list[str | Expression]"
Address: TypeAlias = Callable[[Source], str]
"""Where a source is in the configuration: `aws_vpc.prod-example-com`."""


@dataclass
class Texts:
    """Turns texts of one recording into templates; collects the files that they need."""

    known: Known
    address: Address
    files: dict[str, bytes] = field(default_factory=dict)
    """By path below the output directory."""
    used: set[Source] = field(default_factory=set)

    def value(self, text: str, name: str) -> str:
        """What to write for an attribute's text; `name` is for the file, when it becomes one."""
        packed = self._packed(text, name)
        if packed:
            return packed
        parts = self.parts(text)
        if len(text) > LONG or "\n" in text:
            return (
                "${" + self._file(parts, name) + "}" if any(isinstance(part, str) for part in parts) else inline(parts)
            )
        return inline(parts)

    def parts(self, text: str) -> Parts:
        """The text as literals and expressions, one after the other."""
        found: Parts = []
        position = 0
        for match in re.finditer(f"{_PEM.pattern}|(?P<token>{TOKEN.pattern})", text):
            # PEM ends with a line's end, which belongs to it; in an indented text it belongs to the text around.
            ended = match["sep"] in ("\\n", "\n") and text.startswith(match["sep"], match.end())
            expression = self._token(match["token"]) if match["token"] else self._pem(match, ended=ended)
            if expression is None:
                continue
            found += [*self._derived(text[position : match.start()]), expression]
            position = match.end() + (len(match["sep"]) if ended else 0)
        return [part for part in [*found, *self._derived(text[position:])] if part != ""]

    def _token(self, token: str) -> Expression | None:
        place = self.known.tokens.get(token)
        return Expression(self._at(place)) if place else None

    def _pem(self, match: re.Match[str], *, ended: bool) -> Expression | None:
        separator = match["sep"]
        place = self.known.tokens.get(match["body"].replace(separator, ""))
        if place is None:
            return None
        whole = self._at(place) if ended else f"chomp({self._at(place)})"
        if separator == "\\n":
            return Expression(f'replace({whole}, "\\n", "\\\\n")')
        indent = len(separator) - 1
        return Expression(f"indent({indent}, {whole})" if indent else whole)

    def _derived(self, literal: str) -> Parts:
        """What a program made of placeholders that no longer shows them."""
        for pattern, read in ((_WORD, self._word), (_BASE64, self._base64), (_BLOCK, self._subnet)):
            for match in pattern.finditer(literal):
                expression = read(match[0])
                if expression:
                    before, after = literal[: match.start()], literal[match.end() :]
                    return [*self._derived(before), expression, *self._derived(after)]
        return [literal]

    def _word(self, word: str) -> Expression | None:
        place = self.known.words.get(word)
        return Expression(self._at(place)) if place else None

    def _base64(self, word: str) -> Expression | None:
        data = _decoded(word)
        text = _text(data) if data else None
        if text is None:
            return None
        parts = self.parts(text)
        if not any(isinstance(part, Expression) for part in parts):
            return None
        return Expression(f"base64encode({nested(parts)})")

    def _subnet(self, word: str) -> Expression | None:
        try:
            network = IPv6Network(word)
        except ValueError:
            return None
        for block, place in self.known.blocks.items():
            if network == block:
                return Expression(self._at(place))
            if network.subnet_of(block):
                bits = network.prefixlen - block.prefixlen
                number = int(network.network_address) - int(block.network_address) >> 128 - network.prefixlen
                return Expression(f"cidrsubnet({self._at(place)}, {bits}, {number})")
        return None

    def _at(self, place: Place) -> str:
        if "{}" not in place.form:
            return place.form
        self.used.add(place.source)
        return place.form.replace("{}", self.address(place.source))

    def _packed(self, text: str, name: str) -> str | None:
        """For base64 of something long: the thing itself as a file, and the function that packs it."""
        data = _decoded(text) if len(text) > LONG else None
        if not data:
            return None
        zipped = data.startswith(_GZIP)
        plain = _text(gzip.decompress(data) if zipped else data)
        if plain is None:
            return "${filebase64(" + self._keep(name, data) + ")}"
        parts = self.parts(plain)
        if not zipped and not any(isinstance(part, Expression) for part in parts):
            return "${filebase64(" + self._keep(name, data) + ")}"
        return "${" + f"{'base64gzip' if zipped else 'base64encode'}({self._file(parts, name)})" + "}"

    def _file(self, parts: Parts, name: str) -> str:
        """The expression that reads the parts from a file: as it is, or as a template."""
        expressions = sorted({part.text for part in parts if isinstance(part, Expression)})
        if not expressions:
            return f"file({self._keep(name, ''.join(map(str, parts)).encode())})"
        names = _variables(expressions)
        text = "".join(escape(part) if isinstance(part, str) else "${" + names[part.text] + "}" for part in parts)
        variables = ", ".join(f"{names[expression]} = {expression}" for expression in expressions)
        return f"templatefile({self._keep(f'{name}.tftpl', text.encode())}, {{ {variables} }})"

    def _keep(self, name: str, content: bytes) -> str:
        self.files[f"{DATA}/{name}"] = content
        return f'"${{path.module}}/{DATA}/{name}"'


def inline(parts: Iterable[str | Expression]) -> str:
    """The parts as a string of a JSON document, which Terraform reads as a template."""
    return "".join(escape(part) if isinstance(part, str) else "${" + part.text + "}" for part in parts)


def nested(parts: Parts) -> str:
    """The parts as an expression inside another."""
    match parts:
        case [Expression(text)]:
            return text
    return '"' + "".join(_quoted(part) if isinstance(part, str) else "${" + part.text + "}" for part in parts) + '"'


def escape(literal: str) -> str:
    """A literal inside a template.

    >>> escape("${HOME} is 100%{}")
    '$${HOME} is 100%%{}'
    """
    return literal.replace("${", "$${").replace("%{", "%%{")


def _quoted(literal: str) -> str:
    return escape(json.dumps(literal)[1:-1])


def _variables(expressions: Iterable[str]) -> Mapping[str, str]:
    """A name for each expression of a template file, after what it refers to."""
    names: dict[str, str] = {}
    for expression in expressions:
        base = re.sub(r"\W+", "_", expression).strip("_").lower()
        name, number = base, 2
        while name in names.values():
            name, number = f"{base}_{number}", number + 1
        names[expression] = name
    return names


def _decoded(text: str) -> bytes | None:
    if len(text) % 4 or not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if "\0" not in text else None
