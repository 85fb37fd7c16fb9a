"""Which backend applies, and the mending of local state."""

import json
from pathlib import Path

import pytest

from kops_pulumi.automation import backend
from kops_pulumi.automation.backend import Backend


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def log_in(home: Path, url: str) -> None:
    (home / ".pulumi").mkdir()
    (home / ".pulumi" / "credentials.json").write_text(json.dumps({"current": url}))


def test_the_environment_wins_over_project_and_login(tmp_path: Path, environ: dict[str, str]) -> None:
    project = tmp_path / "Pulumi.yaml"
    project.write_text("name: x\nbackend:\n  url: s3://project\n")
    log_in(tmp_path, "s3://login")

    found = {
        "variable": backend.find({**environ, "PULUMI_BACKEND_URL": "s3://env"}, project=project, default=tmp_path),
        "project": backend.find(environ, project=project, default=tmp_path),
        "login": backend.find(environ, project=None, default=tmp_path),
    }

    assert {key: found.url for key, found in found.items()} == {
        "variable": "s3://env",
        "project": "s3://project",
        "login": "s3://login",
    }


def test_when_nobody_says_state_is_local_and_without_attribute_files(tmp_path: Path, environ: dict[str, str]) -> None:
    found = backend.find(environ, project=None, default=tmp_path / "state")

    assert found.url == f"file://{tmp_path}/state?metadata=skip"
    assert not found.leaves_attributes


@pytest.mark.parametrize("text", ["not json", "[]", '{"current": 7}'])
def test_credentials_that_make_no_sense_are_no_login(tmp_path: Path, environ: dict[str, str], text: str) -> None:
    log_in(tmp_path, "")
    (tmp_path / ".pulumi" / "credentials.json").write_text(text)

    assert backend.find(environ, project=None, default=tmp_path).source == "default of kops-pulumi"


@pytest.mark.parametrize("text", ["name: [", "backend: s3://x", "- a list"])
def test_a_project_file_that_names_no_backend_is_passed_over(
    tmp_path: Path, environ: dict[str, str], text: str
) -> None:
    project = tmp_path / "Pulumi.yaml"
    project.write_text(text)

    assert backend.find(environ, project=project, default=tmp_path).source == "default of kops-pulumi"


@pytest.mark.parametrize(
    ("url", "advised"),
    [
        ("file:///state", "file:///state?metadata=skip"),
        ("file:///state?create_dir=true", "file:///state?create_dir=true&metadata=skip"),
        ("file:///state?metadata=skip", "file:///state?metadata=skip"),
        ("s3://bucket", "s3://bucket"),
    ],
)
def test_local_state_is_advised_to_go_without_attribute_files(url: str, advised: str) -> None:
    assert Backend(url, "test").without_attributes == advised


@pytest.mark.parametrize(
    ("url", "directory"),
    [
        ("file:///var/state?metadata=skip", "/var/state"),
        ("file:///with%20space", "/with space"),
        ("file://~", "/home/me"),
        ("file://~/state", "/home/me/state"),
        ("file://relative", "relative"),
    ],
)
def test_the_directory_of_a_local_backend(url: str, directory: str) -> None:
    assert Backend(url, "test").directory({"HOME": "/home/me"}) == Path(directory)


def test_a_remote_backend_has_no_directory() -> None:
    assert Backend("s3://bucket", "test").directory({}) is None


def test_only_empty_attribute_files_are_damaged_and_go(tmp_path: Path) -> None:
    stacks = tmp_path / ".pulumi" / "stacks" / "kops-pulumi"
    stacks.mkdir(parents=True)
    (stacks / "dev.json").write_text("{}")
    (stacks / "dev.json.attrs").touch()
    (stacks / "prod.json.attrs").write_text('{"md5": "x"}')
    (stacks / "empty.json").touch()

    found = backend.damaged(tmp_path)
    backend.repair(found)

    assert found == (stacks / "dev.json.attrs",)
    assert sorted(path.name for path in stacks.iterdir()) == ["dev.json", "empty.json", "prod.json.attrs"]
