"""The simulated Google Cloud project as tables: `network`, `machines`, `services`, and the look-ups in `functions`."""

from __future__ import annotations

from typing import Final

from kops_pulumi.rehearsal.gcp.functions import FUNCTIONS
from kops_pulumi.rehearsal.gcp.machines import MACHINES
from kops_pulumi.rehearsal.gcp.network import NETWORKS
from kops_pulumi.rehearsal.gcp.services import SERVICES
from kops_pulumi.rehearsal.kinds import Kind, Package

GCP: Final = Package(
    name="gcp",
    kinds={**NETWORKS, **MACHINES, **SERVICES},
    functions=FUNCTIONS,
    default=Kind(autoname=None),
    needs_region=True,
)
