"""Our cloud-config document: references only, small enough to read in a preview.

The format is cloud-init's (https://docs.cloud-init.io/en/latest/reference/modules.html#write-files). Text in, text out;
the order of keys is fixed, so that equal references give equal bytes.
"""

from __future__ import annotations

import json
import textwrap

NODE_FILE = "/etc/kops-pulumi/node.json"
"""Where a machine finds out who it is."""

_MERGE_HOW = "list(append)+dict(no_replace,recurse_list)+str()"
"""How this document joins the user's before it: its files come on top of theirs. By default a later document's lists
replace those of an earlier one (https://docs.cloud-init.io/en/latest/reference/merging.html)."""

_TEMPLATE = """\
#cloud-config
# Who this machine is and where its configuration lies. References and digests only, never a secret.
merge_how: {merge_how}
write_files:
  - path: {path}
    permissions: "0644"
    content: |
{content}
"""


def document(*, cluster: str, group: str, role: str, bundle: str, sha256: str) -> str:
    """The document for one group: `bundle` is the address of its configuration, `sha256` the digest it must have."""
    references = {"bundle": bundle, "cluster": cluster, "group": group, "role": role, "sha256": sha256}
    content = textwrap.indent(json.dumps(references, indent=2, sort_keys=True), " " * 6)
    return _TEMPLATE.format(merge_how=_MERGE_HOW, path=NODE_FILE, content=content)
