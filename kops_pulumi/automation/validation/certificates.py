"""How long the certificates live that can be seen from here: authorities, the API server's own, the administrator's.

Those of nodes are renewed on the nodes and seen by nobody else. Pure; the texts come from the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kops_pulumi.automation.validation.conditions import Problem

WARN_DAYS: Final = 60
FAIL_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Lifetime:
    """One certificate."""

    name: str
    until: datetime
    days: int
    """Whole days left; negative when it has ended."""

    @property
    def warning(self) -> bool:
        """It ends soon, though not so soon that the cluster counts as invalid."""
        return FAIL_DAYS <= self.days < WARN_DAYS


def lifetimes(texts: Mapping[str, str], now: datetime) -> tuple[Lifetime, ...]:
    """Of the PEM texts by name; of a bundle the first certificate counts, which is the one that signs."""
    from cryptography import x509

    found = {name: x509.load_pem_x509_certificates(text.encode())[0] for name, text in texts.items() if text.strip()}
    return tuple(
        Lifetime(name, certificate.not_valid_after_utc, (certificate.not_valid_after_utc - now).days)
        for name, certificate in sorted(found.items())
    )


def expiring(found: tuple[Lifetime, ...]) -> Iterator[Problem]:
    """Certificates that end in less than two weeks."""
    for item in found:
        if item.days < FAIL_DAYS:
            end = "has ended" if item.days < 0 else f"ends in {item.days} days"
            yield Problem("Certificate", item.name, f"{end} ({item.until:%Y-%m-%d})")
