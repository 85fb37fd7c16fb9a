"""What the shell completes besides verbs and options: names of clusters and groups, keysets, zones, versions.

A user waits for it at every key: texts are searched, not parsed, and nothing is imported that the search does not need.
What cannot be read completes to nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from kops_pulumi import __version__
from kops_pulumi.cli.target import cluster_name, complete_names, store_of
from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]

SUPPORTED_MINORS = 3
"""As `resolve.versions`, without importing it; a test holds them together."""
KEYSETS = ("kubernetes-ca", "apiserver-aggregator-ca", "etcd-clients-ca", "service-account", "encryption-at-rest")
"""Those of every cluster; each etcd cluster has one more, `etcd-peers-ca-<name>`."""
_AWS_ZONES = {
    "af-south-1": "abc", "ap-east-1": "abc", "ap-northeast-1": "acd", "ap-northeast-2": "abcd", "ap-northeast-3": "abc",
    "ap-south-1": "abc", "ap-south-2": "abc", "ap-southeast-1": "abc", "ap-southeast-2": "abc", "ap-southeast-3": "abc",
    "ap-southeast-4": "abc", "ca-central-1": "abd", "ca-west-1": "abc", "eu-central-1": "abc", "eu-central-2": "abc",
    "eu-north-1": "abc", "eu-south-1": "abc", "eu-south-2": "abc", "eu-west-1": "abc", "eu-west-2": "abc",
    "eu-west-3": "abc", "il-central-1": "abc", "me-central-1": "abc", "me-south-1": "abc", "sa-east-1": "abc",
    "us-east-1": "abcdef", "us-east-2": "abc", "us-gov-east-1": "abc", "us-gov-west-1": "abc", "us-west-1": "ab",
    "us-west-2": "abcd",
}  # fmt: skip
"""https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html"""
_GCE_ZONES = {
    "asia-east1": "abc", "asia-northeast1": "abc", "asia-south1": "abc", "asia-southeast1": "abc",
    "australia-southeast1": "abc", "europe-north1": "abc", "europe-west1": "bcd", "europe-west2": "abc",
    "europe-west3": "abc", "europe-west4": "abc", "europe-west6": "abc", "northamerica-northeast1": "abc",
    "southamerica-east1": "abc", "us-central1": "abcf", "us-east1": "bcd", "us-east4": "abc", "us-west1": "abc",
    "us-west2": "abc",
}  # fmt: skip
"""https://cloud.google.com/compute/docs/regions-zones; those that people use most."""
_DOCUMENT = re.compile(r"^---.*$", re.MULTILINE)
_NAME = re.compile(r"""^ +name: *["']?([\w.-]+)""", re.MULTILINE)


def complete_groups(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Instance groups of the cluster in question."""
    return _items(_names_of("InstanceGroup", ctx), incomplete)


def complete_keysets(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Authorities and keys."""
    etcd = (f"etcd-peers-ca-{name}" for name in ("main", "events"))
    return _items(("all", *KEYSETS, *etcd, *_names_of("Keyset", ctx)), incomplete)


def complete_zones(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Zones of AWS or GCE; the last of a list of them."""
    gce = ctx.params.get("cloud") == "gce"
    table, dash = (_GCE_ZONES, "-") if gce else (_AWS_ZONES, "")
    head, comma, last = incomplete.rpartition(",")
    zones = (f"{region}{dash}{letter}" for region, letters in table.items() for letter in letters)
    return _items((f"{head}{comma}{zone}" for zone in zones if zone.startswith(last)), incomplete)


def complete_versions(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The newest minors of Kubernetes that we build."""
    newest = int(__version__.split(".")[1])
    return _items((f"1.{newest - back}.0" for back in range(SUPPORTED_MINORS)), incomplete)


def complete_paths(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The first of `[CLUSTER] PATH=VALUE…`, and where paths begin."""
    from click.shell_completion import CompletionItem

    starts = ("spec.", "metadata.labels", "metadata.annotations")
    return [
        *complete_names(ctx, param, incomplete),
        *(CompletionItem(start) for start in starts if start.startswith(incomplete)),
    ]


def _names_of(kind: str, ctx: click.Context) -> list[str]:
    """Names of the documents of a kind in the cluster's manifest."""
    try:
        store = store_of(ctx, ctx.params.get("state"))
        name = cluster_name(ctx, ctx.params.get("cluster"), ctx.params.get("name")) or store.only()
        texts = [path.read_text(encoding="utf-8") for path in store.paths(name)]
    except (KopsError, OSError, UnicodeDecodeError):
        return []
    documents = [document for text in texts for document in _DOCUMENT.split(text)]
    found = [_NAME.search(document, document.find("\nmetadata:") + 1) for document in documents if _is(kind, document)]
    return [match[1] for match in found if match]


def _is(kind: str, document: str) -> bool:
    return re.search(rf"^kind: *[\"']?{kind}\b", document, re.MULTILINE) is not None


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete)]


POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName {program} -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object {{ $_.ToString() }})
    $count = $words.Count
    if ($wordToComplete -eq '') {{ $words += ''; $count += 1 }}
    $env:COMP_WORDS = ($words | ForEach-Object {{ $_ -replace '([\\s\\\\"''])', '\\$1' }}) -join ' '
    $env:COMP_CWORD = $count - 1
    $env:{variable} = 'powershell_complete'
    try {{
        {program} | ForEach-Object {{
            $kind, $value, $help = $_ -split "`t", 3
            if (-not $help) {{ $help = $value }}
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }}
    }} finally {{
        Remove-Item Env:COMP_WORDS, Env:COMP_CWORD, Env:{variable} -ErrorAction SilentlyContinue
    }}
}}
"""
"""What PowerShell's profile loads; `register` makes click answer it."""


def register() -> None:
    """Let click complete for PowerShell, which it does not know: a line `kind, value, help` for each, tab between."""
    from click.shell_completion import BashComplete, add_completion_class, split_arg_string

    class PowerShell(BashComplete):
        name = "powershell"
        source_template = ""

        @staticmethod
        def _check_version() -> None:
            """Nothing to ask a PowerShell about."""

        def source(self) -> str:
            """The script of the user's profile."""
            return POWERSHELL.format(program=self.prog_name, variable=self.complete_var)

        def get_completion_args(self) -> tuple[list[str], str]:
            """The words before the cursor's, and that one."""
            words = split_arg_string(os.environ.get("COMP_WORDS", ""))
            at = int(os.environ.get("COMP_CWORD") or 0)
            return words[1:at], words[at] if at < len(words) else ""

        def format_completion(self, item: CompletionItem) -> str:
            """One line for each."""
            return f"{item.type}\t{item.value}\t{item.help or ''}"

    add_completion_class(PowerShell, "powershell")
