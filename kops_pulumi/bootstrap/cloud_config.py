"""Our cloud-config document: who the machine is, and the little that gets everything else.

The format is cloud-init's (https://docs.cloud-init.io/en/latest/reference/modules.html#write-files). Values and files
in, text out; the order is fixed, so that equal input gives equal bytes. No secret may come in here.
"""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kops_pulumi.bootstrap.node import BundleFile

NODE_FILE = "/etc/kops-pulumi/node.env"
"""Where a machine finds out who it is."""

_MERGE_HOW = "list(append)+dict(no_replace,recurse_list)+str()"
"""How this document joins the user's before it: its files come on top of theirs. By default a later document's lists
replace those of an earlier one (https://docs.cloud-init.io/en/latest/reference/merging.html)."""
START = (("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", "--no-block", "kops-boot.service"))


def document(
    environment: Mapping[str, str],
    files: Mapping[str, BundleFile],
    ssh_keys: Iterable[str] = (),
    start: Iterable[Sequence[str]] = START,
) -> str:
    """The document for one group: `environment` becomes node.env, `files` are written beside it, `start` is run.

    `ssh_keys` are public keys that log in besides the cloud's own. Bastions have no environment.
    """
    lines = ["#cloud-config", f"merge_how: {_MERGE_HOW}"]
    keys = [f"  - {json.dumps(key)}" for key in ssh_keys]
    lines += ["ssh_authorized_keys:", *keys] if keys else []
    node = "".join(f"{key}={_quoted(value)}\n" for key, value in environment.items())
    written = [_file(NODE_FILE, node, 0o644)] if environment else []
    written += [_file(path, file.content.decode(), file.mode) for path, file in sorted(files.items())]
    if written:
        lines += ["write_files:", *written]
        lines += ["runcmd:", *(f"  - {json.dumps(list(command))}" for command in start)]
    return "\n".join(lines) + "\n"


def _file(path: str, content: str, mode: int) -> str:
    text = textwrap.indent(content.rstrip("\n"), " " * 6)
    return f'  - path: {path}\n    permissions: "{mode:04o}"\n    content: |\n{text}'


def _quoted(value: str) -> str:
    """As bash and systemd both read it; a late value's mark, alone, is put in only later and is a plain word."""
    return value if re.fullmatch(r"@late\([^()\s]+\)@", value) else shlex.quote(value)
