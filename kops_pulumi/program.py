"""The program that every stack runs: manifest → plan → `components.Cluster`.

`stacks/__main__.py` calls `run`, which reads the stack's configuration; the command line and services call `deploy`
with a plan they already have. Both make the same resources with the same names, so a cluster can be driven by either.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pulumi

from kops_pulumi import pipeline
from kops_pulumi.pipeline import Planned


def run() -> None:
    """Deploy the manifest that the stack's configuration names; Pulumi.yaml declares its keys."""
    config = pulumi.Config()
    root = _project()
    overlays = config.get_object("overlays") or []
    planned = pipeline.load(
        [root / config.require("manifest")],
        overlays=[root / overlay for overlay in overlays],
        force=config.get_bool("allowNewerKubernetes") or False,
    )
    for finding in planned.findings:
        pulumi.log.warn(str(finding))
    deploy(planned, skip=config.get_object("skip") or ())


def _project() -> Path:
    """The directory of Pulumi.yaml, which paths in the configuration start from; old language hosts do not tell it."""
    here = Path.cwd()
    return next((directory for directory in (here, *here.parents) if (directory / "Pulumi.yaml").is_file()), here)


def deploy(planned: Planned, *, skip: Collection[str] = ()) -> None:
    """Declare the cluster, without the parts to skip (`addons`), and the stack's outputs."""
    from kops_pulumi.components import Cluster

    cluster = Cluster(planned.plan.name, planned.plan, skip=skip)
    for name, value in sorted(cluster.outputs.items()):
        pulumi.export(name, value)
