"""The simulated AWS account as tables: `network`, `compute`, `access`, `services`, and the look-ups in `functions`."""

from __future__ import annotations

from typing import Final

from kops_pulumi.rehearsal.aws.access import ACCESS
from kops_pulumi.rehearsal.aws.compute import COMPUTE
from kops_pulumi.rehearsal.aws.functions import FUNCTIONS
from kops_pulumi.rehearsal.aws.network import NETWORK
from kops_pulumi.rehearsal.aws.services import SERVICES
from kops_pulumi.rehearsal.kinds import Kind, Package

AWS: Final = Package(
    name="aws",
    kinds={**NETWORK, **COMPUTE, **ACCESS, **SERVICES},
    functions=FUNCTIONS,
    default=Kind(autoname=None),
    needs_region=True,
)
