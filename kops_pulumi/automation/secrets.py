"""The stack's secret configuration: values that the engine encrypts with the stack's own key, kept beside the manifest.

They are in `Pulumi.<stack>.yaml`, which belongs into git like any Pulumi stack's: everybody who may update the cluster
has them, nobody else can read them (docs/adr/0018). This module hands values to the engine by a pipe, never on a
command line, and must not print or keep them.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from kops_pulumi.errors import EngineError, KopsError
from kops_pulumi.store import replace_files

if TYPE_CHECKING:
    from kops_pulumi.automation.stack import ClusterStack


def keep(stack: ClusterStack, name: str, value: str) -> None:
    """Encrypt a value and write it down, in place of an older one."""
    _engine(stack, ["config", "set", "--secret", name], value)
    _share(stack)


def forget(stack: ClusterStack, name: str) -> None:
    """Take a value away; nothing happens when it is absent."""
    _engine(stack, ["config", "rm", name])
    _share(stack)


def _engine(stack: ClusterStack, arguments: list[str], value: str = "") -> None:
    command, directory, environment = stack.engine_call([*arguments, "--stack", stack.settings.stack])
    done = subprocess.run(
        command, input=value, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        from kops_pulumi.automation.stack import what_matters

        lines = what_matters([], done.stdout + done.stderr)
        raise EngineError("\n".join(lines), hint="--debug shows all that the engine said")


def _share(stack: ClusterStack) -> None:
    shared = stack.settings.shared
    if shared is None:
        raise KopsError("this stack has no place for secrets beside a manifest")
    replace_files({shared: stack.settings.own.read_text(encoding="utf-8")})
