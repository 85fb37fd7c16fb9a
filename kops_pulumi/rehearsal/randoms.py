"""The simulated random provider: real randomness (`secrets`), nothing stored.

Facts of types and outputs: https://www.pulumi.com/registry/packages/random/. Every input replaces.
"""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from typing import Any, Final

from kops_pulumi.rehearsal.kinds import Birth, Compute, Kind, Package, Values

_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_WORDS: Final = (
    "amber",
    "brisk",
    "calm",
    "dapper",
    "eager",
    "fair",
    "gentle",
    "humble",
    "keen",
    "lucid",
    "mellow",
    "noble",
)
_ANIMALS: Final = (
    "badger",
    "crane",
    "dolphin",
    "egret",
    "falcon",
    "gecko",
    "heron",
    "ibis",
    "lynx",
    "otter",
    "puffin",
    "wren",
)
_CLASSES: Final = (
    ("upper", "minUpper", string.ascii_uppercase),
    ("lower", "minLower", string.ascii_lowercase),
    ("numeric", "minNumeric", string.digits),
    ("special", "minSpecial", _SPECIAL),
)


def _text(birth: Birth, _id: str) -> Values:
    inputs = birth.inputs
    alphabets = {
        minimum: inputs.get("overrideSpecial", letters) if flag == "special" else letters
        for flag, minimum, letters in _CLASSES
        if inputs.get(flag, True)
    }
    required = [secrets.choice(letters) for key, letters in alphabets.items() for _ in range(inputs.get(key, 0))]
    everything = "".join(alphabets.values())
    characters = required + [secrets.choice(everything) for _ in range(inputs["length"] - len(required))]
    secrets.SystemRandom().shuffle(characters)
    return {"result": "".join(characters)}


def _id(birth: Birth, _id: str) -> Values:
    data, prefix = secrets.token_bytes(birth.inputs["byteLength"]), birth.inputs.get("prefix", "")
    return {
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data, "big")),
        "b64Std": prefix + base64.b64encode(data).decode(),
        "b64Url": prefix + base64.urlsafe_b64encode(data).decode().rstrip("="),
    }


def _bytes(birth: Birth, _id: str) -> Values:
    data = secrets.token_bytes(birth.inputs["length"])
    return {"hex": data.hex(), "base64": base64.b64encode(data).decode()}


def _integer(birth: Birth, _id: str) -> Values:
    low, high = birth.inputs["min"], birth.inputs["max"]
    return {"result": low + secrets.randbelow(high - low + 1)}


def _shuffle(birth: Birth, _id: str) -> Values:
    items = list(birth.inputs["inputs"])
    secrets.SystemRandom().shuffle(items)
    return {"results": items[: birth.inputs.get("resultCount", len(items))]}


def _uuid(_birth: Birth, _id: str) -> Values:
    return {"result": str(uuid.uuid4())}


def _pet_name(birth: Birth) -> str:
    words = [secrets.choice(_WORDS) for _ in range(birth.inputs.get("length", 2) - 1)]
    prefix = [birth.inputs["prefix"]] if "prefix" in birth.inputs else []
    return str(birth.inputs.get("separator", "-")).join([*prefix, *words, secrets.choice(_ANIMALS)])


def _kind(compute: Compute, *replaces: str) -> Kind:
    return Kind(replaces=frozenset({"keepers", *replaces}), compute=compute, identify=lambda birth: birth.hex(32))


_TEXT: Final[tuple[Any, ...]] = (
    "length",
    "overrideSpecial",
    *(key for flag, least, _ in _CLASSES for key in (flag, least)),
)

RANDOM: Final = Package(
    name="random",
    stored=False,
    kinds={
        "random:index/randomBytes:RandomBytes": _kind(_bytes, "length"),
        "random:index/randomId:RandomId": _kind(_id, "byteLength", "prefix"),
        "random:index/randomInteger:RandomInteger": _kind(_integer, "min", "max", "seed"),
        "random:index/randomPassword:RandomPassword": _kind(_text, *_TEXT),
        "random:index/randomPet:RandomPet": Kind(
            replaces=frozenset({"keepers", "length", "prefix", "separator"}), identify=_pet_name
        ),
        "random:index/randomShuffle:RandomShuffle": _kind(_shuffle, "inputs", "resultCount", "seed"),
        "random:index/randomString:RandomString": _kind(_text, *_TEXT),
        "random:index/randomUuid:RandomUuid": _kind(_uuid),
    },
)
