"""`kops-pulumi doctor` as a user meets it: exit codes, text, JSON, repair."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kops_pulumi.automation import health
from kops_pulumi.automation.health import Check, State
from kops_pulumi.cli.app import root
from kops_pulumi.errors import ExitCode


@pytest.fixture(autouse=True)
def _empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / ".pulumi"))
    for variable in ("PULUMI_BACKEND_URL", "KOPS_STATE_STORE"):
        monkeypatch.delenv(variable, raising=False)


def doctor(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(root, ["doctor", *arguments], standalone_mode=False)
    assert result.exception is None
    return int(result.return_value), result.output


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([State.OK, State.OPTIONAL], ExitCode.OK),
        ([State.OK, State.DAMAGED], ExitCode.FAILED),
        ([State.DAMAGED, State.MISSING], ExitCode.MISSING_TOOL),
    ],
)
def test_the_exit_code_tells_the_worst(states: list[State], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = tuple(Check("sdk", f"sdk-{state}", state, "found", "do this") for state in states)
    monkeypatch.setattr(health, "examine", lambda *_arguments, **_options: checks)

    assert doctor()[0] == code


def test_every_thing_to_mend_has_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = (
        Check("engine", "pulumi", State.MISSING, "none", "make setup"),
        Check("sdk", "pulumi-gcp", State.OPTIONAL, "none", "pip install pulumi-gcp"),
    )
    monkeypatch.setattr(health, "examine", lambda *_arguments, **_options: checks)

    _, output = doctor()

    needed, _, wanted = output.partition("When you need it:")
    assert "To mend it:\n  engine pulumi: make setup" in needed
    assert "  sdk pulumi-gcp: pip install pulumi-gcp" in wanted


def test_json_has_the_same_facts() -> None:
    _, output = doctor("-o", "json")

    report = json.loads(output)
    assert report["repaired"] == []
    assert {"topic", "name", "state", "found", "mend"} == set(report["checks"][0])


def test_repair_removes_empty_attribute_files_and_says_which(tmp_path: Path) -> None:
    attributes = tmp_path / "clusters" / ".pulumi-state" / ".pulumi" / "stacks" / "p" / "dev.json.attrs"
    attributes.parent.mkdir(parents=True)
    attributes.touch()

    assert doctor("-o", "json")[0] != ExitCode.OK
    _, output = doctor("--repair")

    assert f"removed the empty {attributes}" in output
    assert not attributes.exists()
