"""The page of figures is rewritten in its place, and a broken promise shows."""

from benchmarks import __main__ as bench
from benchmarks.__main__ import Clock, Figure, Promise

HELP = Promise("`--help`", ("--help",), 0.4, Clock.WALL)


def test_figures_are_exchanged_and_the_rest_of_the_page_stays() -> None:
    page = "# Title\n<!-- figures -->\nold\nold too\n<!-- end of figures -->\nafter\n"

    assert bench.replaced(page, "new \\1") == "# Title\n<!-- figures -->\nnew \\1\n<!-- end of figures -->\nafter\n"


def test_the_real_page_has_a_place_for_figures() -> None:
    page = bench.PAGE.read_text(encoding="utf-8")

    assert "MARK" in bench.replaced(page, "MARK")


def test_a_broken_promise_shows() -> None:
    table = bench.as_table([Figure(HELP, 0.1), Figure(HELP, 0.41)])

    assert "| 0.40 s | 0.10 s | yes |" in table
    assert "| 0.40 s | 0.41 s | **no** |" in table


def test_mistakes_are_all_in_the_first_spec() -> None:
    manifest = bench.with_mistakes("kind: Cluster\nspec:\n  a: 1\n---\nkind: InstanceGroup\nspec:\n  b: 1\n", 2)

    assert manifest.startswith("kind: Cluster\nspec:\n  noSuchField0: 1\n  noSuchField1: 1\n  a: 1\n---\n")
