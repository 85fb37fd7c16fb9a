"""`new`: a project of the user's own."""

from __future__ import annotations

import runpy

import yaml

from kops_pulumi import testing

NEW = ("new", "own.example.com", "--zones", "eu-west-1a", "--admin-access", "192.0.2.0/24")


def test_the_project_is_a_program_that_makes_the_cluster(cli, tmp_path, monkeypatch):
    result = cli(*NEW)
    assert result.code == 0
    root = tmp_path / "own.example.com"
    written = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert written == {
        ".gitignore",
        "Pulumi.dev.yaml",
        "Pulumi.yaml",
        "README.md",
        "__main__.py",
        "clusters/own.example.com/cluster.yaml",
        "requirements.txt",
    }
    project = yaml.safe_load((root / "Pulumi.yaml").read_text())["name"]
    settings = yaml.safe_load((root / "Pulumi.dev.yaml").read_text())["config"]
    monkeypatch.chdir(root)
    made = testing.record(lambda: runpy.run_path("__main__.py"), project=project, config=settings)
    assert [r.name for r in made.of("kops:index:Cluster")] == ["own.example.com"]
    assert "kubeconfig" in made.exports


def test_what_is_there_is_never_overwritten(cli, tmp_path):
    root = tmp_path / "there"
    root.mkdir()
    (root / "README.md").write_text("mine")
    result = cli(*NEW, "--dir", root)
    assert (result.code, (root / "README.md").read_text()) == (1, "mine")
    assert result.err == f"error: {root} already has README.md\n  choose another directory with --dir\n"
    assert [path.name for path in root.iterdir()] == ["README.md"]


def test_mistakes_of_the_manifest_are_told_and_nothing_is_written(cli, tmp_path):
    result = cli("new", "own.example.com", "--zones", "eu-west-1a", "--networking", "pigeons")
    assert result.code != 0
    assert "pigeons" in result.err
    assert not (tmp_path / "own.example.com").exists()
