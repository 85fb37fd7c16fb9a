"""`python -m kops_pulumi.demo`: a production-shaped cluster through its life, by the real engine on a simulated AWS.

Preview, create, preview again (nothing), change one line, preview (only that), update, destroy (nothing left). Every
step prints its figures and is held to what it should be: the first surprise ends the demo with exit code 1.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kops_pulumi import pipeline
from kops_pulumi.automation import engine as engines
from kops_pulumi.automation.render import digest, text
from kops_pulumi.automation.report import Action, ChangeReport
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.cli.progress import watching
from kops_pulumi.errors import KopsError
from kops_pulumi.rehearsal import World, world

MANIFEST = Path(__file__).parents[1] / "examples" / "aws" / "ha-private.yaml"
GROUP = "nodes-eu-central-1a"
BEFORE, AFTER = "maxSize: 3", "maxSize: 5"
MANY = 12
"""From this many changes on, a report is printed as counts."""


class BrokenPromiseError(KopsError):
    """A step did not do what it should."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation and what must come of it."""

    title: str
    run: Callable[[ClusterStack], ChangeReport]
    expect: Callable[[ChangeReport], bool]
    promise: str
    """`expect` in words."""


def preview(stack: ClusterStack) -> ChangeReport:
    """Show what would change."""
    with watching("previewing", quiet=not sys.stderr.isatty()) as watch:
        return stack.preview(watch=watch)


def up(stack: ClusterStack) -> ChangeReport:
    """Make the changes."""
    with watching("updating", quiet=not sys.stderr.isatty()) as watch:
        return stack.up(watch=watch)


def destroy(stack: ClusterStack) -> ChangeReport:
    """Delete everything."""
    with watching("destroying", quiet=not sys.stderr.isatty()) as watch:
        return stack.destroy(watch=watch)


def _only_creations(report: ChangeReport) -> bool:
    return report.count(Action.CREATE) == report.count() > 100


def _one_group(report: ChangeReport) -> bool:
    changes = report.resources()
    return (
        len(changes) == 1
        and changes[0].action is Action.UPDATE
        and changes[0].name.endswith(GROUP)
        and [(item.path, item.before, item.after) for item in changes[0].properties] == [("maxSize", 3, 5)]
    )


FIRST = (
    Step("preview of a new cluster", preview, _only_creations, "creations only"),
    Step("create it", up, _only_creations, "creations only"),
    Step("preview again", preview, lambda report: report.empty, "no change at all"),
)
EDITED = (
    Step("preview the edit", preview, _one_group, f"maxSize of {GROUP}, and nothing else"),
    Step("update", up, _one_group, f"maxSize of {GROUP}, and nothing else"),
    Step("preview again", preview, lambda report: report.empty, "no change at all"),
    Step("destroy", destroy, lambda report: report.count(Action.DELETE) == report.count() > 100, "deletions only"),
)


def main() -> int:
    """Run the demo; 0 when every promise was kept."""
    started = time.monotonic()
    try:
        with _engine_on_path(), _fresh_world() as (here, directory):
            _life(here, directory)
    except KopsError as error:
        print(f"\nthe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; nothing to clean up, the cloud was simulated", file=sys.stderr)
        return 130
    print(f"\nAll promises kept, in {time.monotonic() - started:.0f} s. No account was used: the cloud was simulated,")
    print("the engine is Pulumi's own. Next: README.md, or `kops-pulumi rehearse -- pulumi up --stack local`.")
    return 0


def _life(here: World, directory: Path) -> None:
    manifest = directory / "cluster.yaml"
    manifest.write_text(MANIFEST.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"A cluster for production, from {MANIFEST.relative_to(Path(__file__).parents[1])}:")
    print("three control planes, three nodes and a bastion over three zones, private, Cilium.\n")
    stack = _open(here, manifest)
    for step in FIRST:
        _take(step, stack)
    _edit(manifest)
    stack = _open(here, manifest)
    for step in EDITED:
        _take(step, stack)
    left = here.store.objects(adopted=False)
    if left:
        raise BrokenPromiseError(f"{len(left)} objects are left in the cloud, such as {left[0].type} {left[0].id}")
    print("    nothing is left in the simulated cloud")


def _open(here: World, manifest: Path) -> ClusterStack:
    started = time.monotonic()
    planned = pipeline.load([manifest])
    print(f"    manifest read, checked and planned in {time.monotonic() - started:.2f} s")
    return ClusterStack.of(planned, state=here.path, environ=here.environment, project_file=here.path / "Pulumi.yaml")


def _take(step: Step, stack: ClusterStack) -> None:
    print(f"==> {step.title}", flush=True)
    started = time.monotonic()
    report = step.run(stack)
    seconds = time.monotonic() - started
    shown = digest(report) if report.count() > MANY else text(report)
    print("\n".join(f"    {line}" for line in shown.splitlines()))
    if not step.expect(report):
        raise BrokenPromiseError(f"`{step.title}` should have been {step.promise}", hint=text(report))
    operations = "1 operation" if report.count() == 1 else f"{report.count()} operations"
    print(f"    {operations} in {seconds:.1f} s: {step.promise}, as promised", flush=True)


def _edit(manifest: Path) -> None:
    """One line, as an editor would change it."""
    head, mark, tail = manifest.read_text(encoding="utf-8").partition(f"name: {GROUP}\n")
    manifest.write_text(head + mark + tail.replace(BEFORE, AFTER, 1), encoding="utf-8")
    print(f"==> edit one line of the manifest: {GROUP}: {BEFORE} → {AFTER}")


@contextlib.contextmanager
def _engine_on_path() -> Iterator[None]:
    """Make sure that there is an engine; the first run on a machine may have to install one."""
    engines.ensure(say=lambda line: print(line, flush=True))
    yield


@contextlib.contextmanager
def _fresh_world() -> Iterator[tuple[World, Path]]:
    with tempfile.TemporaryDirectory(prefix="kops-pulumi-demo-") as directory:
        path = Path(directory)
        with world(path / "world") as here:
            yield here, path


if __name__ == "__main__":
    sys.exit(main())
