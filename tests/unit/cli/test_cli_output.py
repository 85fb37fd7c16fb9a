from __future__ import annotations

import sys

import yaml

from kops_pulumi.cli import output


def test_columns_are_as_wide_as_they_need():
    assert output.table(("NAME", "N"), [("a", 1), ("long-name", None)]) == "NAME       N\na          1\nlong-name  -"


def test_lists_booleans_and_nothing_have_a_form():
    assert output.table(("A", "B", "C"), [(["x", "y"], True, "")]).splitlines()[1] == "x,y  yes  -"


def test_on_a_terminal_the_widest_column_gives_way(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    lines = output.table(("NAME", "REASON"), [("a", "x" * 100)]).splitlines()
    assert max(map(len, lines)) == 30
    assert lines[1].endswith("…")


def test_in_a_pipe_nothing_is_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert output.table(("NAME",), [("x" * 100,)]).splitlines()[1] == "x" * 100


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.styled("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.styled("x", "red") == "x"


def test_yaml_keeps_order_divides_documents_and_reads_back():
    shared = ["s"]
    documents = [{"b": 1, "a": shared, "c": shared, "text": "two\nlines\n"}, {"version": "1.30", "on": "yes"}]
    text = output.as_yaml(documents)
    assert text.startswith("b: 1\na:\n  - s\nc:\n  - s\ntext: |\n  two\n")
    assert list(yaml.safe_load_all(text)) == documents


def test_durations_read_well():
    assert [output.duration(s) for s in (4.21, 59.9, 185)] == ["4.2 s", "59.9 s", "3 min 05 s"]
