"""The program that every stack runs: manifest → plan → `components.Cluster`.

`stacks/__main__.py` calls `run`, which reads the stack's configuration; the command line and services call `deploy`
with a plan they already have. Both make the same resources with the same names, so a cluster can be driven by either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pulumi

from kops_pulumi import cni, pipeline
from kops_pulumi.pipeline import Planned
from kops_pulumi.plan import given, podnetwork


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


def deploy(planned: Planned, *, skip: Collection[str] = (), secrets: Mapping[str, str] | None = None) -> None:
    """Declare the cluster, without the parts to skip (`addons`), and the stack's outputs.

    `secrets` are those that the manifest declares; None takes them from the stack's secret configuration.
    Raises KopsError for a change of a live cluster's pod network that its manifest does not accept.
    """
    from kops_pulumi.components import Cluster, recorded

    if (network := planned.plan.pod_network) is not None:
        podnetwork.check(recorded.pod_network(planned.plan.name), network, cni.for_spec(planned.full))
    found: Mapping[str, pulumi.Input[str]] = _configured(planned) if secrets is None else secrets
    cluster = Cluster(planned.plan.name, planned.plan, skip=skip, secrets=found)
    for name, value in sorted(cluster.outputs.items()):
        pulumi.export(name, value)


def _configured(planned: Planned) -> dict[str, pulumi.Output[str]]:
    """The values of the manifest's secrets that the stack's configuration has."""
    config = pulumi.Config()
    found = {name: config.get_secret(name) for name in given.of(planned.plan)}
    return {name: value for name, value in found.items() if value is not None}


def placeholders(planned: Planned) -> dict[str, str]:
    """Made-up values, for those who only look and for rehearsals: real ones never leave their own stack."""
    return {name: f"not the real {name}" for name in given.of(planned.plan)}
