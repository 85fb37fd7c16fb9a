"""What is in each object of the store: the texts behind `StoreObject.content`, for every cloud alike.

Everything made of a private key is a secret Output; nothing else is. Documents that machines read as files (encryption
at rest, OIDC discovery) are written here too, because keys are known only once they are made.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import pulumi

from kops_pulumi.bootstrap.hardening.encryption import configuration
from kops_pulumi.components.handles import Handles, LeafHandles, PkiHandles
from kops_pulumi.errors import KopsError
from kops_pulumi.model import StoreObject
from kops_pulumi.plan import store
from kops_pulumi.plan.store import ENCRYPTION, SERVICE_ACCOUNT

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan, ServiceAccountIssuer

_Text: TypeAlias = "pulumi.Input[str]"

PLAIN = "text/plain; charset=utf-8"
"""Content type of every object that is no bundle."""
DISCOVERY = ".well-known/openid-configuration"
KEYS = "openid/v1/jwks"
"""Paths of an issuer's documents: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig and
`--service-account-jwks-uri` of kube-apiserver."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as a store is to hold it: a group's bundle, or a text."""

    name: str
    """The end of its resource's name."""
    key: str
    """In the bucket."""
    bundle: bytes | None = None
    text: pulumi.Output[str] | None = None


def stored(plan: ClusterPlan, handles: Handles) -> Iterator[Stored]:
    """Everything that Pulumi puts into a plan's store. Another bundle is another object, under the group's name."""
    place = plan.object_store
    if place is None:
        raise KopsError("this plan has no object store")
    for item in store.objects(plan):
        bundle = store.bundle(plan, item)
        if bundle is not None:
            yield Stored(item.content, place.key(item.path), bundle=bundle)
        else:
            yield Stored(item.path, place.key(item.path), text=text(item, handles))


def text(item: StoreObject, handles: Handles) -> pulumi.Output[str]:
    """The text of an object that is no bundle."""
    what, _, key = item.content.partition(":")
    pki = handles.pki or PkiHandles({}, {})
    leaves = handles.leaves or LeafHandles({}, {})
    match what:
        case "trust" | "public":
            return pki.certificates[key]
        case "key" | "private":
            return (pki if what == "key" else leaves).private_keys[key]
        case "certificate" | "token":
            return (leaves.certificates if what == "certificate" else leaves.tokens)[key]
        case "text":
            return pulumi.Output.from_input(key)
        case "given":
            return given(key, handles)
        case "encryption":
            return encryption(pki.secret_keys[ENCRYPTION])
    raise KopsError(f"nothing is known to put into {item.path}: {item.content}")


def given(name: str, handles: Handles) -> pulumi.Output[str]:
    """A secret of the user's, with a line break at its end."""
    return handles.secrets[name].apply(lambda text: text.rstrip("\n") + "\n")


def encryption(keys: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """The EncryptionConfiguration: Secrets are written with the first key and read with any; plain ones can be read.

    https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/
    """

    def document(secrets: list[str]) -> str:
        named = ((f"key{id_}", secret) for id_, secret in zip(keys, secrets, strict=True))
        return _json(configuration(named))

    return pulumi.Output.secret(pulumi.Output.all(*keys.values()).apply(document))


def published(issuer: ServiceAccountIssuer | None, scheme: str, pki: PkiHandles) -> Iterator[tuple[str, str, _Text]]:
    """The issuer's documents, where the manifest wants them published in a store of this scheme: bucket, key, text."""
    place = urlsplit((issuer and issuer.discovery_store) or "")
    if issuer is None or place.scheme != scheme:
        return
    texts: tuple[tuple[str, _Text], ...] = ((DISCOVERY, discovery(issuer.url)), (KEYS, jwks(pki)))
    for path, text in texts:
        yield place.netloc, "/".join(filter(None, (place.path.strip("/"), path))), text


def discovery(issuer: str) -> str:
    """What consumers of the issuer's tokens read first; the fields that kube-apiserver itself serves."""
    return _json(
        {
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer,
            "jwks_uri": f"{issuer}/{KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }
    )


def jwks(pki: PkiHandles) -> pulumi.Output[str]:
    """The issuer's public keys: all that are trusted, so that tokens of the last generation stay good."""
    return pki.certificates[SERVICE_ACCOUNT].apply(key_set)


def key_set(pem: str) -> str:
    """Public RSA keys as a JSON Web Key Set (https://datatracker.ietf.org/doc/html/rfc7517)."""
    end = "-----END PUBLIC KEY-----"
    blocks = [block + end for block in pem.split(end) if block.strip()]
    return _json({"keys": [_web_key(block.strip()) for block in blocks]})


def _web_key(pem: str) -> dict[str, str]:
    """One key; its id is the one that kube-apiserver computes: the SHA-256 of the key in DER.

    https://github.com/kubernetes/kubernetes/blob/master/pkg/serviceaccount/jwt.go (keyIDFromPublicKey)
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise KopsError("keys of service accounts must be RSA keys")
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    numbers = key.public_numbers()
    return {
        "alg": "RS256",
        "e": _number(numbers.e),
        "kid": _url_base64(hashlib.sha256(der).digest()),
        "kty": "RSA",
        "n": _number(numbers.n),
        "use": "sig",
    }


def _number(value: int) -> str:
    return _url_base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _url_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, sort_keys=True) + "\n"
