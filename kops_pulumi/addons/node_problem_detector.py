"""Node problem detector: turns a node's kernel and runtime trouble into conditions and events."""

from __future__ import annotations

from kops_pulumi.addons.base import BuiltIn


class NodeProblemDetector(BuiltIn):
    """`spec.nodeProblemDetector`."""

    name = "node-problem-detector"
    section = ("node_problem_detector", "nodeProblemDetector")


ADDON = NodeProblemDetector()
