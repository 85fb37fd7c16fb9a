"""Whether a running cluster is as it should be: conditions over what the cloud and the API tell.

    conditions.py   pure: plan, machines, nodes and pods in; problems out
    report.py       a result as plain data, and its JSON Schema
    looking.py      looking once, and again until it is good several times in a row
    certificates.py how long the cluster's authorities live

`validate cluster` shows the result; rolling updates wait for it. The conditions are kops's (`kops validate cluster`).
"""

from __future__ import annotations

from kops_pulumi.automation.validation.conditions import Problem, State, problems

__all__ = ["Problem", "State", "problems"]
