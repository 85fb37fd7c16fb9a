"""Mutated manifests and command lines by the hundred thousand: none may give a traceback.

    python tools/fuzz.py                       100,000: 90,000 manifests, 10,000 command lines
    python tools/fuzz.py --manifests 5000 --commands 500 --seed 3

Manifests are hypothesis examples of a fixed seed, command lines are made from their number: every failure is printed
with what makes it again. Exits 1 when there was any.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support import fuzz

MANIFESTS, COMMANDS = 90_000, 10_000


def manifests(count: int, number: int) -> list[str]:
    """Failures among that many mutated manifests."""
    failures = list[str]()

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(fuzz.MANIFESTS)
    def run(how: tuple[str, int, object]) -> None:
        try:
            fuzz.read(fuzz.broken(how))
        except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
            failures.append(f"manifest {how!r}\n{traceback.format_exc(limit=-3)}")

    run()
    return failures


def command_lines(count: int, first: int) -> list[str]:
    """Failures among that many command lines, by number."""
    failures = list[str]()
    with fuzz.terminal() as terminal:
        for number in range(first, first + count):
            arguments = fuzz.command_line(number)
            try:
                terminal.run(arguments)
            except Exception:  # noqa: BLE001
                failures.append(f"command {number}: {shlex.join(arguments)}\n{traceback.format_exc(limit=-3)}")
    return failures


def main() -> int:
    """Run both kinds and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifests", type=int, default=MANIFESTS)
    parser.add_argument("--commands", type=int, default=COMMANDS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failures = list[str]()
    for what, run, count in (
        ("manifests", manifests, options.manifests),
        ("command lines", command_lines, options.commands),
    ):
        started = time.monotonic()
        found = run(count, options.seed) if count else []
        took = time.monotonic() - started
        print(f"{count} {what} in {took:.0f} s, {len(found)} gave a traceback (seed {options.seed})", flush=True)
        failures += found
    for failure in failures[:20]:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
