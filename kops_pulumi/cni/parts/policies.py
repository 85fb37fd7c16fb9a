"""Calico's own kinds of objects, for an agent that keeps them in the API and is not installed by the operator.

The schemas are open: Calico's agents validate what they read themselves. Plain data; knows no plug-in.
https://docs.tigera.io/calico/latest/reference/resources/ has what each kind is for.
"""

from __future__ import annotations

from collections.abc import Iterator

from kops_pulumi.cni.parts import objects as k8s

GROUP = "crd.projectcalico.org"
STANDARD_GROUP = "policy.networking.k8s.io"
KINDS = {
    "BGPConfiguration": "bgpconfigurations",
    "BGPFilter": "bgpfilters",
    "BGPPeer": "bgppeers",
    "BlockAffinity": "blockaffinities",
    "CalicoNodeStatus": "caliconodestatuses",
    "ClusterInformation": "clusterinformations",
    "FelixConfiguration": "felixconfigurations",
    "GlobalNetworkPolicy": "globalnetworkpolicies",
    "GlobalNetworkSet": "globalnetworksets",
    "HostEndpoint": "hostendpoints",
    "IPAMBlock": "ipamblocks",
    "IPAMConfig": "ipamconfigs",
    "IPAMHandle": "ipamhandles",
    "IPPool": "ippools",
    "IPReservation": "ipreservations",
    "KubeControllersConfiguration": "kubecontrollersconfigurations",
    "NetworkPolicy": "networkpolicies",
    "NetworkSet": "networksets",
    "StagedGlobalNetworkPolicy": "stagedglobalnetworkpolicies",
    "StagedKubernetesNetworkPolicy": "stagedkubernetesnetworkpolicies",
    "StagedNetworkPolicy": "stagednetworkpolicies",
    "Tier": "tiers",
}
"""Kind → plural."""
STANDARD_KINDS = {
    "AdminNetworkPolicy": "adminnetworkpolicies",
    "BaselineAdminNetworkPolicy": "baselineadminnetworkpolicies",
}
"""Kinds of Kubernetes itself that are no part of its API server: Calico watches them."""
_NAMESPACED = {"NetworkPolicy", "NetworkSet", "StagedKubernetesNetworkPolicy", "StagedNetworkPolicy"}
_APPROVED = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/network-policy-api/pull/30"}
"""The API server refuses definitions in groups of Kubernetes without it."""


def definitions() -> Iterator[k8s.Object]:
    """The custom resource definitions."""
    for kind, plural in KINDS.items():
        yield _definition(GROUP, kind, plural, "v1")
    for kind, plural in STANDARD_KINDS.items():
        found = _definition(STANDARD_GROUP, kind, plural, "v1alpha1")
        yield {**found, "metadata": {**found["metadata"], "annotations": _APPROVED}}


def _definition(group: str, kind: str, plural: str, version: str) -> k8s.Object:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return k8s.thing(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.{group}",
        spec={
            "group": group,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced" if kind in _NAMESPACED else "Cluster",
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    )


AGENT_RULES = (
    k8s.rule(["nodes", "pods", "namespaces", "serviceaccounts", "services", "endpoints"]),
    k8s.rule(["endpointslices"], group="discovery.k8s.io"),
    k8s.rule(["networkpolicies"], group="networking.k8s.io"),
    k8s.rule(STANDARD_KINDS.values(), group=STANDARD_GROUP),
    k8s.rule(KINDS.values(), group=GROUP),
    k8s.rule(["clusterinformations", "felixconfigurations", "ippools", "tiers"], ["create", "update"], GROUP),
    k8s.rule(["caliconodestatuses"], ["update"], GROUP),
    k8s.rule(["configmaps"], ["get"]),
    k8s.rule(["nodes/status"], ["patch", "update"]),
    k8s.rule(["pods/status"], ["patch"]),
)
"""What the agent on every machine, and Typha, may do."""

_WRITE = (*k8s.READ, "create", "update", "delete")
CONTROLLER_RULES = (
    k8s.rule(["nodes", "pods", "namespaces", "serviceaccounts"]),
    k8s.rule(["services", "services/status"], [*k8s.READ, "update"]),
    k8s.rule(["ippools", "ipreservations"], group=GROUP),
    k8s.rule(["blockaffinities", "hostendpoints", "ipamblocks", "ipamconfigs", "ipamhandles", "tiers"], _WRITE, GROUP),
    k8s.rule(["clusterinformations", "kubecontrollersconfigurations"], [*k8s.READ, "create", "update"], GROUP),
)
"""What the controllers may do."""


def token_of(account: str) -> k8s.Object:
    """A rule to make tokens of one account: the CNI program's come from the agent."""
    return {**k8s.rule(["serviceaccounts/token"], ["create"]), "resourceNames": [account]}
