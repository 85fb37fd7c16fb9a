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


def said(message: str, urn: str) -> EngineEvent:
    diagnostic = {"message": message, "color": "never", "severity": "info", "urn": urn}
    return EngineEvent.from_json({"sequence": 0, "timestamp": 0, "diagnosticEvent": diagnostic})


CLUSTER = "urn:pulumi:a::p::kops:index:Cluster::a"


def test_what_is_waited_for_is_said_on_a_terminal_until_something_goes_on():
    view = LiveView("updating a")
    view(said("<{%reset%}>the API does not answer yet<{%reset%}>\n", CLUSTER))
    assert "waiting   the API does not answer yet" in _drawn(view)
    view(event("resourcePreEvent", "create"))
    assert "waiting" not in _drawn(view)
    view(said("[1/2] Pods are starting", "urn:pulumi:a::p::aws:ec2/vpc:Vpc::a-vpc"))
    assert "a-vpc  [1/2] Pods are starting" in _drawn(view)
    view(event("resOutputsEvent", "create"))
    assert "Pods are starting" not in _drawn(view)


def test_what_is_waited_for_is_a_line_in_a_pipe(capsys):
    lines = Lines("updating a")
    lines(said("the API does not answer yet", CLUSTER))
    lines(said("of no interest", "urn:pulumi:a::p::kops:index:Cluster$aws:ec2/vpc:Vpc::a-vpc"))
    (_, line) = capsys.readouterr().err.splitlines()
    assert line.split(maxsplit=2)[2] == "waiting   the API does not answer yet"


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
