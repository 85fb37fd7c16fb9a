"""`set`, `unset`, `edit`: the manifest's own lines change and nothing else; what is refused changes nothing."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest

NODES = "nodes-eu-west-1a"


@pytest.fixture
def manifest(stored: Path) -> Path:
    """The stored cluster's file, with comments to keep."""
    path = stored / "new.example.com" / "cluster.yaml"
    text = path.read_text()
    path.write_text("# ours\n" + text.replace("maxSize: 1\n", "maxSize: 1   # small\n"))
    return path


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


def test_one_value_is_one_line(cli, manifest):
    before = manifest.read_text()
    result = cli("set", "instancegroup", NODES, "spec.maxSize=5")
    assert (result.code, result.out) == (
        0,
        f"wrote InstanceGroup/{NODES} to clusters/new.example.com/cluster.yaml\n",
    )
    assert changed_lines(before, manifest.read_text()) == ["-  maxSize: 1   # small", "+  maxSize: 5   # small"]


def test_the_cluster_may_be_named_before_the_paths(cli, manifest):
    assert cli("set", "cluster", "new.example.com", "spec.kubelet.maxPods=50").code == 0
    assert "maxPods: 50" in manifest.read_text()
    assert cli("unset", "cluster", "new.example.com", "spec.kubelet.maxPods").code == 0
    assert "maxPods" not in manifest.read_text()
    assert cli("set", "cluster", "other.example.com", "spec.channel=x").code == 3
    assert cli("set", "cluster", "new.example.com").code == 64


def test_setting_what_is_set_writes_nothing(cli, manifest):
    cli("set", "cluster", "spec.kubernetesVersion=1.36.1")
    manifest.write_text(manifest.read_text().replace('"1.36.1"', "1.36.1"))
    before = manifest.read_text()
    result = cli("set", "cluster", "spec.kubernetesVersion=1.36.1")
    assert (result.code, "says so already" in result.err, manifest.read_text()) == (0, True, before)


def test_unsetting_what_is_absent_is_no_error(cli, manifest):
    before = manifest.read_text()
    assert cli("unset", "cluster", "spec.kubelet.maxPods").code == 0
    assert manifest.read_text() == before


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("spec.kublet.maxPods=5", "did you mean 'kubelet'?"),
        ("spec.maxPods=5", "it is spec.kubelet.maxPods"),
        ("spec.kubernetesVersion=9.9", "newer than this kops-pulumi knows"),
        ("spec.sshAccess=everybody", "spec.sshAccess"),
        ("metadata.name=other", "cannot be changed"),
        ("spec", "has no value"),
        ("spec..x=1", "is no path"),
    ],
)
def test_what_is_refused_changes_nothing(cli, manifest, setting, said):
    before = manifest.read_text()
    result = cli("set", "cluster", setting)
    assert (result.code, said in result.err, result.out) == (2, True, "")
    assert manifest.read_text() == before


def test_several_values_are_set_together_or_not_at_all(cli, manifest):
    before = manifest.read_text()
    assert cli("set", "ig", NODES, "spec.maxSize=7", "spec.minSize=9").code == 2
    assert manifest.read_text() == before
    assert cli("set", "ig", NODES, "spec.maxSize=7", "spec.minSize=7").code == 0


def test_dry_run_prints_the_changed_document(cli, manifest):
    before = manifest.read_text()
    result = cli("set", "ig", NODES, "spec.maxSize=5", "--dry-run", "-o", "json")
    (document,) = json.loads(result.out)
    assert (document["metadata"]["name"], document["spec"]["maxSize"]) == (NODES, 5)
    assert manifest.read_text() == before


def test_unknown_groups_are_not_found(cli, manifest):
    result = cli("set", "ig", "nope", "spec.maxSize=5")
    assert (result.code, NODES in result.err) == (3, True)


def test_edit_takes_settings_too(cli, manifest):
    assert cli("edit", "ig", NODES, "--set", "spec.maxSize=4", "--set", "spec.minSize=2").code == 0
    assert cli("edit", "cluster", "--set", "spec.channel=alpha", "--unset", "spec.iam").code == 0
    assert "iam:" not in manifest.read_text()
    assert "channel: alpha" in manifest.read_text()


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """An editor that runs a Python snippet over the text: `edited` may be an expression of `text` and `turn`."""

    def use(*edits: str) -> Path:
        script, seen = tmp_path / "editor.py", tmp_path / "seen.txt"
        script.write_text(
            "import pathlib, sys\n"
            f"path, seen = pathlib.Path(sys.argv[1]), pathlib.Path({str(seen)!r})\n"
            "turn = seen.read_text().count('==turn==') if seen.exists() else 0\n"
            "text = path.read_text()\n"
            "seen.write_text((seen.read_text() if seen.exists() else '') + '==turn==\\n' + text)\n"
            f"edits = {list(edits)!r}\n"
            "path.write_text(eval(edits[min(turn, len(edits) - 1)]))\n"
        )
        monkeypatch.setenv("EDITOR", f"python3 {script}")
        monkeypatch.delenv("KUBE_EDITOR", raising=False)
        return seen

    return use


