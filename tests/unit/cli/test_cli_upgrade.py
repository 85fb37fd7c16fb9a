"""What an upgrade changes: which version comes next, which images move, what is gone."""

from __future__ import annotations

import dataclasses

import pytest

from kops_pulumi import clouds, pipeline
from kops_pulumi.automation import upgrade
from kops_pulumi.errors import KopsError
from kops_pulumi.resolve import versions


@pytest.mark.parametrize(
    ("current", "wanted", "goal"),
    [
        ("1.36.3", None, "1.36.4"),
        ("1.36.4", None, "1.37.1"),
        ("v1.36.0", None, "1.36.4"),
        ("1.37.1", None, "1.37.1"),
        ("1.37.9", None, "1.37.9"),
        ("1.36.1", "1.36.2", "1.36.2"),
        ("1.36.1", "v1.37.0", "1.37.0"),
        ("1.36", None, "1.36.4"),
    ],
)
def test_the_newest_patch_comes_before_the_next_minor(current, wanted, goal):
    assert upgrade.target(current, wanted) == goal


@pytest.mark.parametrize(
    ("current", "wanted", "message"),
    [
        ("1.35.0", "1.37.0", "would skip a minor: 1.36 comes first"),
        ("1.37.0", "1.36.4", "cannot go back a minor"),
        ("1.37.1", "1.37.0", "is older than"),
        ("1.37.1", "newest", "is not a Kubernetes version"),
        ("x", None, "is not a Kubernetes version"),
    ],
)
def test_minors_are_not_skipped_and_nothing_goes_back(current, wanted, message):
    with pytest.raises(KopsError, match=message) as error:
        upgrade.target(current, wanted)
    assert error.value.hint


def test_every_minor_that_we_build_has_a_recommended_patch():
    for minor in range(versions.OLDEST_ACCEPTED_MINOR, versions.newest_minor() + 1):
        assert upgrade.recommended(minor).minor == minor
    assert upgrade.recommended(versions.newest_minor() + 1) is None


@pytest.fixture
def planned(cli, stored):
    return pipeline.load([stored / "new.example.com" / "cluster.yaml"])


def test_a_manifest_of_today_has_nothing_to_upgrade_but_the_patch(planned):
    assert [(p.item, p.old) for p in upgrade.proposals(planned, None)] == [("Cluster", "1.37.0")]


def test_images_that_were_a_default_move_and_others_stay(planned, monkeypatch):
    cloud = clouds.get("aws")
    old, new = cloud.defaults("2026-11-01"), dataclasses.replace(cloud.defaults("2026-11-01"), image="x/newer")
    monkeypatch.setattr(type(cloud), "defaults", lambda _self, date: new if date >= "2027-01-01" else old)
    monkeypatch.setattr(versions, "NEWEST_DEFAULTS", "2027-01-01")
    found = upgrade.proposals(planned, None)
    assert ("Cluster", "2027-01-01") in {(p.item, p.new) for p in found}
    images = {p.item: (p.old, p.new) for p in found if p.path == ("spec", "image")}
    assert set(images.values()) == {(old.image, "x/newer")}
    assert len(images) == len(planned.full.groups)


def test_objects_of_apis_that_are_gone_are_named(planned):
    gone = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3", "kind": "FlowSchema", "metadata": {"name": "mine"}}
    kept = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    full = dataclasses.replace(planned.full, objects=(gone, kept))
    assert upgrade.removed_apis(dataclasses.replace(planned, full=full)) == (
        "FlowSchema mine: Kubernetes 1.37 has no flowcontrol.apiserver.k8s.io/v1beta3 of it any more",
    )


def test_what_else_changes_is_told(planned, cli, stored):
    path = stored / "new.example.com" / "cluster.yaml"
    path.write_text(path.read_text().replace("kubernetesVersion: 1.37.0", "kubernetesVersion: 1.36.4"))
    older = pipeline.load([path])
    effects = {(e.what, e.name): (e.old, e.new) for e in upgrade.effects(older, planned)}
    assert effects["default", "spec.etcdClusters[0].version"] == ("3.6.12", "3.7.0")


def test_without_yes_nothing_is_written(cli, stored):
    path = stored / "new.example.com" / "cluster.yaml"
    before = path.read_text()
    result = cli("upgrade", "cluster")
    assert (result.code, path.read_text()) == (0, before)
    assert "Cluster  spec.kubernetesVersion  1.37.0  1.37.1" in result.out
    assert "--yes" in result.err


def test_a_dry_run_prints_the_edited_document(cli, stored):
    result = cli("upgrade", "cluster", "--dry-run")
    assert (result.code, "kubernetesVersion: 1.37.1" in result.out) == (0, True)


def test_yes_writes_the_version_and_leaves_comments(cli, stored):
    path = stored / "new.example.com" / "cluster.yaml"
    path.write_text("# mine\n" + path.read_text())
    assert cli("upgrade", "cluster", "--yes").code == 0
    assert path.read_text().startswith("# mine\n")
    assert "kubernetesVersion: 1.37.1" in path.read_text()


def test_skipping_a_minor_is_refused_with_the_way(cli, stored):
    path = stored / "new.example.com" / "cluster.yaml"
    path.write_text(path.read_text().replace("kubernetesVersion: 1.37.0", "kubernetesVersion: 1.35.0"))
    result = cli("upgrade", "cluster", "--kubernetes-version", "1.37.0", "--yes")
    assert (result.code, result.out) == (1, "")
    assert "1.36 comes first" in result.err
