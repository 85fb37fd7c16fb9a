"""Reading YAML: positions, scalars, refusals."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kops_pulumi import manifest
from kops_pulumi.errors import KeyPath

TEXT = """\
# a comment
kind: Cluster
metadata: {name: demo}
spec:
  version: 1.30
  subnets:
  - name: a
    cidr: 10.0.0.0/8
---
---
kind: InstanceGroup
metadata:
  name: nodes
"""

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
keys = st.text(min_size=1, max_size=6).filter(lambda key: key != "<<")
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
documents = st.dictionaries(keys, data, min_size=1, max_size=4)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


def findings(text: str) -> list[str]:
    return [str(finding) for finding in manifest.loads(text, "m.yaml").findings]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("kind",), "m.yaml:2:7"),
        (("metadata", "name"), "m.yaml:3:18"),
        (("spec",), "m.yaml:4:1"),
        (("spec", "subnets"), "m.yaml:6:3"),
        (("spec", "subnets", 0), "m.yaml:7:5"),
        (("spec", "subnets", 0, "cidr"), "m.yaml:8:11"),
        (("spec", "subnets", 0, "zone"), "m.yaml:7:5"),
        (("spec", "missing", "deep"), "m.yaml:4:1"),
    ],
)
def test_every_value_has_a_place_and_an_absent_one_its_parents(path: KeyPath, place: str) -> None:
    document = manifest.loads(TEXT, "m.yaml").documents[0]
    assert str(document.locate(path)) == place


def test_a_key_has_a_place_of_its_own() -> None:
    assert str(manifest.loads(TEXT, "m.yaml").documents[0].locate(("spec", "version"), key=True)) == "m.yaml:5:3"


def test_empty_documents_are_skipped() -> None:
    read = manifest.loads(TEXT, "m.yaml")
    assert [document.title for document in read.documents] == ["Cluster/demo", "InstanceGroup/nodes"]
    assert read.findings == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("null", None),
        ("0o17", 15),
        ("0x1F", 31),
        ("0644", 644),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("2026-11-23", "2026-11-23"),
        ("::/0", "::/0"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    assert manifest.loads(f"x: {text}\n").documents[0].data == {"x": value}


def test_anchors_aliases_and_merges_are_followed() -> None:
    text = "base: &b {x: 1, y: 2}\nsame: *b\nmore: {<<: *b, y: 3}\n"
    assert manifest.loads(text).documents[0].data == {
        "base": {"x": 1, "y": 2},
        "same": {"x": 1, "y": 2},
        "more": {"x": 1, "y": 3},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", "m.yaml:1:1: a document must be a mapping, not a list"),
        ("text\n", "m.yaml:1:1: a document must be a mapping, not a single value"),
        ("a: *nowhere\n", "m.yaml:1:4: there is no anchor &nowhere before this alias"),
        ("a: &x [*x]\n", "m.yaml:1:8: there is no anchor &x before this alias"),
        (
            "a: !!python/object:os.system x\n",
            "m.yaml:1:4: tag tag:yaml.org,2002:python/object:os.system is not allowed",
        ),
        ("a: !vault x\n", "m.yaml:1:4: tag !vault is not allowed"),
        ("? [a]\n: b\n", "m.yaml:1:3: a key must be a single word, not a list or a mapping"),
        ("a: " + "[" * 200 + "]" * 200 + "\n", "m.yaml:1:67: nested deeper than 64 levels"),
        ("a: &x 1\nb: [" + "*x, " * 201 + "]\n", "m.yaml:2:805: more than 200 aliases"),
        ("a: " + "x" * 1024 * 1024, "m.yaml:1:1: the file is larger than 1024 KiB"),
        ("a: [1,\nb: 2\n", "m.yaml:3:1: YAML: the list or mapping in brackets is not closed"),
        ("a: 'x\n", "m.yaml:2:1: YAML: the file ends inside a quoted text"),
        ("a: @x\n", "m.yaml:1:4: YAML: a value cannot begin with '@'; quote it"),
        ("a: 1\nb: \x01\n", "m.yaml:2:4: YAML: the file has characters that YAML does not allow"),
        ("a:\n  b: 1\n c: 2\n", "m.yaml:3:2: YAML: this line does not fit the mapping it stands in"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, expected: str) -> None:
    assert [line.split(" (")[0] for line in findings(text)] == [expected]


def test_documents_before_a_syntax_error_are_kept() -> None:
    read = manifest.loads("kind: A\n---\nb: [\n", "m.yaml")
    assert [document.kind for document in read.documents] == ["A"]
    assert len(read.findings) == 1


def test_files_are_read_in_order_and_missing_ones_are_findings(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: A\n")
    (tmp_path / "b.yaml").write_bytes(b"kind: B\nx: \xff\n")
    read = manifest.load([tmp_path / "a.yaml", tmp_path / "none.yaml", tmp_path / "b.yaml"])
    assert [document.kind for document in read.documents] == ["A"]
    assert [finding.message for finding in read.findings] == [
        "cannot read the file: No such file or directory",
        "the file is not UTF-8 text",
    ]
    assert read.sources == tuple(str(tmp_path / name) for name in ("a.yaml", "none.yaml", "b.yaml"))


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kind: A\nkind: B\n"))
    assert [str(finding) for finding in manifest.load(["-"]).findings] == [
        "-:2:1: kind: the key is given twice; the first is at 1:1 (keep one of them)"
    ]


@unhurried
@given(st.lists(documents, max_size=3))
def test_what_is_dumped_reads_back_equal(written: list[dict[str, Any]]) -> None:
    read = manifest.loads(manifest.dump_all(written))
    assert [finding for finding in read.findings if finding.severity == "error"] == []
    assert [document.data for document in read.documents] == written


@unhurried
@given(st.text())
def test_no_text_makes_reading_raise(text: str) -> None:
    read = manifest.loads(text)
    assert all(finding.location for finding in read.findings)
