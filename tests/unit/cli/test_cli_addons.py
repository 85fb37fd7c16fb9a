"""`get addons`, `toolbox addons`, `get assets` and `update cluster --skip addons`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from kops_pulumi.automation.stack import ClusterStack

CASE = Path(__file__).parents[2] / "golden" / "addons" / "custom" / "manifest.yaml"
MIRRORS = (
    "kind: Cluster\nspec:\n  assets: {containerRegistry: mirror.example.org, fileRepository: https://f.example.org}\n"
)


@pytest.fixture
def mirrored(tmp_path: Path) -> Path:
    overlay = tmp_path / "mirrors.yaml"
    overlay.write_text(MIRRORS)
    return overlay


def test_both_tables_say_the_same(cli) -> None:
    shown = cli("toolbox", "addons", "-f", CASE).out.splitlines()
    listed = cli("get", "addons", "-f", CASE).out.splitlines()
    assert shown[0] == "Add-ons"
    assert shown[1].upper() == listed[0]
    assert shown[2:] == listed[1:]
    (pictures,) = [line.split() for line in listed if line.startswith("pictures")]
    assert pictures == [
        "pictures", "2.3.1", "custom", "shop", "https://charts.shop.example.org", "pictures", "2.3.1", "shop-rules",
        "spec.addons[0]",
    ]  # fmt: skip


def test_formats_for_scripts(cli) -> None:
    names = cli("get", "addons", "-f", CASE, "-o", "name").out.split()
    data = json.loads(cli("get", "addons", "-f", CASE, "-o", "json").out)
    assert [delivery["name"] for delivery in data] == names
    assert "pictures" in names


def test_every_asset_has_its_mirror_and_files_their_digest(cli, mirrored) -> None:
    found = json.loads(cli("get", "assets", "-f", CASE, "--overlay", mirrored, "-o", "json").out)
    images = {item["source"]: item["mirror"] for item in found if item["kind"] == "image"}
    assert images["registry.k8s.io/kube-apiserver:v1.36.1"] == "mirror.example.org/kube-apiserver:v1.36.1"
    kubelet = next(item for item in found if item["name"] == "kubelet 1.36.1 amd64")
    assert kubelet["source"].startswith("https://dl.k8s.io/release/")
    assert kubelet["mirror"].startswith("https://f.example.org/release/")
    assert len(kubelet["sha256"]) == 64
    assert {"name": "pictures 2.3.1"}.items() <= next(i for i in found if i["kind"] == "chart").items()


def test_without_mirrors_nothing_is_mirrored(cli) -> None:
    found = json.loads(cli("get", "assets", "-f", CASE, "-o", "json").out)
    assert all(item["source"] == item["mirror"] for item in found)


def test_the_script_is_shell_and_copies_everything(cli, mirrored, tmp_path) -> None:
    script = tmp_path / "mirror.sh"
    script.write_text(cli("get", "assets", "-f", CASE, "--overlay", mirrored, "--copy").out)
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text()
    pause = "docker://registry.k8s.io/pause:3.10.1 docker://mirror.example.org/pause:3.10.1"
    assert f"skopeo copy --all {pause}\n" in text
    assert "helm pull pictures --repo https://charts.shop.example.org --version 2.3.1" in text
    assert text.count("\ncheck ") == text.count("\nfile ")


def test_skipping_reaches_the_stack(cli, monkeypatch) -> None:
    asked = []

    def of(_planned, **options):
        asked.append(options["skip"])
        raise KeyboardInterrupt

    monkeypatch.setattr(ClusterStack, "of", of)
    cli("update", "cluster", "-f", CASE, "--skip", "addons")
    assert asked == [("addons",)]
