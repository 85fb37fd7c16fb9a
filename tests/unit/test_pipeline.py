"""The stages in order: what they import, what they report, and when they stop."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kops_pulumi import pipeline
from kops_pulumi.errors import ManifestError, Severity, errors_in

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "plan" / "minimal-public" / "manifest.yaml"


def load(tmp_path, *changes, **options):
    text = GOLDEN.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "cluster.yaml"
    path.write_text(text, encoding="utf-8")
    return pipeline.load([path], **options)


def test_planning_imports_no_pulumi():
    program = (
        "import sys; from kops_pulumi import pipeline; pipeline.load([sys.argv[1]]); "
        "sys.exit(any(name.split('.')[0].startswith('pulumi') for name in sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", program, str(GOLDEN)], check=False, cwd=GOLDEN.parents[4]).returncode == 0
    )


def test_findings_of_all_stages_come_at_once_with_their_place(tmp_path):
    changes = (("role: Node", "role: Node\n  colour: blue"), ("cidr: 10.40.32.0/19", "cidr: 10.99.32.0/19"))
    with pytest.raises(ManifestError) as raised:
        load(tmp_path, *changes)
    messages = [str(finding) for finding in errors_in(raised.value.findings)]
    assert any("colour" in message for message in messages)
    assert any("10.99.32.0/19" in message for message in messages)
    assert all(finding.location for finding in errors_in(raised.value.findings))


def test_warnings_travel_with_the_plan(tmp_path):
    planned = load(tmp_path, ("kubernetesVersion: 1.36.1", "kubernetesVersion: 1.33.0"))
    assert planned.plan.kubernetes_version == "1.33.0"
    assert Severity.WARNING in {finding.severity for finding in planned.findings}
    assert not errors_in(planned.findings)


def test_newer_versions_need_force(tmp_path):
    change = ("kubernetesVersion: 1.36.1", "kubernetesVersion: 1.39.0")
    with pytest.raises(ManifestError):
        load(tmp_path, change)
    assert load(tmp_path, change, force=True).plan.kubernetes_version == "1.39.0"


def test_oversized_user_data_is_found_at_its_place(tmp_path):
    part = "#!/bin/sh\\n" + "# padding\\n" * 1600
    change = (
        "machineType: t3.large",
        f'machineType: t3.large\n  additionalUserData: [{{name: a.sh, type: text/x-shellscript, content: "{part}"}}]',
    )
    with pytest.raises(ManifestError) as raised:
        load(tmp_path, change)
    (finding,) = errors_in(raised.value.findings)
    assert finding.document == "InstanceGroup/nodes"
    assert finding.location
    assert finding.dotted == "spec.additionalUserData"
