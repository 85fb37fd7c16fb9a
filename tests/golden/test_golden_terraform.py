"""The Terraform configurations of our own manifests; `pytest --update-golden` rewrites, reviewers read the diff.

Digests and add-ons' values are not in them: those have goldens of their own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kops_pulumi import pipeline, terraform
from tests.support.configuration import Written

HERE = Path(__file__).parent
MANIFESTS = sorted((HERE / "plan").glob("*/manifest.yaml"))
GOLDEN = ("minimal-public", "shared-network")
"""A network of our own and an adopted one; every case goes through the checks."""


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_configuration_fits_together_and_is_the_reviewed_one(manifest: Path, update_golden: bool) -> None:
    written = Written(terraform.files(pipeline.load(manifest), skip=["addons"]))
    assert written.problems() == []
    if manifest.parent.name not in GOLDEN:
        return
    golden = manifest.parent / "terraform.json"
    text = json.dumps(written.document, indent=1, ensure_ascii=False)
    text = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", text) + "\n"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_the_same_manifest_gives_the_same_bytes() -> None:
    planned = pipeline.load(HERE / "plan" / "ipv6" / "manifest.yaml")
    assert terraform.files(planned) == terraform.files(planned)


def test_what_pulumi_protects_terraform_protects() -> None:
    planned = pipeline.load(HERE / "plan" / "minimal-public" / "manifest.yaml")
    resources = Written(terraform.files(planned)).document["resource"]
    assert all(body["lifecycle"]["prevent_destroy"] for body in resources["aws_ebs_volume"].values())
    assert "lifecycle" not in next(iter(resources["aws_vpc"].values()))


def test_add_ons_are_releases_and_objects_and_their_secrets_are_variables() -> None:
    written = Written(terraform.files(pipeline.load(HERE / "addons" / "custom" / "manifest.yaml")))
    assert written.problems() == []
    document = written.document
    kinds = {body["manifest"]["kind"] for body in document["resource"]["kubernetes_manifest"].values()}
    assert {"Namespace", "Secret", "CustomResourceDefinition"} <= kinds
    release = next(iter(document["resource"]["helm_release"].values()))
    assert {"chart", "name", "namespace", "values", "version"} <= release.keys()
    secret = next(
        b["manifest"] for b in document["resource"]["kubernetes_manifest"].values() if b["manifest"]["kind"] == "Secret"
    )
    assert "stringData" not in secret
    assert all(value.startswith("${base64encode(var.") for value in secret["data"].values())
    assert all(variable["sensitive"] for variable in document["variable"].values())
    assert document["provider"]["helm"]["kubernetes"] == document["provider"]["kubernetes"]
    assert set(document["terraform"]["required_providers"]) >= {"aws", "helm", "kubernetes", "random", "tls"}
    assert document["output"]["kubeconfig"]["sensitive"] is True


def test_the_manifests_own_settings_of_providers_are_kept(tmp_path: Path) -> None:
    text = (HERE / "plan" / "minimal-public" / "manifest.yaml").read_text()
    settings = """  target:
    terraform:
      providerExtraConfig: {profile: infra}
      filesProviderExtraConfig: {profile: files}
"""
    path = tmp_path / "cluster.yaml"
    path.write_text(text.replace("spec:\n", f"spec:\n{settings}", 1))
    document = Written(terraform.files(pipeline.load(path))).document
    first, second = document["provider"]["aws"]
    assert (first["profile"], second["profile"], second["alias"]) == ("infra", "files", "files")
    assert {body["provider"] for body in document["resource"]["aws_s3_object"].values()} == {"aws.files"}


def test_writing_again_touches_nothing_and_takes_back_only_its_own(tmp_path: Path) -> None:
    found = terraform.files(pipeline.load(HERE / "plan" / "minimal-public" / "manifest.yaml"))
    assert len(terraform.write(found, tmp_path)) == len(found)
    assert terraform.write(found, tmp_path) == ()
    mine = tmp_path / "data" / "notes.txt"
    mine.write_text("the user's own")
    fewer = dict(found)
    gone = next(name for name in fewer if name.startswith("data/"))
    del fewer[gone]
    fewer["kubernetes.tf.json"] = found["kubernetes.tf.json"].replace(gone.encode(), b"nothing")
    touched = terraform.write(fewer, tmp_path)
    assert set(touched) == {tmp_path / "kubernetes.tf.json", tmp_path / gone}
    assert not (tmp_path / gone).exists()
    assert mine.exists()
