"""AWS's partitions: separate worlds with their own ARNs and domain names (pure).

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

from collections.abc import Mapping

_PARTITIONS: Mapping[str, tuple[str, str]] = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
}
"""By the beginning of a region's name: partition and domain of its services."""


def name_and_domain(region: str) -> tuple[str, str]:
    """The partition of a region (`aws`, `aws-cn`, …) and the domain of its services."""
    return next((names for start, names in _PARTITIONS.items() if region.startswith(start)), ("aws", "amazonaws.com"))
