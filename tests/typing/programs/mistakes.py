"""Mistakes that a type checker must find: each line with the mark, and no other."""

from pathlib import Path

from kops_pulumi import Cluster, ClusterStack, load
from kops_pulumi import Clutser as Misspelt  # refused
from kops_pulumi.testing import record

Cluster("unknown-key", {"manfest": "cluster.yaml"})  # refused
Cluster("wrong-type", {"manifest": 5})  # refused
Cluster("no-arguments")  # refused
Cluster("a-path-object", Path("cluster.yaml"))  # refused
load("cluster.yaml", forced=True)  # refused
load(5)  # refused
ClusterStack.of(load(["cluster.yaml"]))  # refused
record(Cluster)  # refused
version: int = load(["cluster.yaml"]).plan.kubernetes_version  # refused
del Misspelt
