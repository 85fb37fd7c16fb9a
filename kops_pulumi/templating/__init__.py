"""Manifests from templates: Jinja2, sandboxed and strict, with values of files and of the command line.

`toolbox template` is its command. Values come first to last from files (mappings merge, everything else replaces), then
from `--set` and `--set-string` (Helm's syntax, `strvals`). A template sees values, snippets and the functions of
`functions`; it cannot reach files, the environment or Python. Pure but for reading the files it is given.
"""

from kops_pulumi.templating.render import Renderer
from kops_pulumi.templating.values import merged, read_values

__all__ = ["Renderer", "merged", "read_values"]
