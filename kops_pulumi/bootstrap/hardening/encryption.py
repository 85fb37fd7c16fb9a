"""How Secrets are encrypted in etcd: the one place that knows the document.

The key is a secret: whoever holds it (`components.contents`, as a Pulumi secret) calls `configuration` with it, and the
result goes to control planes by the secret channel (`paths.ENCRYPTION`), never in a bundle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

RESOURCES = ("secrets",)
WRITES_WITH = "secretbox"
"""XSalsa20-Poly1305: authenticated, and fast without a key server."""


def configuration(keys: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The EncryptionConfiguration for keys as (name, base64 of 32 bytes), the writing one first.

    `identity` comes last so that what was written before encryption can still be read. To rotate: put the new key
    second, replace control planes, put it first, replace control planes, rewrite all Secrets, drop the old key.
    """
    named = [{"name": name, "secret": secret} for name, secret in keys]
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {"resources": list(RESOURCES), "providers": [{WRITES_WITH: {"keys": named}}, {"identity": {}}]},
        ],
    }
