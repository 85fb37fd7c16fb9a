"""Completion, as a shell asks for it: what it offers, and that it stays cheap."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = "import sys; from kops_pulumi.cli import main; code = main([]); print(*sorted(sys.modules), file=sys.stderr)"
_ATEXIT = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr));"
HEAVY = {"pulumi", "pydantic", "yaml", "rich", "grpc", "jinja2", "boto3", "kops_pulumi.spec", "kops_pulumi.manifest"}


def _ask(line: str, where: Path, kind: str = "bash", **more: str) -> tuple[list[str], set[str]]:
    words = line.split(" ")
    asked = {"_KOPS_PULUMI_COMPLETE": f"{kind}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KOPS_")}
    done = subprocess.run(
        [sys.executable, "-c", _ATEXIT + _PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        cwd=where,
        env={**clean, "PYTHONPATH": str(ROOT), **asked, **more},
    )
    return [line for line in done.stdout.splitlines() if line], set(done.stderr.splitlines()[-1].split())


def _values(answers: list[str]) -> list[str]:
    return [answer.partition(",")[2] for answer in answers]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kops-pulumi update cluster n", ["new.example.com"]),
        ("kops-pulumi get clusters new", ["new.example.com"]),
        ("kops-pulumi set cluster n", ["new.example.com"]),
        ("kops-pulumi get ig --name n", ["new.example.com"]),
        ("kops-pulumi edit ig ", ["control-plane-eu-west-1a", "nodes-eu-west-1a"]),
        ("kops-pulumi delete instancegroup nod", ["nodes-eu-west-1a"]),
        ("kops-pulumi promote keypair kub", ["kubernetes-ca"]),
        ("kops-pulumi create keypair al", ["all"]),
        ("kops-pulumi create cluster x --zones eu-west-3", ["eu-west-3a", "eu-west-3b", "eu-west-3c"]),
        ("kops-pulumi create cluster x --zones eu-west-3a,eu-west-2c", ["eu-west-3a,eu-west-2c"]),
        ("kops-pulumi create cluster x --cloud gce --zones europe-west3-", [f"europe-west3-{z}" for z in "abc"]),
        ("kops-pulumi create cluster x --kubernetes-version 1.3", ["1.37.0", "1.36.0", "1.35.0"]),
        ("kops-pulumi get ig -o j", ["json"]),
        ("kops-pulumi sch", ["schema"]),
    ],
)
def test_what_is_offered(stored, line, expected):
    answers, modules = _ask(line, stored.parent)
    assert _values(answers) == expected
    assert not modules & HEAVY


def test_a_store_that_cannot_be_read_offers_nothing(tmp_path):
    assert _ask("kops-pulumi update cluster n", tmp_path)[0] == []
    assert _ask("kops-pulumi edit ig n", tmp_path)[0] == []
    assert _ask("kops-pulumi edit ig n", tmp_path, KOPS_STATE_STORE="s3://bucket")[0] == []
    assert _ask("kops-pulumi update cluster n", tmp_path, KOPS_STATE_STORE="s3://bucket")[0] == []


@pytest.mark.parametrize(
    ("shell", "mark"),
    [("bash", "COMP_WORDS"), ("zsh", "#compdef"), ("fish", "complete "), ("powershell", "Register-ArgumentCompleter")],
)
def test_every_shell_has_its_script(cli, shell, mark):
    result = cli("completion", shell, "--no-descriptions")
    assert (result.code, mark in result.out, "kops-pulumi" in result.out) == (0, True, True)


def test_powershell_gets_kind_value_and_help_in_a_line(stored):
    answers, modules = _ask("kops-pulumi get k", stored.parent, kind="powershell")
    assert [answer.split("\t")[:2] for answer in answers] == [["plain", "keypairs"], ["plain", "kubeconfig"]]
    assert all(answer.split("\t")[2] for answer in answers)
    assert not modules & HEAVY
