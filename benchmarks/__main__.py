"""Measure what docs/performance.md promises: `python -m benchmarks`, or `make bench`.

Each figure is the median of several runs of the program as a user starts it, Python's own start included; the clock is
the wall's, or the processor's where the promise is about that. The manifests are made by `create cluster --dry-run`.
`--write` puts the figures into docs/performance.md; the exit code is 1 when a promise is broken. It must not import the
package: that would hide the cost of importing it.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
PROGRAM = Path(sys.executable).with_name("kops-pulumi")
MISTAKES = 100

HA_PRIVATE = (
    *("create", "cluster", "bench.example.com", "--cloud", "aws", "--zones", "eu-west-1a,eu-west-1b,eu-west-1c"),
    *("--control-plane-count", "3", "--node-count", "3", "--networking", "cilium", "--topology", "private"),
    *("--bastion", "--admin-access", "203.0.113.0/24", "--dry-run", "-o", "yaml"),
)
"""A highly available private cluster with bastion, as the demo has it."""


class Clock(Enum):
    """What a promise counts."""

    WALL = "wall"
    CPU = "CPU"


@dataclass(frozen=True, slots=True)
class Promise:
    """One program run and the seconds it may take."""

    name: str
    arguments: tuple[str, ...]
    seconds: float
    clock: Clock
    ends_with: int = 0
    """The exit code of a correct run."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables, such as a shell sets to have a word completed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A promise and what was measured."""

    promise: Promise
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether the program was fast enough."""
        return self.seconds <= self.promise.seconds


def main(arguments: Sequence[str]) -> int:
    """Measure everything, print the table, and say by the exit code whether all promises are kept."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the figures of docs/performance.md."
    )
    parser.add_argument("--runs", type=int, default=7, help="runs of each program; the median counts (default 7)")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        figures = [measure(promise, options.runs) for promise in promises(Path(scratch))]
    table = as_table(figures)
    print(table)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0 if all(figure.kept for figure in figures) else 1


def promises(scratch: Path) -> tuple[Promise, ...]:
    """What is promised; the manifests are written to `scratch`."""
    good, bad = scratch / "good.yaml", scratch / "bad.yaml"
    good.write_text(run(HA_PRIVATE, ends_with=0), encoding="utf-8")
    bad.write_text(with_mistakes(good.read_text(encoding="utf-8"), MISTAKES), encoding="utf-8")
    return (
        Promise("`--help`", ("--help",), 0.4, Clock.WALL),
        Promise("completing a cluster's name", (), 0.3, Clock.WALL, environment=completing(scratch, good)),
        Promise("`validate` of an HA private cluster", ("validate", "-f", str(good)), 0.6, Clock.WALL),
        Promise(f"`validate` that reports {MISTAKES} mistakes", ("validate", "-f", str(bad)), 0.5, Clock.WALL, 2),
        Promise("`toolbox resources` of it", ("toolbox", "resources", "-f", str(good), "-o", "json"), 1.5, Clock.CPU),
    )


def completing(scratch: Path, manifest: Path) -> dict[str, str]:
    """What a shell sets to complete `update cluster b`; the store has twenty clusters."""
    for number in range(20):
        directory = scratch / "clusters" / f"bench-{number}.example.com"
        directory.mkdir(parents=True)
        (directory / "cluster.yaml").write_text(manifest.read_text(encoding="utf-8"), encoding="utf-8")
    return {
        "_KOPS_PULUMI_COMPLETE": "bash_complete",
        "COMP_WORDS": "kops-pulumi update cluster b",
        "COMP_CWORD": "3",
        "KOPS_STATE_STORE": str(scratch / "clusters"),
    }


def with_mistakes(manifest: str, count: int) -> str:
    """The manifest with fields that do not exist, all of them in the first `spec`."""
    fields = "".join(f"\n  noSuchField{number}: 1" for number in range(count))
    return manifest.replace("\nspec:", f"\nspec:{fields}", 1)


def measure(promise: Promise, runs: int) -> Figure:
    """The median of several runs, after one that warms the disk's cache."""
    run(promise.arguments, promise.ends_with, promise.environment)
    return Figure(promise, statistics.median(timed(promise) for _ in range(runs)))


def timed(promise: Promise) -> float:
    """Seconds of one run, by the promise's clock."""
    wall, cpu = time.perf_counter(), children_cpu()
    run(promise.arguments, promise.ends_with, promise.environment)
    return time.perf_counter() - wall if promise.clock is Clock.WALL else children_cpu() - cpu


def children_cpu() -> float:
    """Processor seconds of all programs that we ran and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(arguments: Sequence[str], ends_with: int, environment: Mapping[str, str] | None = None) -> str:
    """What one run prints; a run that goes wrong is not worth measuring."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != ends_with:
        sys.exit(f"kops-pulumi {' '.join(arguments)} ended with {done.returncode}, not {ends_with}:\n{done.stderr}")
    return done.stdout


def as_table(figures: Sequence[Figure]) -> str:
    """The figures in Markdown, with the machine they are from."""
    rows = "\n".join(
        f"| {figure.promise.name} | {figure.promise.clock.value} | {figure.promise.seconds:.2f} s | "
        f"{figure.seconds:.2f} s | {'yes' if figure.kept else '**no**'} |"
        for figure in figures
    )
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"| what | clock | promised | measured | kept |\n|---|---|---|---|---|\n{rows}\n\nMeasured on {machine}."


def replaced(page: str, table: str) -> str:
    """The page with its figures exchanged."""
    return re.sub(r"(?<=<!-- figures -->\n).*(?=\n<!-- end of figures -->)", lambda _: table, page, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
