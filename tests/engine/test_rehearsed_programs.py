"""What README and examples tell users to run, as they would run it: in the project, through `rehearse`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kops_pulumi.automation import engine as engines

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def rehearse(tmp_path: Path):
    """Runs `kops-pulumi rehearse -- …` in the project, in a world of this test's own."""
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    environment = {**os.environ, "KOPS_PULUMI_WORLD": str(tmp_path / "world"), "PYTHONPATH": str(ROOT)}

    def run(*command: str, cwd: Path = ROOT) -> str:
        arguments = [sys.executable, "-m", "kops_pulumi", "rehearse", "--", *command]
        done = subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_pulumi_up_from_the_project_and_then_nothing_to_do(rehearse):
    before = (ROOT / "stacks" / "Pulumi.local.yaml").read_bytes()
    assert "created" in rehearse("pulumi", "up", "-s", "local", "--yes", "--skip-preview")
    rehearse("pulumi", "preview", "-s", "local", "--expect-no-changes")
    assert (ROOT / "stacks" / "Pulumi.local.yaml").read_bytes() == before


def test_a_cluster_from_a_users_own_program(rehearse, tmp_path):
    program = str(ROOT / "examples" / "service" / "service.py")
    first = rehearse(sys.executable, program, cwd=tmp_path).splitlines()
    assert first[-1] == "api.minimal.example.com"
    assert rehearse(sys.executable, program, cwd=tmp_path).splitlines()[0].startswith("no changes; ")


def test_a_cluster_among_other_resources(rehearse):
    program = ROOT / "examples" / "program"
    before = (program / "Pulumi.dev.yaml").read_bytes()
    assert "api-address created" in rehearse("pulumi", "up", "-s", "dev", "--yes", "--skip-preview", cwd=program)
    rehearse("pulumi", "preview", "-s", "dev", "--expect-no-changes", cwd=program)
    assert (program / "Pulumi.dev.yaml").read_bytes() == before
