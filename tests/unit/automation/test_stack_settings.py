from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.automation.settings import LONGEST_STACK_NAME, StackSettings, stack_name
from kops_pulumi.errors import ToolError

NOWHERE = Path("/nonexistent/Pulumi.yaml")


def _read(tmp_path, environ=None, project=NOWHERE):
    base = {"HOME": str(tmp_path), "PULUMI_HOME": str(tmp_path / "home")}
    return StackSettings.read(
        "a.example.com", state=tmp_path / "s", environ={**base, **(environ or {})}, project_file=project
    )


def test_the_default_backend_is_beside_the_manifests_and_survives_a_kill(tmp_path):
    settings = _read(tmp_path)
    assert settings.backend == f"file://{tmp_path}/s?metadata=skip"
    assert settings.environment["PULUMI_BACKEND_URL"] == settings.backend
    assert settings.work_dir == tmp_path / "s" / "work" / "a.example.com"


def test_another_backend_has_settings_of_its_own(tmp_path):
    other = _read(tmp_path, {"PULUMI_BACKEND_URL": "s3://bucket"})
    assert other.backend == "s3://bucket"
    assert other.work_dir != _read(tmp_path).work_dir


def test_the_projects_name_and_backend_are_followed(tmp_path):
    project = tmp_path / "Pulumi.yaml"
    project.write_text("name: mine\nbackend: {url: 'gs://bucket'}\n")
    settings = _read(tmp_path, project=project)
    assert (settings.project, settings.backend) == ("mine", "gs://bucket")


@pytest.mark.parametrize(
    "environ",
    [
        {"PULUMI_CONFIG_PASSPHRASE": ""},
        {"PULUMI_CONFIG_PASSPHRASE_FILE": "/x"},
        {"KOPS_SECRETS_PROVIDER": "awskms://alias/x"},
        {"PULUMI_BACKEND_URL": "https://pulumi.example.com"},
    ],
)
def test_secrets_can_be_encrypted_in_these_ways(tmp_path, environ):
    _read(tmp_path, environ).check()


def test_without_a_passphrase_the_way_out_is_told(tmp_path):
    with pytest.raises(ToolError) as caught:
        _read(tmp_path).check()
    assert "PULUMI_CONFIG_PASSPHRASE" in str(caught.value)


def test_preparing_is_idempotent_and_hides_state_from_git(tmp_path):
    settings = _read(tmp_path)
    settings.prepare()
    project = settings.work_dir / "Pulumi.yaml"
    stamp = project.stat().st_mtime_ns
    settings.prepare()
    assert project.stat().st_mtime_ns == stamp
    assert yaml.safe_load(project.read_text())["name"] == "kops-pulumi"
    assert (tmp_path / "s" / ".gitignore").read_text().endswith("*\n")


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=253))
def test_stack_names_are_short_enough_and_unique(name):
    stack = stack_name(name)
    assert len(stack) <= LONGEST_STACK_NAME
    assert (stack == name) == (len(name) <= LONGEST_STACK_NAME)
    assert stack_name(name + "x") != stack
