"""What the recorded program is told in place of values that only Terraform will know.

`References` answers like a cloud, but each id and computed output is a *placeholder*: a text with the form of the real
value (a token, PEM, an address block), so that a program can put it into documents, slice it or encode it. Afterwards
`expression` gives for each placeholder what to write instead. This module knows nothing of files.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from ipaddress import IPv6Network
from typing import Any, Final

from kops_pulumi.terraform import spelling
from kops_pulumi.terraform.lookups import SHAPES, Wanted
from kops_pulumi.testing import Answers, fingerprint
from kops_pulumi.testing.keys import public_key

TOKEN: Final = re.compile(r"tfref[0-9a-f]{16}x")
"""Letters and digits only: no shell, YAML or JSON writer would quote or escape it."""

_KEY_START, _KEY_LENGTH = 44, 342
"""Where the modulus of an RSA key of 2048 bits lies in the base64 of its SubjectPublicKeyInfo: bytes 33 to 289, and 33
is a multiple of three (https://datatracker.ietf.org/doc/html/rfc5280#section-4.1, DER of rfc3279 section 2.3.1)."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the program marked secret."""

    value: Any


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a resource or a look-up, by token and name."""

    token: str
    name: str
    data: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A placeholder's meaning: an expression with `{}` for the address of its source."""

    source: Source
    form: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """One look-up that the program made."""

    source: Source
    args: Mapping[str, Any]


@dataclass
class Known:
    """All placeholders of a recording, by what they look like."""

    tokens: dict[str, Place] = field(default_factory=dict)
    """By token; of PEM by the token in its body, or by its body."""
    words: dict[str, Place] = field(default_factory=dict)
    """What programs compute from public keys."""
    blocks: dict[IPv6Network, Place] = field(default_factory=dict)
    look_ups: dict[str, LookUp] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """Variables for the secrets that the manifest declares: description by name."""


class References(Answers):
    """Answers with placeholders."""

    def __init__(self, wanted: Wanted | None = None) -> None:
        self.known = Known()
        self._wanted = wanted or Wanted()

    def resource(self, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """A placeholder for the id and for each output that is no input."""
        source = Source(type_, name)
        outputs = {key: kind for key, kind in _outputs(type_) if key not in inputs and key not in ("id", "urn")}
        return self._token(source, "{}.id"), {key: self._value(source, key, kind) for key, kind in outputs.items()}

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Placeholders for what a look-up finds."""
        source = Source(token, _named(token, args), data=True)
        self.known.look_ups.setdefault(source.token + source.name, LookUp(source, dict(args)))
        found = {key: self._value(source, key, kind) for key, kind in _outputs(token) if kind != "int"}
        if shape := SHAPES.get(token):
            found |= shape(lambda form: self._token(source, form), self._wanted)
        if token == "aws:ec2/getVpc:getVpc":  # noqa: S105 - a type's name
            block = self._block(source, "ipv6CidrBlock")
            found["ipv6CidrBlockAssociations"] = [{"ipv6CidrBlock": block}]
        return found

    def variable(self, name: str) -> str:
        """A placeholder for a secret that the manifest declares and that is kept elsewhere."""
        variable = re.sub(r"\W+", "_", name).strip("_").lower()
        token = f"tfref{fingerprint('variable', name)[:16]}x"
        self.known.variables[variable] = f"The manifest's secret {name}"
        self.known.tokens[token] = Place(Source("variable", name), f"var.{variable}")
        return token

    def secret(self, value: object) -> Any:
        """Kept as what it is, with its mark."""
        return Secret(value)

    def _value(self, source: Source, key: str, kind: str) -> Any:
        attribute = "{}." + spelling.snake(key)
        if kind == "list":
            return [self._token(source, f"tolist({attribute})[0]")]
        if key == "publicKeyPem":
            return self._public_key(source, attribute)
        if key.endswith("Pem"):
            token = self._token(source, attribute)
            return f"-----BEGIN PLACEHOLDER-----\n{token}\n-----END PLACEHOLDER-----\n"
        if key == "ipv6CidrBlock":
            return self._block(source, key)
        return self._token(source, attribute)

    def _token(self, source: Source, form: str) -> str:
        token = f"tfref{fingerprint(source.token, source.name, form)[:16]}x"
        self.known.tokens[token] = Place(source, form)
        return token

    def _block(self, source: Source, key: str) -> str:
        digits = fingerprint(source.token, source.name, key)
        block = IPv6Network(f"fd{digits[:2]}:{digits[2:6]}:{digits[6:10]}:{digits[10:12]}00::/56")
        self.known.blocks[block] = Place(source, "{}." + spelling.snake(key))
        return str(block)

    def _public_key(self, source: Source, attribute: str) -> str:
        """A real key, and what its JSON Web Key has: programs take public keys apart."""
        pem = public_key(fingerprint(source.token, source.name))
        body = "".join(pem.split("\n")[1:-2])
        self.known.tokens[body] = Place(source, attribute)
        bare = attribute
        for gone in ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----", "\\n"):
            bare = f'replace({bare}, "{gone}", "")'
        modulus = f"substr({bare}, {_KEY_START}, {_KEY_LENGTH})"
        urlsafe = f'replace(replace({modulus}, "+", "-"), "/", "_")'
        self.known.words[_urlsafe(body)[_KEY_START : _KEY_START + _KEY_LENGTH]] = Place(source, urlsafe)
        digest = hashlib.sha256(base64.b64decode(body)).digest()
        kid = Place(Source(KEY_ID, source.name, data=True), "{}.result.kid")
        self.known.words[_urlsafe(base64.b64encode(digest).decode())] = kid
        self.known.look_ups[KEY_ID + source.name] = LookUp(
            kid.source, {"program": list(_KEY_ID_PROGRAM), "query": {"pem": pem}}
        )
        return pem


KEY_ID: Final = "external:index/external:External"
"""Terraform has no function for the digest of a key's binary form, which is the key's id in a JSON Web Key Set."""
_KEY_ID_PROGRAM: Final = (
    "python3",
    "-c",
    (
        "import base64, hashlib, json, sys; "
        "body = ''.join(json.load(sys.stdin)['pem'].strip().splitlines()[1:-1]); "
        "digest = hashlib.sha256(base64.b64decode(body)).digest(); "
        "print(json.dumps({'kid': base64.urlsafe_b64encode(digest).decode().rstrip('=')}))"
    ),
)


def _urlsafe(text: str) -> str:
    return text.replace("+", "-").replace("/", "_").rstrip("=")


def _named(token: str, args: Mapping[str, Any]) -> str:
    """A name for a look-up: the plain texts among its arguments, or a fingerprint."""
    texts = [value for _, value in sorted(args.items()) if isinstance(value, str) and not TOKEN.search(value)]
    whole = all(isinstance(value, str | bool) for value in args.values()) and len(texts) > 0
    return "-".join(texts).strip("/") if whole else fingerprint(token, repr(sorted(args.items())))[:8]


def _outputs(token: str) -> Iterator[tuple[str, str]]:
    """Outputs of a resource or results of a look-up, as the SDK declares them: name, and `text`, `int` or `list`.

    Other kinds (objects, maps, flags) have no placeholders: a program that reads one gets None.
    """
    package, _, rest = token.partition(":")
    module, _, name = rest.partition(":")
    module = module.partition("/")[0]
    if package in {"kubernetes", "pulumi"}:
        return
    home = import_module(f"pulumi_{package}" + ("" if module == "index" else f".{module}"))
    class_ = getattr(home, f"{name[0].upper()}{name[1:]}Result" if name.startswith("get") else name, None)
    for attribute in vars(class_ or object).values():
        getter = attribute.fget if isinstance(attribute, property) else None
        wire = getattr(getter, "_pulumi_name", None)
        kind = _kind(str(getter.__annotations__.get("return", ""))) if getter else None
        if wire and kind:
            yield wire, kind


def _kind(annotation: str) -> str | None:
    if "Mapping[" in annotation or "outputs." in annotation or "bool" in annotation or "Any" in annotation:
        return None
    if "Sequence[" in annotation:
        return "list" if "str" in annotation else None
    return "int" if "int" in annotation else "text" if "str" in annotation else None
