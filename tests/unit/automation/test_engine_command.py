"""The engine as a child process: a stand-in script plays the engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from kops_pulumi.automation.command import EngineCommand
from kops_pulumi.automation.engine import Engine, Origin
from kops_pulumi.automation.locks import _alive, holder_in
from kops_pulumi.automation.stack import what_matters

LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete
the lock file with `pulumi cancel`.
  file:///s/.pulumi/locks/organization/p/a/x.json: created by ann@laptop (pid 4711) at 2026-11-23T08:00:00Z"""


def _command(tmp_path: Path, script: str) -> EngineCommand:
    cli = tmp_path / "pulumi"
    cli.write_text(f"#!{sys.executable}\n{textwrap.dedent(script)}")
    cli.chmod(0o755)
    return EngineCommand(Engine(cli, cli, "3.259.0", Origin.CACHE), lambda _count: None)


def test_output_comes_line_by_line_and_whole(tmp_path):
    lines: list[str] = []
    command = _command(tmp_path, "import sys\nprint('one')\nprint('two')\nprint(sys.argv[1:], file=sys.stderr)")
    result = command.run(["stack", "ls"], str(tmp_path), dict(os.environ), lines.append)
    assert (lines, result.stdout, result.code) == (["one", "two"], "one\ntwo", 0)
    assert result.stderr == "['--non-interactive', 'stack', 'ls']"


def test_a_failure_is_the_automation_apis_own_error(tmp_path):
    command = _command(tmp_path, "import sys\nsys.exit('error: no')")
    with pytest.raises(CommandError, match="error: no"):
        command.run(["up"], str(tmp_path), dict(os.environ))


def test_a_lock_is_recognised_with_its_holder(tmp_path):
    command = _command(tmp_path, f"import sys\nsys.exit({LOCKED!r})")
    with pytest.raises(ConcurrentUpdateError) as caught:
        command.run(["up"], str(tmp_path), dict(os.environ))
    holder = holder_in(str(caught.value))
    assert holder is not None
    assert str(holder) == "ann@laptop (process 4711) since 2026-11-23T08:00:00Z"


def test_the_environment_is_exactly_what_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://real")
    command = _command(tmp_path, "import os\nprint(os.environ.get('PULUMI_BACKEND_URL'))")
    assert command.run([], str(tmp_path), {"PATH": os.environ["PATH"]}).stdout == "None"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_lets_the_engine_finish_before_we_stop(tmp_path, number):
    """The engine answers the first SIGINT by finishing its work; only then do we end, and as interrupted."""
    engine = """
        import os, pathlib, signal, sys, time
        def finish(*_):
            pathlib.Path("finished").write_text("yes")
            sys.exit(1)
        signal.signal(signal.SIGINT, finish)
        os.kill(int(os.environ["PARENT"]), int(os.environ["NUMBER"]))
        signal.pause()
    """
    cli = tmp_path / "pulumi"
    cli.write_text(f"#!{sys.executable}\n{textwrap.dedent(engine)}")
    cli.chmod(0o755)
    program = f"""
        import os, sys
        from pathlib import Path
        from kops_pulumi.automation.command import EngineCommand
        from kops_pulumi.automation.engine import Engine, Origin
        cli = Path({str(cli)!r})
        command = EngineCommand(Engine(cli, cli, "3.259.0", Origin.CACHE), lambda count: print("interrupt", count))
        try:
            environment = {{**os.environ, "PARENT": str(os.getpid()), "NUMBER": "{int(number)}"}}
            command.run(["up"], {str(tmp_path)!r}, environment)
        except KeyboardInterrupt:
            print("stopped")
    """
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=30,
    )
    assert (done.stdout.split("\n")[:2], done.stderr) == (["interrupt 1", "stopped"], "")
    assert (tmp_path / "finished").read_text() == "yes"


def test_a_dead_process_is_told_from_a_living_one():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert _alive(os.getpid())
    assert not _alive(ended.pid)


def test_of_a_failure_only_the_lines_that_matter_are_shown():
    diagnostics = [
        "creating VPC: VpcLimitExceeded: no room\n",
        "update failed",
        "creating VPC: VpcLimitExceeded: no room",
    ]
    assert what_matters(diagnostics, "noise") == ["creating VPC: VpcLimitExceeded: no room"]
    assert what_matters([], "Updating\nerror: bad thing\n") == ["bad thing"]
    assert what_matters([], "code: 255\n stderr: error: no such key\n") == ["no such key"]
    many = what_matters([f"line {n}" for n in range(9)], "")
    assert (len(many), many[-1]) == (6, "… and 4 more lines")
    assert what_matters([], "") == ["the engine failed without a word"]
