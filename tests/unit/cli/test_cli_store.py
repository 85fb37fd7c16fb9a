from __future__ import annotations

import pytest

from kops_pulumi.errors import KopsError, NotFoundError
from kops_pulumi.store import Store


def test_a_store_lists_directories_with_manifests_only(tmp_path):
    store = Store(tmp_path)
    store.add("b.example.com", "b")
    store.add("a.example.com", "a")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".pulumi-state").mkdir()
    assert store.names() == ("a.example.com", "b.example.com")


def test_cluster_yaml_comes_first_and_pulumis_settings_are_no_manifest(tmp_path):
    store = Store(tmp_path)
    store.add("a", "a")
    for name in ("apps.yaml", "Pulumi.a.yaml", "notes.txt"):
        (tmp_path / "a" / name).write_text("x")
    assert [path.name for path in store.paths("a")] == ["cluster.yaml", "apps.yaml"]


def test_adding_a_cluster_twice_is_refused_and_keeps_the_first(tmp_path):
    store = Store(tmp_path)
    path = store.add("a", "first")
    with pytest.raises(KopsError, match="exists already"):
        store.add("a", "second")
    assert path.read_text() == "first"


def test_an_unknown_name_suggests_the_near_one(tmp_path):
    store = Store(tmp_path)
    store.add("prod.example.com", "x")
    with pytest.raises(NotFoundError) as caught:
        store.paths("prd.example.com")
    assert caught.value.hint == "did you mean prod.example.com?"


def test_the_only_cluster_needs_no_name_but_two_do(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(NotFoundError, match="there are no clusters"):
        store.only()
    store.add("a", "x")
    assert store.only() == "a"
    store.add("b", "x")
    with pytest.raises(NotFoundError, match="which cluster"):
        store.only()


def test_removing_a_cluster_leaves_what_is_not_a_manifest(tmp_path):
    store = Store(tmp_path)
    store.add("a", "x")
    (tmp_path / "a" / "README.md").write_text("mine")
    store.remove("a")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["README.md"]


def test_the_project_is_found_upwards(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("")
    deep = tmp_path / "docs" / "pages"
    deep.mkdir(parents=True)
    assert Store.near(deep) == Store(tmp_path / "clusters")


def test_addresses_are_paths_and_kopss_object_stores_get_a_pointed_error(tmp_path):
    assert Store.at(f"file://{tmp_path}") == Store.at(str(tmp_path)) == Store(tmp_path)
    with pytest.raises(KopsError, match="kops's kind") as caught:
        Store.at("s3://bucket")
    assert "PULUMI_BACKEND_URL" in str(caught.value)
