"""The command line, "kubectl for clusters": one file per family of verbs, loaded only when its verb is called.

A verb finds its cluster, calls the stages, and shows what they return; it computes nothing itself. `main` is the one
place where exceptions become messages and exit codes. This package must not be imported by any stage.
"""

from kops_pulumi.cli.app import main

__all__ = ["main"]
