"""kops-labels, run for real: nodes get the labels of the group that the cloud, not the machine, says they are of."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cloud_stub import Cloud, serve
from tests.support.machine import Machine

KUBECTL = """#!/bin/bash
echo "kubectl $*" >>"$PLAYED/calls"
[[ $* != *'get nodes'* ]] || cat "$PLAYED/unlabelled"
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Machine]:
    """A control plane that has its bundle, without having booted."""
    with serve(Cloud()) as cloud:
        root = tmp_path / "root"
        root.mkdir()
        made = Machine(root, cloud)
        made.install({})
        home = root / "opt/kops-pulumi/current"
        with tarfile.open(fileobj=io.BytesIO(made.bundle().archive())) as tar:
            tar.extractall(home, filter="data")
        kubectl = made.played / "kubectl"
        kubectl.write_text(KUBECTL)
        cloud.machines += [
            {"id": "i-2", "name": "ip-2.internal", "time": "2", "address": "10.0.0.2", "group": "workers"},
            {"id": "i-3", "name": "ip-3.internal", "time": "3", "address": "10.0.0.3", "group": "others"},
        ]
        labels = b"kops.k8s.io/instancegroup=workers\nnode-role.kubernetes.io/node=\n"
        cloud.objects["store/c1/join/labels/workers"] = labels
        yield made


def labelled(box: Machine, *nodes: str) -> list[str]:
    """What kubectl was told to label while these nodes have no group yet."""
    (box.played / "unlabelled").write_text("".join(f"node/{node}\n" for node in nodes))
    (box.played / "calls").unlink(missing_ok=True)
    result = box.command("kops-labels")
    assert result.returncode == 0, result.stderr
    return [call.partition("label ")[2] for call in box.calls if " label node " in call]


WORKERS = "kops.k8s.io/instancegroup=workers node-role.kubernetes.io/node="


@pytest.mark.parametrize("name", ["i-2", "ip-2.internal", "ip-2"])
def test_a_node_gets_the_labels_of_its_machines_group(box: Machine, name: str):
    assert labelled(box, name) == [f"node {name} --overwrite {WORKERS}"]


def test_a_node_that_the_cloud_does_not_know_gets_none_and_holds_nobody_up(box: Machine):
    assert labelled(box, "stranger", "i-2") == [f"node i-2 --overwrite {WORKERS}"]


def test_a_group_whose_labels_are_not_there_yet_has_to_wait(box: Machine):
    assert labelled(box, "i-3") == []
    box.cloud.objects["store/c1/join/labels/others"] = b"a=b\n"
    assert labelled(box, "i-3") == ["node i-3 --overwrite a=b"]


def test_nobody_is_asked_while_every_node_has_its_group(box: Machine):
    assert labelled(box) == []
    assert not [request for request in box.cloud.requests if "DescribeInstances" in request]
