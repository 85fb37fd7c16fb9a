"""`toolbox instance-selector`: instance groups of several machine types, chosen by what the machines must have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.complete import complete_groups
from kops_pulumi.cli.create import COMMA
from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.groups import written_down
from kops_pulumi.cli.output import table
from kops_pulumi.errors import ExitCode, KopsError

if TYPE_CHECKING:
    from kops_pulumi.clouds.aws.instance_types import Criteria, InstanceType, Range
    from kops_pulumi.draft import Draft

_NUMBERS = ("vcpus", "gpus", "network-interfaces")
_AMOUNTS = ("memory", "gpu-memory")
_AUTOSCALER = "k8s.io/cluster-autoscaler"


def _criteria_options(function: Any) -> Any:
    """kops's options: an exact number, and bounds, of each of the five."""
    for name in (*_AMOUNTS, *_NUMBERS):
        kind: Any = str if name in _AMOUNTS else int
        for suffix, words in (("-max", "At most"), ("-min", "At least"), ("", "Exactly")):
            example = " (4gb)" if name in _AMOUNTS else ""
            text = f"{words} so much {name.replace('-', ' ')}{example}."
            function = click.option(f"--{name}{suffix}", type=kind, help=text)(function)
    return function


@click.command()
@click.argument("group", metavar="GROUP", shell_complete=complete_groups)
@_criteria_options
@click.option("--vcpus-to-memory-ratio", "ratio", metavar="1:N", help="GiB of memory for each virtual CPU.")
@click.option("--cpu-architecture", type=click.Choice(["amd64", "x86_64", "arm64"]), default="amd64", show_default=True)
@click.option("--burst-support/--no-burst-support", default=None, help="Machines with (without) CPU credits.")
@click.option("--ena-support/--no-ena-support", default=None, help="Machines with (without) enhanced networking.")
@click.option("--usage-class", type=click.Choice(["on-demand", "spot"]), default="on-demand", show_default=True)
@click.option("--placement-group-strategy", type=click.Choice(["cluster", "partition", "spread"]))
@click.option("--allow-list", metavar="REGEX", help="Only types whose name matches.")
@click.option("--deny-list", metavar="REGEX", help="No types whose name matches.")
@click.option("--base-instance-type", metavar="TYPE", help="Like this one, where nothing else is said.")
@click.option("--flexible", is_flag=True, help="Families c, m and r of any generation: many pools to draw from.")
@click.option("--max-results", type=int, default=20, show_default=True, help="At most so many types in all.")
@click.option("--ig-count", type=int, default=1, show_default=True, help="Deal the types to so many groups, GROUP-1 ….")
@click.option("--node-count-min", type=int, default=1, show_default=True, help="minSize of the group.")
@click.option("--node-count-max", type=int, default=10, show_default=True, help="maxSize of the group.")
@click.option("--node-volume-size", type=int, help="Size of the root disk, GiB.")
@click.option("--node-security-groups", type=COMMA, default=(), help="Additional security groups, comma-separated.")
@click.option("--subnets", type=COMMA, default=(), help="Subnets, comma-separated; default: all that nodes may be in.")
@click.option("--cluster-autoscaler/--no-cluster-autoscaler", default=True, help="Tags for the cluster autoscaler.")
@edits()
def instance_selector(work: Work, group: str, ig_count: int, max_results: int, **given: Any) -> ExitCode:
    """Make or change an instance group of the machine types that have what is asked for (AWS).

    The types come from a catalogue that is shipped, the smallest first; whether your region has them, AWS tells at the
    next update. With --dry-run -o yaml the manifest is printed instead.
    """
    from kops_pulumi.clouds.aws.instance_types import select

    found = select(_criteria(given), max_results)
    if not 1 <= ig_count <= len(found):
        raise KopsError(f"{len(found)} types cannot be dealt to {ig_count} groups", hint="lower --ig-count")
    rows = [(i.name, i.arch, i.vcpus, i.memory / 1024, i.gpus or None, i.burst) for i in found]
    click.echo(table(("TYPE", "ARCH", "VCPUS", "GIB", "GPUS", "BURST"), rows), err=True)
    names = [group] if ig_count == 1 else [f"{group}-{number + 1}" for number in range(ig_count)]
    draft = work.draft
    for number, name in enumerate(names):
        draft = _with_group(work, draft, name, found[number::ig_count], given)
    return work.finish(draft)


