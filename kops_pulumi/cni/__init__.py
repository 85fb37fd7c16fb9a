"""The network plug-ins: one file each, listed here, nothing discovered.

`for_spec` picks the one that a manifest names. Files of this package say what a plug-in needs of the infrastructure;
they must not import pulumi or know a cloud's way of giving it. Adding one: a file, a line here, a golden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.cni import (
    amazonvpc,
    calico,
    canal,
    cilium,
    classic,
    cni,
    external,
    flannel,
    gce,
    kindnet,
    kopeio,
    kubenet,
    kuberouter,
    lyftvpc,
    romana,
    weave,
)
from kops_pulumi.errors import Finding, ManifestError

if TYPE_CHECKING:
    from kops_pulumi.plugins import Cni
    from kops_pulumi.resolve.full import FullSpec

REGISTRY: tuple[Cni, ...] = (
    amazonvpc.CNI,
    calico.CNI,
    canal.CNI,
    cilium.CNI,
    classic.CNI,
    cni.CNI,
    external.CNI,
    flannel.CNI,
    gce.CNI,
    kindnet.CNI,
    kopeio.CNI,
    kubenet.CNI,
    kuberouter.CNI,
    lyftvpc.CNI,
    romana.CNI,
    weave.CNI,
)
"""Keys of `spec.networking`, in alphabetical order."""


def for_spec(full: FullSpec) -> Cni:
    """The plug-in that the manifest names; `ManifestError` when it names none or several."""
    networking = full.cluster.spec.networking
    named = [entry for entry in REGISTRY if getattr(networking, entry.key, None) is not None]
    if len(named) != 1:
        keys = ", ".join(entry.key for entry in named) or "none"
        hint = "name exactly one network plug-in, such as cilium: {}"
        raise ManifestError([Finding(("spec", "networking"), f"network plug-ins named: {keys}", hint)])
    return named[0]
