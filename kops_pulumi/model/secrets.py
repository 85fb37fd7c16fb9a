"""What is kept safe: authorities, keys, the certificates made of them, and the store that machines read them from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kops_pulumi.model.roles import Role


class CertificateKind(StrEnum):
    AUTHORITY = "authority"
    KEY_PAIR = "key-pair"
    """A bare key pair (service-account signing)."""
    SECRET_KEY = "secret-key"  # noqa: S105 - a kind of key, not one
    """32 random bytes (encryption of Secrets at rest, of pods' traffic)."""
    GIVEN = "given"
    """The user's own (`create secret`): its value is the stack's secret configuration, made by nobody here."""


class Trust(StrEnum):
    """What one generation of a keyset is good for."""

    PRIMARY = "primary"
    """Signs, and is trusted."""
    TRUSTED = "trusted"
    """What it signed is accepted; it signs nothing."""
    DISTRUSTED = "distrusted"
    """Kept for the way back only; nobody accepts what it signed."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One key of a keyset, with its certificate if it is an authority's."""

    id: str
    """Decimal; part of its resources' names, so that a further generation touches no other."""
    trust: Trust


FIRST = (Generation("1", Trust.PRIMARY),)
"""A keyset that was never rotated."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A keyset: an authority, key pair or secret key that is made once and kept in encrypted state (decision 11).

    Rotation adds generations and moves the primary (`plan/keysets.py`).
    """

    key: str
    kind: CertificateKind
    common_name: str
    generations: tuple[Generation, ...] = FIRST
    """In the order they were made; exactly one is primary."""

    @property
    def primary(self) -> Generation:
        """The generation that signs."""
        return next(item for item in self.generations if item.trust is Trust.PRIMARY)

    @property
    def trusted(self) -> tuple[Generation, ...]:
        """The generations that are accepted, the primary first."""
        others = (item for item in self.generations if item.trust is Trust.TRUSTED)
        return (self.primary, *others)


@dataclass(frozen=True, slots=True)
class LeafCertificate:
    """A certificate that Pulumi itself makes, for who may not hold the authority's key."""

    key: str
    authority: str
    """`Certificate.key` of its issuer."""
    common_name: str
    organization: str | None = None
    server: bool = False
    """For servers; otherwise for clients."""
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()


class StoreKind(StrEnum):
    BUNDLE = "bundle"
    """A group's configuration: no secret, but nobody else's business."""
    PUBLIC = "public"
    """Certificates that everybody may know."""
    SECRET = "secret"  # noqa: S105 - a kind of object


@dataclass(frozen=True, slots=True)
class StoreObject:
    """One object that Pulumi puts into the store, and the roles whose machines may read it."""

    path: str
    """Below the store's address."""
    kind: StoreKind
    readers: tuple[Role, ...]
    content: str
    """What is in it: `bundle:<group>`, `trust:<keyset>` (certificates, the primary's first), `key:<keyset>`,
    `public:<keyset>`, `certificate:<leaf>`, `private:<leaf>`, `encryption`, `given:<secret>`,
    `token:<group>` (a bootstrap token), `machines` (every machine of the cluster), `text:<the text itself>`."""


@dataclass(frozen=True, slots=True)
class StorePlan:
    """The object store that machines read from and write to."""

    scheme: str
    """`s3`, `gs`, …"""
    bucket: str
    path: str
    """Prefix of everything of this cluster, without slashes at its ends; may be empty."""
    adopted: bool
    """The bucket is the user's: only objects below `path` are ours."""

    @property
    def address(self) -> str:
        """`s3://bucket/path`."""
        return "/".join(filter(None, (f"{self.scheme}://{self.bucket}", self.path)))

    def key(self, path: str) -> str:
        """The key in the bucket of an object below the store's address."""
        return "/".join(filter(None, (self.path, path)))
