"""The root of the command line: the table of verbs, and the way every failure ends.

Whatever goes wrong, a user sees one to five lines on stderr with a way out, and an exit code of `ExitCode`; never a
traceback, unless they ask for it with `--debug`.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.errors import ExitCode, KopsError, ManifestError

PROGRAM = "kops-pulumi"
COMPLETE_VARIABLE = "_KOPS_PULUMI_COMPLETE"

VERBS = {
    "create": Verb("kops_pulumi.cli.create:create", "Write the manifest of a new cluster, or more of one."),
    "edit": Verb("kops_pulumi.cli.edit:edit", "Edit a manifest in your editor; checked before it is written."),
    "set": Verb("kops_pulumi.cli.set:set_values", "Set values in a manifest: PATH=VALUE."),
    "unset": Verb("kops_pulumi.cli.set:unset_values", "Take values out of a manifest: PATH."),
    "replace": Verb("kops_pulumi.cli.register:replace", "Give documents of manifests the contents of files."),
    "get": Verb("kops_pulumi.cli.get:get", "List clusters, their groups, keys, secrets, add-ons and assets."),
    "validate": Verb("kops_pulumi.cli.validate:validate", "Check manifests, or a cluster that runs."),
    "update": Verb("kops_pulumi.cli.update:update", "Show what would change in the cloud; --yes makes it so."),
    "rolling-update": Verb("kops_pulumi.cli.rolling:rolling_update", "Replace machines that are outdated."),
    "upgrade": Verb("kops_pulumi.cli.upgrade:upgrade", "Move a manifest to a newer Kubernetes."),
    "reconcile": Verb("kops_pulumi.cli.reconcile:reconcile", "Update and roll a cluster in a safe order."),
    "export": Verb("kops_pulumi.cli.export:export", "Tell kubectl how to reach a cluster."),
    "delete": Verb("kops_pulumi.cli.delete:delete", "Remove a cluster from the cloud, or a part of its manifest."),
    "promote": Verb("kops_pulumi.cli.keypairs:promote", "Let a newer key sign."),
    "distrust": Verb("kops_pulumi.cli.keypairs:distrust", "Accept older keys no more."),
    "trust": Verb("kops_pulumi.cli.keypairs:trust", "Accept a distrusted key again."),
    "toolbox": Verb("kops_pulumi.cli.toolbox:toolbox", "Look inside: plan, firewall, network, graph, resources."),
    "rehearse": Verb("kops_pulumi.cli.rehearse:rehearse", "Run any command against a simulated cloud."),
    "new": Verb("kops_pulumi.cli.new:new", "Begin a Pulumi project of your own with a cluster in it."),
    "doctor": Verb("kops_pulumi.cli.doctor:doctor", "Check engine, language host, SDKs and backend."),
    "schema": Verb("kops_pulumi.cli.about:schema", "Print a JSON Schema: of manifests, or of a verb's -o json."),
    "completion": Verb(
        "kops_pulumi.cli.about:completion", "Print the completion script for bash, zsh, fish or PowerShell."
    ),
    "version": Verb("kops_pulumi.cli.about:version", "Print the version, and the Kubernetes versions it supports."),
}


@click.group(
    cls=LazyGroup, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.option("--debug", is_flag=True, envvar="KOPS_PULUMI_DEBUG", help="Show tracebacks and the engine's own output.")
@click.option("--rehearse", "rehearsing", is_flag=True, help="Use a simulated cloud: no account, nothing real changes.")
@click.option(
    "--allow-newer-kubernetes",
    "newer",
    is_flag=True,
    envvar="KOPS_RUN_TOO_NEW_VERSION",
    help="Accept a Kubernetes newer than this tool knows.  [env: KOPS_RUN_TOO_NEW_VERSION]",
)
@click.option("--name", metavar="CLUSTER", help="Cluster to work on.  [env: KOPS_CLUSTER_NAME]")
@click.option("--state", metavar="DIR", help="Directory of clusters; default ./clusters.  [env: KOPS_STATE_STORE]")
def root(**_options: Any) -> None:
    """Production-grade Kubernetes clusters from kops manifests, on Pulumi.

    A cluster is a manifest. Verbs edit manifests or show things; only `update … --yes` and `delete … --yes` change
    a cloud.
    """
    if os.environ.get("KOPS_FEATURE_FLAGS"):
        click.echo("KOPS_FEATURE_FLAGS is kops's: nothing here waits behind a flag, so it changes nothing", err=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    if argv is None:
        _hasten()
    arguments = _debug_first(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _complain("interrupted; run the same command again to go on")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`): nobody is left to tell, and Python must not try to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def _hasten() -> None:
    """Settings for a process of one command; they would not be ours to make in somebody else's program."""
    # Importing an SDK makes many objects and no garbage: looking for some is a good part of a command's time.
    gc.set_threshold(100_000, 50, 50)
    # Nor at the end, where memory goes as a whole: the last collection would take as long as all the work before it.
    atexit.register(gc.freeze)
    # pydantic would search every installed package for plug-ins; we use none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _debug_first(arguments: Sequence[str]) -> list[str]:
    """`--debug` may stand anywhere before a `--`; click knows it at the root only."""
    everything = list(arguments)
    end = everything.index("--") if "--" in everything else len(everything)
    ours = [argument for argument in everything[:end] if argument != "--debug"]
    return ["--debug"] * (len(ours) < end) + ours + everything[end:]


def _run(arguments: list[str]) -> int:
    if os.environ.get(COMPLETE_VARIABLE, "").startswith("powershell"):
        from kops_pulumi.cli.complete import register

        register()
    try:
        result = root.main(arguments, prog_name=PROGRAM, standalone_mode=False, complete_var=COMPLETE_VARIABLE)
    except click.exceptions.Abort:
        raise KeyboardInterrupt from None
    except click.UsageError as error:
        return _usage(error)
    except click.ClickException as error:
        _complain(error.format_message())
        return ExitCode.FAILED
    except KopsError as error:
        if _debugging(arguments):
            raise
        _show(error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # the last line of defence: users never see a traceback
        if _debugging(arguments):
            raise
        _complain(f"sorry, this is a mistake in {PROGRAM}: {type(error).__name__}: {_first_line(error)}")
        click.echo("  run it again with --debug and report what that prints", err=True)
        return ExitCode.FAILED
    return result if isinstance(result, int) else ExitCode.OK


def _usage(error: click.UsageError) -> int:
    _complain(error.format_message())
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        from kops_pulumi.cli.kops import instead_of_flag

        command = error.ctx.command_path.partition(" ")[2]
        if hint := instead_of_flag(command, error.option_name):
            click.echo(f"  kops has it; here: {hint}", err=True)
    if error.ctx is not None:
        click.echo(f"  see: {error.ctx.command_path} --help", err=True)
    return ExitCode.USAGE


def _show(error: KopsError) -> None:
    """Findings begin with their place in the file, for editors and grep; everything else with `error:`."""
    from kops_pulumi.cli.output import show_findings

    if isinstance(error, ManifestError):
        show_findings(error.findings)
    else:
        _complain(str(error))


def _complain(message: str) -> None:
    from kops_pulumi.cli.output import styled

    click.echo(f"{styled('error:', 'red', err=True)} {message}", err=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


def _debugging(arguments: list[str]) -> bool:
    return arguments[:1] == ["--debug"] or os.environ.get("KOPS_PULUMI_DEBUG", "") not in {"", "0", "false"}
