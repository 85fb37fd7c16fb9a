"""Running the command line as a user does: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kops_pulumi.cli import main

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Result:
    code: int
    out: str
    err: str


Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line in an empty directory and without the environment's opinions."""
    for variable in ("KOPS_CLUSTER_NAME", "KOPS_STATE_STORE", "KOPS_PULUMI_DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Result:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run


@pytest.fixture
def examples() -> Path:
    return ROOT / "examples" / "aws"


NEW = ("create", "cluster", "new.example.com", "--zones", "eu-west-1a", "--admin-access", "192.0.2.0/24")


@pytest.fixture
def stored(cli: Cli, tmp_path: Path) -> Path:
    """A store with one cluster, `new.example.com`."""
    assert cli(*NEW).code == 0
    return tmp_path / "clusters"
