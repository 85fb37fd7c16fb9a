"""What users write has types: their programs pass mypy and pyright in strict mode, and their mistakes do not.

Both checkers come with `requirements/dev.txt` (pyright as basedpyright, which brings its own Node, so nothing is
downloaded here) and read `programs/` as a user's project would be read: none of this repository's settings.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from kops_pulumi.testing import record

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
MISTAKES = PROGRAMS / "mistakes.py"
REFUSED = sorted(
    number for number, line in enumerate(MISTAKES.read_text().splitlines(), 1) if line.endswith("# refused")
)
RIGHT = sorted(path.name for path in PROGRAMS.glob("*.py") if path != MISTAKES)

Complaints = dict[str, dict[int, str]]
"""File name → line → what the checker says of it."""


@pytest.fixture(scope="module")
def by_mypy(pytestconfig: pytest.Config) -> Complaints:
    cache = pytestconfig.cache.mkdir("typing-mypy")
    options = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={cache}", "--output=json"]
    command = [sys.executable, "-m", "mypy", *options, *(str(path) for path in sorted(PROGRAMS.glob("*.py")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return _by_file((Path(item["file"]), item["line"], item["message"]) for item in said if item["severity"] == "error")


@pytest.fixture(scope="module")
def by_pyright(tmp_path_factory: pytest.TempPathFactory) -> Complaints:
    program = Path(sys.executable).parent / "basedpyright"
    if not program.exists():
        pytest.skip("no basedpyright in this environment (`make setup` installs it): checked by mypy only")
    settings = {
        "include": [str(PROGRAMS)],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "pythonVersion": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    config = tmp_path_factory.mktemp("pyright") / "pyrightconfig.json"
    config.write_text(json.dumps(settings))
    command = [str(program), "--project", str(config), "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=dict(os.environ))
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    said = json.loads(done.stdout)["generalDiagnostics"]
    return _by_file(
        (Path(item["file"]), item["range"]["start"]["line"] + 1, item["message"])
        for item in said
        if item["severity"] == "error"
    )


def _by_file(said) -> Complaints:
    complaints: Complaints = {}
    for path, line, message in said:
        complaints.setdefault(path.name, {})[line] = message
    return complaints


@pytest.mark.parametrize("program", RIGHT)
def test_mypy_accepts(program, by_mypy):
    assert by_mypy.get(program, {}) == {}


def test_mypy_finds_every_mistake(by_mypy):
    assert sorted(by_mypy[MISTAKES.name]) == REFUSED


@pytest.mark.parametrize("program", RIGHT)
def test_pyright_accepts(program, by_pyright):
    assert by_pyright.get(program, {}) == {}


def test_pyright_finds_every_mistake(by_pyright):
    assert sorted(by_pyright[MISTAKES.name]) == REFUSED


def test_the_pulumi_program_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    program = PROGRAMS / "pulumi_program.py"
    clusters = record(lambda: runpy.run_path(str(program))).of("kops:index:Cluster")
    assert {cluster.name for cluster in clusters} == {"small", "large", "again", "bare"}


def test_the_users_own_tests_pass(monkeypatch):
    monkeypatch.chdir(ROOT)
    tests = runpy.run_path(str(PROGRAMS / "own_tests.py"))
    for name in (name for name in tests if name.startswith("test_")):
        tests[name]()


def test_the_service_reads_findings(tmp_path):
    bad = tmp_path / "cluster.yaml"
    bad.write_text("kind: Cluster\napiVersion: kops.k8s.io/v1alpha2\nspec: {}\nspek: {}\n")
    service = runpy.run_path(str(PROGRAMS / "own_service.py"))
    assert 4 in service["lines_of"](bad)
