"""What to do with operations that a killed run began: adopt what was made, begin again what was not.

The engine itself would make a second copy (https://github.com/pulumi/pulumi/issues/11599). Here each pending creation
is looked for in the cloud by what cannot change, its physical name or the cluster's tags; what is found is put into the
state and read, what is not found was not made. Nothing is guessed: when a look-up cannot tell, the user has to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kops_pulumi import clouds
from kops_pulumi.errors import KopsError, NotFoundError
from kops_pulumi.model import ClusterPlan

if TYPE_CHECKING:
    from kops_pulumi.automation.stack import ClusterStack


class Finder(Protocol):
    """Finds what was made from a resource's inputs."""

    def find(self, type_: str, inputs: Mapping[str, Any]) -> Sequence[str] | None:
        """Ids of what there is; empty when nothing was made; None when it cannot be told."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What became of the pending operations."""

    adopted: Mapping[str, str] = field(default_factory=dict)
    """URN → id: made, and to be put into the state."""
    again: Sequence[str] = ()
    """URNs of what was not made, or is changed or deleted once more without harm."""
    undecided: Sequence[str] = ()
    """URNs of what nobody can tell."""


def settled(deployment: Mapping[str, Any], adopted: Mapping[str, str]) -> dict[str, Any]:
    """A state without pending operations, and with what is adopted (id by URN), still to be read."""
    found = {item["resource"]["urn"]: item["resource"] for item in deployment.get("pending_operations") or ()}
    made = [{**found[urn], "id": id_, "outputs": {}} for urn, id_ in adopted.items()]
    return {**deployment, "pending_operations": [], "resources": [*(deployment.get("resources") or ()), *made]}


def of(plan: ClusterPlan, settings: Any) -> Finder | None:
    """The cloud's own finder; None where the cloud has none."""
    try:
        module = clouds.leaf(plan.cloud, "finder")
    except NotFoundError:
        return None
    found: Finder = module.connect(plan.name, plan.region, settings)
    return found


def judge(pending: Sequence[Mapping[str, Any]], finder: Finder | None, known: Mapping[str, str]) -> Verdict:
    """Look for everything that is pending; `known` are the ids that the state has already."""
    adopted, again, undecided = dict[str, str](), list[str](), list[str]()
    for item in pending:
        resource = item["resource"]
        urn, type_ = str(resource["urn"]), str(resource["type"])
        if item.get("type") != "creating" or type_.startswith(("tls:", "random:", "kubernetes:")):
            # Changes and deletions are simply done once more; keys are made anew, and nothing of them is anywhere else;
            # objects of the API have names, so that a second creation of the same is refused, not doubled.
            again.append(urn)
            continue
        ids = _look(finder, type_, resource.get("inputs") or {})
        fresh = None if ids is None else [id_ for id_ in ids if id_ not in known and id_ not in adopted.values()]
        if fresh is None or len(fresh) > 1:
            undecided.append(urn)
        elif fresh:
            adopted[urn] = fresh[0]
        else:
            again.append(urn)
    return Verdict(adopted, again, undecided)


def _look(finder: Finder | None, type_: str, inputs: Mapping[str, Any]) -> Sequence[str] | None:
    try:
        return finder.find(type_, inputs) if finder else None
    except KopsError:
        return None


def recover(stack: ClusterStack, finder: Finder | None, say: Callable[[str], object]) -> Verdict:
    """Adopt and clear what can be decided; does nothing at all when something cannot."""
    verdict = judge(stack.pending_items(), finder, stack.ids())
    if verdict.undecided or not (verdict.adopted or verdict.again):
        return verdict
    stack.settle_pending(verdict.adopted)
    for urn, id_ in verdict.adopted.items():
        say(f"adopted what the run before made: {urn.rpartition('::')[2]} ({id_})")
    if verdict.again:
        say(f"begun before and done again: {', '.join(urn.rpartition('::')[2] for urn in verdict.again)}")
    return verdict
