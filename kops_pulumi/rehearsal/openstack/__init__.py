"""The simulated OpenStack project as tables: `network`, `compute`, and the look-ups in `functions`."""

from __future__ import annotations

from typing import Final

from kops_pulumi.rehearsal.kinds import Kind, Package
from kops_pulumi.rehearsal.openstack.compute import COMPUTE
from kops_pulumi.rehearsal.openstack.functions import FUNCTIONS
from kops_pulumi.rehearsal.openstack.network import NETWORKING

OPENSTACK: Final = Package(
    name="openstack", kinds={**NETWORKING, **COMPUTE}, functions=FUNCTIONS, default=Kind(autoname=None)
)
