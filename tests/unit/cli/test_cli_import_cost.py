"""Start-up time, held by counting what is imported: a count never depends on how busy the machine is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = """
import json, sys
from kops_pulumi.cli import main
code = main(json.loads(sys.argv[1]))
print("\\n" + json.dumps([code, sorted(sys.modules)]))
"""
EXAMPLE = str(ROOT / "examples" / "aws" / "ha-private.yaml")


def _imported(*arguments: str) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(arguments)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("version", "--short"), ("completion", "bash"), ("update", "--help")]
)
def test_help_version_and_completion_import_next_to_nothing(arguments):
    code, modules = _imported(*arguments)
    assert code == 0
    assert not modules & {
        "pulumi",
        "pydantic",
        "yaml",
        "rich",
        "grpc",
        "jinja2",
        "kops_pulumi.spec",
        "kops_pulumi.manifest",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "-f", EXAMPLE),
        ("schema",),
        ("schema", "change-report"),
        ("toolbox", "plan", "-f", EXAMPLE),
        ("toolbox", "firewall", "-f", EXAMPLE),
        ("toolbox", "network", "-f", EXAMPLE),
        ("toolbox", "graph", "-f", EXAMPLE),
    ],
    ids=" ".join,
)
def test_what_works_offline_never_imports_pulumi(arguments):
    code, modules = _imported(*arguments)
    assert code == 0
    assert not [name for name in modules if name == "pulumi" or name.startswith(("pulumi_", "pulumi.", "grpc", "rich"))]


_COMPLETION = """
import atexit, os, sys
os.environ.update(_KOPS_PULUMI_COMPLETE="bash_complete", COMP_WORDS="kops-pulumi to", COMP_CWORD="1")
atexit.register(lambda: print(*sorted(sys.modules)))
from kops_pulumi.cli import main
main([])
"""


def test_completing_a_verb_imports_no_verb():
    done = subprocess.run([sys.executable, "-c", _COMPLETION], capture_output=True, text=True, check=True, cwd=ROOT)
    completed, modules = done.stdout.splitlines()
    assert completed == "plain,toolbox"
    assert "kops_pulumi.cli.app" in modules
    assert "kops_pulumi.cli.toolbox" not in modules