def test_the_editor_gets_the_document_with_its_comments_and_its_text_is_written(cli, manifest, editor):
    before = manifest.read_text()
    seen = editor("text.replace('maxSize: 1 ', 'maxSize: 3 ') + '# mine\\n'")
    assert cli("edit", "ig", NODES).code == 0
    assert "# small" in seen.read_text()
    assert "kind: Cluster" not in seen.read_text()
    assert changed_lines(before, manifest.read_text()) == [
        "-  maxSize: 1   # small",
        "+  maxSize: 3   # small",
        "+# mine",
    ]


def test_an_unchanged_text_changes_nothing(cli, manifest, editor):
    before = manifest.stat().st_mtime_ns
    editor("text")
    result = cli("edit", "cluster")
    assert (result.code, "says so already" in result.err, manifest.stat().st_mtime_ns) == (0, True, before)


def test_mistakes_come_back_as_comments_until_they_are_mended(cli, manifest, editor):
    seen = editor("text.replace('maxSize', 'maxSiz')", "text.replace('maxSiz:', 'maxSize:').replace(': 1 ', ': 2 ')")
    assert cli("edit", "ig", NODES).code == 0
    shown = seen.read_text().split("==turn==\n")[2]
    assert shown.startswith("#| Not written yet.")
    place = next(line for line in shown.splitlines() if "did you mean" in line)
    number = int(place.removeprefix("#| line ").partition(":")[0])
    assert "maxSiz:" in shown.splitlines()[number - 1]
    assert "#|" not in manifest.read_text()
    assert "maxSize: 2" in manifest.read_text()


def test_saving_the_same_mistakes_again_gives_up_and_keeps_the_text(cli, manifest, editor):
    before = manifest.read_text()
    editor("text.replace('maxSize', 'maxSiz')")
    result = cli("edit", "ig", NODES)
    assert (result.code, manifest.read_text()) == (2, before)
    kept = Path(result.err.partition("your text is in ")[2].splitlines()[0])
    assert "maxSiz:" in kept.read_text()
    kept.unlink()


@pytest.mark.parametrize(
    "text", ["text.replace('kind: InstanceGroup', 'kind: Cluster')", "'a: [1'", "text + '---\\na: 1\\n'"]
)
def test_a_document_stays_what_it_is(cli, manifest, editor, text):
    before = manifest.read_text()
    editor(text, "text")
    result = cli("edit", "ig", NODES)
    assert (result.code, manifest.read_text()) == (2, before)
    Path(result.err.partition("your text is in ")[2].splitlines()[0]).unlink()


def test_an_empty_text_cancels(cli, manifest, editor):
    before = manifest.read_text()
    editor("''")
    assert cli("edit", "ig", NODES).code == 0
    assert manifest.read_text() == before


def test_editors_that_are_not_there_or_fail_are_told(cli, manifest, monkeypatch):
    before = manifest.read_text()
    monkeypatch.delenv("KUBE_EDITOR", raising=False)
    monkeypatch.setenv("EDITOR", "no-such-editor -w")
    result = cli("edit", "cluster")
    assert (result.code, "no-such-editor" in result.err, "--set" in result.err) == (4, True, True)
    monkeypatch.setenv("EDITOR", "false")
    assert cli("edit", "cluster").code == 1
    monkeypatch.setenv("EDITOR", "'")
    assert cli("edit", "cluster").code == 1
    assert manifest.read_text() == before


def test_a_manifest_of_several_files_is_edited_where_the_document_is(cli, manifest):
    text = manifest.read_text()
    head, _, group = text.rpartition("---\n")
    manifest.write_text(head)
    (manifest.parent / "nodes.yaml").write_text(group)
    assert cli("set", "ig", NODES, "spec.maxSize=5").code == 0
    assert manifest.read_text() == head
    assert "maxSize: 5   # small" in (manifest.parent / "nodes.yaml").read_text()


def test_switches_may_be_spelled_as_in_go(cli, manifest):
    assert cli("set", "ig", NODES, "spec.maxSize=5", "--dry-run=true").out.startswith("apiVersion")
    assert cli("set", "ig", NODES, "spec.maxSize=5", "--dry-run=false").out.startswith("wrote")
