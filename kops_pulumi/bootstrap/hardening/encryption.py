"""How Secrets are encrypted in etcd: the one place that knows the document.

The key is a secret: whoever holds it (`components.pki`, as a Pulumi secret) calls `configuration` with it, and the
result goes to control planes by the secret channel (`paths.ENCRYPTION`), never in a bundle.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

RESOURCES = ("secrets",)
WRITES_WITH = "secretbox"
KEY_BYTES = 32
"""secretbox is XSalsa20-Poly1305, whose key has 256 bits."""


def configuration(keys: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The EncryptionConfiguration for keys as (name, base64), the writing one first; ValueError for a bad key.

    `identity` comes last so that what was written before encryption can still be read. To rotate: put the new key
    second, replace control planes, put it first, replace control planes, rewrite all Secrets, drop the old key.
    """
    named = [{"name": name, "secret": _checked(name, secret)} for name, secret in keys]
    if not named:
        raise ValueError("encryption needs at least one key")
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {"resources": list(RESOURCES), "providers": [{WRITES_WITH: {"keys": named}}, {"identity": {}}]},
        ],
    }


def _checked(name: str, secret: str) -> str:
    if len(base64.b64decode(secret, validate=True)) != KEY_BYTES:
        raise ValueError(f"the encryption key {name} must have {KEY_BYTES} bytes")
    return secret
