"""Commands in pages: what a page says a command prints must be what it prints.

A `console` fence is a session: lines that begin with `$ ` are typed, the rest is what came of them, on stdout and
stderr together. A line that is `…` alone stands for any number of lines left out. Durations may differ. A YAML fence
with a `title="name.yaml"` is a file of that name.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = "…"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')
_DURATION = re.compile(r"\b\d+(\.\d+)? (ms|s|min)\b")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a page, and what the page says that it prints."""

    line: int
    text: str
    words: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def ours(self) -> bool:
        """Whether it is a command of `kops-pulumi`."""
        return self.words[0] == "kops-pulumi"

    @property
    def needs_engine(self) -> bool:
        """Whether Pulumi's engine runs in it."""
        return bool({"--rehearse", "rehearse", "pulumi", "make"} & set(self.words))


def commands(page: Path) -> Iterator[Command]:
    """The commands of a page's sessions, in order; `--help` is left to the pages of the command line."""
    text = page.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        if fence["info"].strip() != "console":
            continue
        line = text[: fence.start()].count("\n") + 1
        body = fence["body"].replace("\\\n", " ")
        for typed in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            first, *shown = typed.splitlines()
            words = tuple(shlex.split(first, comments=True))
            if "--help" not in words:
                yield Command(line, first, words, tuple(row.rstrip() for row in shown if row.strip()))


def files(page: Path) -> dict[str, str]:
    """The files that a page shows, by name."""
    text = page.read_text(encoding="utf-8")
    return {
        title[1]: fence["body"]
        for fence in _FENCE.finditer(text)
        if (title := _TITLE.search(fence["info"])) and fence["info"].startswith("yaml")
    }


def furnish(directory: Path, page: Path) -> None:
    """Make a directory like the reader's: the examples, and the files that the page shows."""
    (directory / "examples").symlink_to(ROOT / "examples")
    for name, text in files(page).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(command: Command) -> list[str]:
    """Run it in the working directory; the lines that it printed, without blank ones."""
    if not command.ours:
        done = subprocess.run(["sh", "-c", command.text], capture_output=True, text=True, check=False)
        return _lines(done.stdout + done.stderr)
    from kops_pulumi.cli import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(command.words[1:])
    return _lines(said.getvalue())


def refreshed(page: Path, command: Command, actual: list[str]) -> None:
    """Write the program's own line where the page has it with other figures."""
    text = page.read_text(encoding="utf-8")
    for line in command.shown:
        alike = [other for other in actual if _shape(other) == _shape(line)]
        if alike and line not in actual:
            text = text.replace(line, alike[0])
    page.write_text(text, encoding="utf-8")


def disagreement(shown: Iterable[str], actual: Iterable[str]) -> str | None:
    """The first shown line that does not come where it should; None when the page tells the truth."""
    rest = [_timeless(line) for line in actual]
    skipping = False
    for line in shown:
        wanted = _timeless(line)
        if wanted.strip() == LEFT_OUT:
            skipping = True
            continue
        place = rest.index(wanted) if wanted in rest else -1
        if place < 0 or (place > 0 and not skipping):
            return line
        rest, skipping = rest[place + 1 :], False
    return None if skipping or not rest else f"(not shown) {rest[0]}"


def _shape(line: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "0", line)


def _timeless(line: str) -> str:
    return _DURATION.sub("0 s", line)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
