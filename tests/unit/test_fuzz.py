"""A sample of what `tools/fuzz.py` runs by the hundred thousand, the same examples on every run."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support import fuzz

MANIFESTS, COMMANDS = 500, 200


@seed(20261126)
@settings(
    max_examples=MANIFESTS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(fuzz.MANIFESTS)
def test_no_mutated_manifest_gives_a_traceback(how):
    fuzz.read(fuzz.broken(how))


def test_no_command_line_gives_a_traceback_or_changes_something_and_fails():
    with fuzz.terminal() as terminal:
        for number in range(COMMANDS):
            terminal.run(fuzz.command_line(number))


def test_the_same_number_is_the_same_command_line():
    assert fuzz.command_line(7) == fuzz.command_line(7)
    assert len({tuple(fuzz.command_line(number)) for number in range(50)}) > 40


def test_every_command_is_tried():
    tried = {fuzz.command_line(number)[0] for number in range(500)}
    assert {command.words[0] for command in fuzz.commands()} <= tried
