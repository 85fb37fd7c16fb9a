"""The simulated vCenter as tables: what a cluster makes in `inventory`, the look-ups of the site in `functions`."""

from __future__ import annotations

from typing import Final

from kops_pulumi.rehearsal.kinds import Kind, Package
from kops_pulumi.rehearsal.vsphere.functions import FUNCTIONS
from kops_pulumi.rehearsal.vsphere.inventory import INVENTORY

VSPHERE: Final = Package(name="vsphere", kinds=INVENTORY, functions=FUNCTIONS, default=Kind(autoname=None))
