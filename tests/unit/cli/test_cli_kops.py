"""Old habits: every command and flag of kops's works, or says what to do instead; the page tells the truth of it."""

from __future__ import annotations

import re

import click
import pytest

from kops_pulumi.cli import app, kops
from kops_pulumi.cli.lazy import LazyGroup, spelled
from tests.support import kops_commands
from tests.unit.cli.conftest import ROOT

PAGE = ROOT / "docs" / "cli" / "kops.md"
ROWS = {
    found["kops"]: (found["here"], found["differs"])
    for found in re.finditer(
        r"^\| `kops (?P<kops>[^`|]+)` \| (?:`(?P<here>[^`]+)`|–) \| (?P<differs>.*?) ?\|$",
        PAGE.read_text(),
        re.MULTILINE,
    )
}


def command(words: list[str]) -> click.Command | None:
    """The command of these words; what follows a command that is no group is its argument."""
    found: click.Command = app.root
    for word in words:
        if not isinstance(found, LazyGroup):
            return found
        verb = found.verbs.get(found.aliases.get(word, word))
        if verb is None:
            return None
        found = verb.load()
    return found


def options(found: click.Command) -> set[str]:
    return {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}


def test_the_page_has_every_command_of_kops_and_no_other():
    assert set(ROWS) == set(kops_commands.COMMANDS)


@pytest.mark.parametrize("name", sorted(kops_commands.COMMANDS))
def test_a_command_of_kops_is_here_or_says_what_to_do(cli, name):
    here, _ = ROWS[name]
    if here is None:
        result = cli(*name.split())
        assert (result.code, "is kops's" in result.err) == (64, True)
        return
    found = command(here.removesuffix(" -o").split())
    assert found is not None, here
    assert command(name.split()) is found, "kops's own words lead there too"


@pytest.mark.parametrize("name", sorted(name for name, (here, _) in ROWS.items() if here))
def test_a_flag_of_kops_works_or_is_refused_with_a_way_out_and_is_on_the_page(cli, name):
    found, (_, differs) = command(name.split()), ROWS[name]
    for flag in kops_commands.flags(name):
        if flag in options(found):
            continue
        assert f"`{flag}`" in differs, f"{flag} is not in the row of {name}"
        result = cli(*name.split(), flag, "x")
        assert (result.code, "kops has it; here: " in result.err) == (64, True), f"{name} {flag}: {result.err}"


def test_flags_that_the_page_calls_absent_are_absent():
    for name, (here, differs) in ROWS.items():
        for flag in re.findall(r"`(--[a-z-]+)` does not exist", differs):
            assert flag not in options(command((here or name).split())), f"{name} has {flag}"


def test_hints_are_of_commands_and_flags_that_kops_has():
    for name, hints in kops.FLAGS.items():
        known = set(kops_commands.flags(name)) if name in kops_commands.COMMANDS else None
        assert known is None or set(hints) <= known, name


def test_commands_that_kops_removed_have_a_hint(cli):
    for words in (("import", "cluster"), ("secrets", "expose"), ("server",), ("toolbox", "enroll", "--host", "x")):
        result = cli(*words)
        assert (result.code, "is kops's" in result.err, len(result.err.splitlines()) <= 3) == (64, True, True)


def test_feature_flags_are_remarked_upon(cli, stored, monkeypatch):
    monkeypatch.setenv("KOPS_FEATURE_FLAGS", "+Karpenter")
    result = cli("get", "clusters", "-o", "name")
    assert (result.code, result.out, "changes nothing" in result.err) == (0, "new.example.com\n", True)


def test_switches_as_go_spells_them():
    delete = command(["delete", "instancegroup"])
    assert spelled(delete, ["x", "--yes=true", "--name=true"]) == ["x", "--yes", "--name=true"]
    assert spelled(delete, ["x", "--yes=false", "--", "--yes=true"]) == ["x", "--", "--yes=true"]
    assert spelled(command(["toolbox", "template"]), ["--fail-on-missing=F"]) == ["--no-fail-on-missing"]
    assert spelled(delete, ["--yes=maybe"]) == ["--yes=maybe"]
