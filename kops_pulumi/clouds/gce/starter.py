"""What `create cluster --cloud gce` writes beside the neutral manifest. Pure.

Flags: `kops_pulumi/cli/cloud_flags.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kops_pulumi.starter import Wishes


def cluster(wishes: Wishes) -> dict[str, Any]:
    """Further parts of the cluster's `spec`: the service account that all machines are to use, if there is one."""
    account = wishes.options.get("gce_service_account")
    return {"cloudConfig": {"gceServiceAccount": account}} if account else {}
