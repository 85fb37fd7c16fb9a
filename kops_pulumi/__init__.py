"""Kubernetes clusters from kops manifests, through Pulumi's engine.

A manifest goes through these stages; each is a package that imports only what stands to its left:

    clusters/prod.yaml ─manifest─▶ documents           YAML with line numbers; overlays; edits that keep comments
      ─spec───────▶ Cluster, InstanceGroups            every field of kops v1alpha2, typed; an unknown one is a finding
      ─resolve────▶ FullSpec                           every default filled in, every rule checked
      ─plan───────▶ ClusterPlan                        what the cluster is, on any cloud: plain frozen values
      ─bootstrap──▶ user data and bundles              what each machine boots with
      ─components─▶ Pulumi resources                   `Cluster` composes; `clouds/<cloud>/` says how this cloud does it
      ─automation─▶ ChangeReports                      `ClusterStack`: preview, up, refresh, destroy by Pulumi's engine
      ─cli────────▶ kops-pulumi                        the command line

Everything up to the bootstrap is pure: no clock, no environment, no network, no pulumi. Mistakes of all stages come
back at once, as `Finding`s with their place in the file.

The names below load when they are first used, so that `import kops_pulumi` costs next to nothing: this module must
import nothing but the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kops_pulumi.automation.report import ChangeReport
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.components import Cluster, ClusterArgs
    from kops_pulumi.errors import Finding, KopsError, ManifestError
    from kops_pulumi.pipeline import Planned, load

__all__ = [
    "ChangeReport",
    "Cluster",
    "ClusterArgs",
    "ClusterStack",
    "Finding",
    "KopsError",
    "ManifestError",
    "Planned",
    "__version__",
    "load",
]

__version__ = "1.37.0a1"

_HOMES = {
    "ChangeReport": "kops_pulumi.automation.report",
    "Cluster": "kops_pulumi.components",
    "ClusterArgs": "kops_pulumi.components",
    "ClusterStack": "kops_pulumi.automation.stack",
    "Finding": "kops_pulumi.errors",
    "KopsError": "kops_pulumi.errors",
    "ManifestError": "kops_pulumi.errors",
    "Planned": "kops_pulumi.pipeline",
    "load": "kops_pulumi.pipeline",
}
"""Where each public name lives."""

if not TYPE_CHECKING:  # type checkers read the imports above; with a module's __getattr__ they would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
