"""A cluster from a program of your own: plan it, look at what would change, decide, and do it.

Try it without an account: `kops-pulumi rehearse -- python examples/service/service.py`.
"""

import os
import sys
from pathlib import Path

from kops_pulumi import pipeline
from kops_pulumi.automation.render import summary
from kops_pulumi.automation.report import Action
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.errors import KopsError

MANIFEST = Path(__file__).parents[1] / "aws" / "minimal.yaml"


def main() -> int:
    """Bring the cluster up to date, unless that would replace or delete something."""
    planned = pipeline.load([MANIFEST])
    stack = ClusterStack.of(planned, state=Path(".service-state"), environ=os.environ)
    report = stack.preview()
    print(summary(report))
    if report.count(Action.REPLACE, Action.DELETE):
        print("this needs a person to look at it", file=sys.stderr)
        return 1
    if not report.empty:
        print(summary(stack.up()))
    print(stack.outputs()["apiName"])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KopsError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
