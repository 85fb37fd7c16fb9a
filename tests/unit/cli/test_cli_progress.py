from __future__ import annotations

import io

from pulumi.automation import EngineEvent
from rich.console import Console

from kops_pulumi.cli.progress import Lines, LiveView, watching


def event(kind: str, op: str, type_: str = "aws:ec2/vpc:Vpc", *, planning: bool = False) -> EngineEvent:
    urn = f"urn:pulumi:a::p::{type_}::a-vpc"
    metadata = {"op": op, "urn": urn, "type": type_, "provider": ""}
    return EngineEvent.from_json({"sequence": 0, "timestamp": 0, kind: {"metadata": metadata, "planning": planning}})


def test_in_a_pipe_each_thing_that_is_done_is_a_line(capsys):
    lines = Lines("updating a")
    lines(event("resourcePreEvent", "create"))
    lines(event("resOutputsEvent", "create"))
    lines(event("resOutputsEvent", "same"))
    lines(event("resOutputsEvent", "create", "kops:aws:Network"))
    lines(event("resOpFailedEvent", "update"))
    lines.close()
    said = capsys.readouterr()
    first, created, failed, last = said.err.splitlines()
    assert said.out == ""
    assert (first, last.split()[0]) == ("updating a …", "took")
    assert created.split()[2:] == ["created", "aws:ec2:Vpc", "a-vpc"]
    assert failed.split()[2:] == ["FAILED", "aws:ec2:Vpc", "a-vpc"]


def test_a_preview_in_a_pipe_has_no_lines_between(capsys):
    lines = Lines("previewing a")
    lines(event("resOutputsEvent", "create", planning=True))
    assert capsys.readouterr().err == "previewing a …\n"


def _drawn(view: LiveView) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(view)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_on_a_terminal_what_is_in_flight_is_shown_with_counts():
    view = LiveView("updating a")
    view(event("resourcePreEvent", "create"))
    assert "creating  aws:ec2:Vpc  a-vpc" in _drawn(view)
    view(event("resOutputsEvent", "create"))
    drawn = _drawn(view)
    assert "1 created" in drawn
    assert "creating" not in drawn


def test_many_things_in_flight_fit_the_screen():
    view = LiveView("updating a")
    for number in range(30):
        view(event("resourcePreEvent", "create", f"aws:ec2/x:X{number}"))
    drawn = _drawn(view).splitlines()
    assert len(drawn) <= 12
    assert "22 more" in drawn[-1]


def test_quiet_says_nothing(capsys):
    with watching("x", quiet=True) as watch:
        watch(event("resOutputsEvent", "create"))
    assert capsys.readouterr().err == ""
