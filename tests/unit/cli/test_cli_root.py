from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from kops_pulumi.cli import app
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.errors import BusyError, ExitCode, Finding, ManifestError


def _leaves(group: LazyGroup, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Verb]]:
    found = []
    for name, verb in group.verbs.items():
        found.append(((*path, name), verb))
        command = verb.load()
        if isinstance(command, LazyGroup):
            found += _leaves(command, (*path, name))
    return found


ALL = _leaves(app.root)


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_every_verb_has_help(cli, path):
    result = cli(*path, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: kops-pulumi {' '.join(path)}")


@pytest.mark.parametrize(("path", "verb"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_a_verbs_one_liner_fits_a_terminal_and_its_command_has_a_docstring(path, verb):
    assert len(verb.help) <= 80
    assert verb.help.endswith(".")
    assert verb.load().help


def test_root_help_lists_verbs_in_order_of_use(cli):
    listed = cli("--help").out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed if line[2:3].strip()] == list(app.VERBS)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (("craete",), "did you mean 'create'?"),
        (("get", "clusterz"), "did you mean 'clusters'?"),
        (("xyz",), "there are:"),
    ],
)
def test_a_mistyped_verb_gets_a_suggestion_and_64(cli, typed, hint):
    result = cli(*typed)
    assert result.code == ExitCode.USAGE == 64
    assert hint in result.err
    assert "Traceback" not in result.err


def test_aliases_work_but_are_not_listed(cli, stored):
    assert cli("get", "ig").out == cli("get", "instancegroups").out
    assert " ig " not in cli("get", "--help").out


def _failing(monkeypatch, error):
    @click.command()
    def fail():
        raise error

    monkeypatch.setattr(Verb, "load", lambda _self: fail)


def test_an_own_error_is_shown_with_its_way_out_and_its_code(cli, monkeypatch):
    _failing(monkeypatch, BusyError("ann is updating", hint="wait for her"))
    result = cli("version")
    assert (result.code, result.out, result.err) == (6, "", "error: ann is updating\n  wait for her\n")


def test_findings_are_shown_bare_so_that_editors_can_jump(cli, monkeypatch):
    _failing(monkeypatch, ManifestError([Finding(("spec", "x"), "bad", location=None, document="Cluster/a")]))
    result = cli("version")
    assert (result.code, result.err) == (2, "Cluster/a: spec.x: bad\n")


def test_an_unexpected_error_is_an_apology_not_a_traceback(cli, monkeypatch):
    _failing(monkeypatch, ZeroDivisionError("by zero\nand more"))
    result = cli("version")
    assert result.code == 1
    assert "sorry" in result.err
    assert "ZeroDivisionError: by zero" in result.err
    assert "--debug" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("arguments", [("--debug", "version"), ("version", "--debug")])
def test_debug_lets_the_traceback_through_wherever_it_stands(cli, monkeypatch, arguments):
    _failing(monkeypatch, ZeroDivisionError("by zero"))
    with pytest.raises(ZeroDivisionError):
        cli(*arguments)


def test_a_rehearsed_commands_own_debug_is_left_alone():
    assert app._debug_first(["rehearse", "--", "x", "--debug"]) == ["rehearse", "--", "x", "--debug"]


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(cli, monkeypatch):
    _failing(monkeypatch, KeyboardInterrupt())
    result = cli("version")
    assert result.code == 130
    assert "run the same command again" in result.err


def test_a_reader_that_leaves_early_is_no_error():
    code = "import sys; from kops_pulumi.cli import main; sys.exit(main(['schema', 'change-report']))"
    pipe = f'{sys.executable} -c "{code}" | head -c 10; exit ${{PIPESTATUS[0]}}'
    root = Path(app.__file__).parents[2]
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_shells_script(cli, shell):
    result = cli("completion", shell)
    assert result.code == 0
    assert "_KOPS_PULUMI_COMPLETE" in result.out


def test_completion_knows_verbs_and_clusters(cli, stored):
    from click.shell_completion import ShellComplete

    shell = ShellComplete(app.root, {}, app.PROGRAM, app.COMPLETE_VARIABLE)
    assert [item.value for item in shell.get_completions([], "upd")] == ["update"]
    assert [item.value for item in shell.get_completions(["update"], "")] == ["cluster"]
    assert [item.value for item in shell.get_completions(["update", "cluster"], "n")] == ["new.example.com"]


def test_version_in_every_form(cli):
    from kops_pulumi import __version__

    assert cli("version", "--short").out == f"{__version__}\n"
    assert cli("version").out.startswith(f"kops-pulumi {__version__} (Kubernetes 1.")
    assert '"kubernetes": [' in cli("version", "-o", "json").out
    assert f"version: {__version__}" in cli("version", "-o", "yaml").out
