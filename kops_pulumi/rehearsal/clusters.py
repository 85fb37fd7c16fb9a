"""The clusters of a world as their own APIs show them: a node for each machine, the pods of control planes, and DNS.

Machines join at once; a cluster is as it was left, within one process. What a plan's machines are comes from the fleet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from kops_pulumi.errors import NotFoundError
from kops_pulumi.model import Machine, Role
from kops_pulumi.plan.groups import GROUP_LABEL
from kops_pulumi.rehearsal import fleet as fleets
from kops_pulumi.rehearsal.aws.machines import HERD as AWS
from kops_pulumi.rehearsal.fleet import Herd, RehearsedFleet
from kops_pulumi.rehearsal.gcp.herd import HERD as GCE
from kops_pulumi.rehearsal.objects import NODES, PODS, Objects, Refused
from kops_pulumi.rehearsal.openstack.machines import HERD as OPENSTACK
from kops_pulumi.rehearsal.vsphere.machines import HERD as VSPHERE

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan
    from kops_pulumi.rehearsal.store import Store

HERDS: Final[Mapping[str, Herd]] = {"aws": AWS, "gce": GCE, "openstack": OPENSTACK, "vsphere": VSPHERE}
"""By cloud."""
_STATIC: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
_DNS: Final = ("coredns-0", "coredns-1")
_CONTROL_PLANE: Final = "node-role.kubernetes.io/control-plane"
_READY: Final = [{"type": "Ready", "status": "True"}]


class Clusters:
    """The clusters of one world that a command of this process works on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._plans: dict[str, ClusterPlan] = {}
        self._objects: dict[str, Objects] = {}

    def know(self, plan: ClusterPlan) -> None:
        """From now on the cluster has an API."""
        fleets.know(self._store, plan)
        self._plans[plan.name] = plan

    def fleet(self, plan: ClusterPlan) -> RehearsedFleet:
        """The machines of a cluster."""
        herd = HERDS.get(plan.cloud)
        if herd is None:
            raise NotFoundError(f"machines on {plan.cloud} cannot be rehearsed yet")
        return RehearsedFleet(plan, self._store, herd)

    def lookup(self, name: str) -> Objects:
        """What a cluster's API has now; Refused when nobody told us of it."""
        plan = self._plans.get(name)
        if plan is None:
            raise Refused(404, "NotFound", f"there is no cluster {name}")
        objects = self._objects.setdefault(name, Objects())
        with objects.lock:
            self._sync(plan, objects)
        return objects

    def _sync(self, plan: ClusterPlan, objects: Objects) -> None:
        fleet = self.fleet(plan)
        roles = {group.name: group for group in plan.groups}
        machines = {m.name: m for g in fleet.groups() for m in g.machines if roles[m.group].role is not Role.BASTION}
        for key in [key for key in objects.items[NODES] if key.strip("/") not in machines]:
            objects.drop(NODES, key)
        for name, machine in machines.items():
            if f"/{name}" not in objects.items[NODES]:
                objects.put(NODES, _node(machine, roles[machine.group].node_labels, fleet.kubelet(machine)))
                for pod in _static(plan, machine) if roles[machine.group].role is Role.CONTROL_PLANE else ():
                    objects.put(PODS, pod)
        _place_dns(objects)


def _node(machine: Machine, labels: Mapping[str, str], kubelet: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": machine.name, "labels": {**labels, GROUP_LABEL: machine.group}},
        "spec": {"providerID": f"rehearsal:///{machine.zone or ''}/{machine.id}"},
        "status": {"conditions": _READY, "nodeInfo": {"kubeletVersion": kubelet}},
    }


def _static(plan: ClusterPlan, machine: Machine) -> Iterator[dict[str, Any]]:
    """The pods that kubelet starts on a control plane by itself."""
    members = [cluster.name for cluster in plan.etcd for member in cluster.members if member.group == machine.group]
    for component in (*_STATIC, *(f"etcd-{name}" for name in members)):
        pod = _pod(f"{component}-{machine.name}", machine.name or "", {"k8s-app": component}, "system-node-critical")
        pod["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "rehearsal"}
        yield pod


def _place_dns(objects: Objects) -> None:
    """CoreDNS runs somewhere: an evicted pod comes back on a node that takes pods, workers first."""
    nodes = [node for node in objects.items[NODES].values() if not node["spec"].get("unschedulable")]
    nodes.sort(key=lambda node: (_CONTROL_PLANE in node["metadata"]["labels"], node["metadata"]["name"]))
    for number, name in enumerate(_DNS if nodes else ()):
        if f"kube-system/{name}" not in objects.items[PODS]:
            node = nodes[number % len(nodes)]["metadata"]["name"]
            objects.put(PODS, _pod(name, node, {"k8s-app": "kube-dns"}, "system-cluster-critical"))


def _pod(name: str, node: str, labels: Mapping[str, str], priority: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "kube-system", "name": name, "labels": dict(labels)},
        "spec": {"nodeName": node, "priorityClassName": priority},
        "status": {"phase": "Running", "conditions": _READY},
    }
