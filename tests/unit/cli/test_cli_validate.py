"""`validate`, and what every verb that reads a manifest does with a bad one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BAD = Path(__file__).parents[1] / "resolve" / "bad"
CASES = sorted(BAD.glob("*.yaml"))


def test_a_good_manifest_is_silent(cli, examples):
    for name in ("ha-private", "minimal"):
        result = cli("validate", "-f", examples / f"{name}.yaml")
        assert (result.code, result.out, result.err) == (0, "", "")


def test_a_manifest_with_its_overlay_is_good(cli, examples):
    assert cli("validate", "-f", examples / "ha-private.yaml", "--overlay", examples / "prod.overlay.yaml").code == 0


@pytest.fixture
def bad(tmp_path, examples):
    text = (examples / "minimal.yaml").read_text()
    text = text.replace("sshAccess: []", "sshAcces: []").replace("10.30.32.0/19", "10.30.32.7/19")
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    return path


def test_all_mistakes_come_at_once_with_file_line_and_column(cli, bad):
    result = cli("validate", "-f", "bad.yaml")
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert len(lines) == 2
    typo = next(line for line in lines if "sshAcces" in line)
    number = next(n for n, line in enumerate(bad.read_text().splitlines(), 1) if "sshAcces:" in line)
    assert typo.startswith(f"bad.yaml:{number}:3: spec.sshAcces: ")
    assert "sshAccess" in typo


def test_findings_as_json(cli, bad):
    result = cli("validate", "-f", "bad.yaml", "-o", "json")
    findings = json.loads(result.out)
    assert (result.code, result.err) == (2, "")
    assert {finding["path"] for finding in findings} == {"spec.sshAcces", "spec.subnets[0].cidr"}
    assert all(finding["severity"] == "error" and finding["line"] > 0 for finding in findings)


@pytest.mark.parametrize(
    "arguments",
    [("toolbox", "plan"), ("toolbox", "firewall"), ("update", "cluster"), ("update", "cluster", "--yes"), ("create",)],
    ids=" ".join,
)
def test_every_verb_refuses_a_bad_manifest_in_the_same_words_and_writes_nothing(cli, bad, arguments, tmp_path):
    expected = cli("validate", "-f", "bad.yaml").err
    result = cli(*arguments, "-f", "bad.yaml")
    assert (result.code, result.out, result.err) == (2, "", expected)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_a_missing_file_is_no_traceback(cli):
    result = cli("validate", "-f", "nowhere.yaml")
    assert result.code in {2, 3}
    assert "nowhere.yaml" in result.err
    assert "Traceback" not in result.err


def test_no_file_is_a_usage_error(cli):
    assert cli("validate").code == 64


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_bad_manifests_give_exactly_the_expected_findings(cli, case, tmp_path, monkeypatch):
    monkeypatch.chdir(case.parent)
    before = sorted(case.parent.iterdir())
    result = cli("validate", "-f", case.name)
    assert result.err == case.with_suffix(".txt").read_text()
    assert (result.code, result.out) == (2, "")
    assert sorted(case.parent.iterdir()) == before
    assert list(tmp_path.iterdir()) == []


def test_a_newer_kubernetes_is_refused_unless_the_user_says_so(cli, tmp_path, examples, monkeypatch):
    text = (examples / "minimal.yaml").read_text()
    version = next(line for line in text.splitlines() if "kubernetesVersion:" in line)
    (tmp_path / "newer.yaml").write_text(text.replace(version, "  kubernetesVersion: 1.38.0"))
    refused = cli("validate", "-f", "newer.yaml")
    assert refused.code == 2
    assert "--allow-newer-kubernetes" in refused.err
    allowed = cli("--allow-newer-kubernetes", "validate", "-f", "newer.yaml")
    assert allowed.code == 0
    assert "warning: Kubernetes 1.38 is newer" in allowed.err
    monkeypatch.setenv("KOPS_RUN_TOO_NEW_VERSION", "1")
    assert cli("validate", "-f", "newer.yaml").code == 0