def _criteria(given: dict[str, Any]) -> Criteria:
    from kops_pulumi.clouds.aws.instance_types import Criteria

    wanted = Criteria(
        arch={"x86_64": "amd64"}.get(given["cpu_architecture"], given["cpu_architecture"]),
        vcpus=_range(given, "vcpus"),
        memory=_range(given, "memory"),
        gpus=_range(given, "gpus"),
        gpu_memory=_range(given, "gpu_memory"),
        interfaces=_range(given, "network_interfaces"),
        ratio=_ratio(given["ratio"]),
        burst=given["burst_support"],
        ena=given["ena_support"],
        usage=given["usage_class"],
        placement=given["placement_group_strategy"],
        allow=_pattern(given["allow_list"]),
        deny=_pattern(given["deny_list"]),
        flexible=given["flexible"],
    )
    return wanted.like(given["base_instance_type"]) if given["base_instance_type"] else wanted


def _range(given: dict[str, Any], name: str) -> Range:
    from kops_pulumi.clouds.aws.instance_types import Range, mebibytes

    exact, least, most = (given[f"{name}{suffix}"] for suffix in ("", "_min", "_max"))
    numbers = [
        mebibytes(value) if isinstance(value, str) else value
        for value in (exact if least is None else least, exact if most is None else most)
    ]
    return Range(*numbers)


def _ratio(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"1:(\d+(?:\.\d+)?)", text)
    if found is None:
        raise KopsError(f"{text!r} is no ratio", hint="write 1:4 for four GiB a CPU")
    return float(found[1])


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise KopsError(f"{text!r} is no regular expression: {error}") from None


def _with_group(work: Work, draft: Draft, name: str, types: Sequence[InstanceType], given: dict[str, Any]) -> Draft:
    """The draft with a group of these types: a new one, or the one of that name changed."""
    from kops_pulumi.manifest import Set

    body = _body(work, types, given)
    if draft.has("InstanceGroup", name):
        kept = {key: value for key, value in body.items() if key not in ("role", "subnets") or given["subnets"]}
        return draft.edited(*(Set(f"InstanceGroup/{name}", ("spec", key), value) for key, value in kept.items()))
    made = draft.with_document(
        {
            "apiVersion": "kops.k8s.io/v1alpha2",
            "kind": "InstanceGroup",
            "metadata": {"name": name, "labels": {"kops.k8s.io/cluster": draft.find("Cluster").name}},
            "spec": body,
        }
    )
    return written_down(made, name)


def _body(work: Work, types: Sequence[InstanceType], given: dict[str, Any]) -> dict[str, Any]:
    spec = work.planned().full.cluster.spec
    subnets = list(given["subnets"]) or [s.name for s in spec.subnets or () if s.type != "Utility"]
    spot = given["usage_class"] == "spot"
    policy: dict[str, Any] = {
        "instances": [item.name for item in types],
        "onDemandBase": 0,
        "onDemandAboveBase": 0 if spot else 100,
    }
    if spot:
        policy["spotAllocationStrategy"] = "capacity-optimized"
    body: dict[str, Any] = {
        "role": "Node",
        "machineType": types[0].name,
        "minSize": given["node_count_min"],
        "maxSize": given["node_count_max"],
        "mixedInstancesPolicy": policy,
        "subnets": subnets,
    }
    if given["node_volume_size"]:
        body["rootVolumeSize"] = given["node_volume_size"]
    if given["node_security_groups"]:
        body["additionalSecurityGroups"] = list(given["node_security_groups"])
    if given["cluster_autoscaler"]:
        name = work.draft.find("Cluster").name
        body["cloudLabels"] = {f"{_AUTOSCALER}/enabled": "1", f"{_AUTOSCALER}/{name}": "1"}
    return body
