"""What users read when a manifest is wrong: whole lines, to the letter."""

from __future__ import annotations

import time

import pytest

from kops_pulumi import manifest, spec
from kops_pulumi.errors import ManifestError, errors_in
from kops_pulumi.spec import shapes
from kops_pulumi.spec.cluster import ClusterSpec

CLUSTER = """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata:
  name: demo.example.com
spec:
  cloudProvider: aws
  kubernetesVersion: 1.36
  networkCIDR: 10.0.0.0/16
  subnets:
  - name: a
    zone: eu-west-1a
    type: Private
"""
GROUP = """\
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata:
  name: nodes
  labels:
    kops.k8s.io/cluster: demo.example.com
spec:
  role: Node
  minSize: 1
"""
GOOD = CLUSTER + GROUP


def lines(text: str) -> list[str]:
    return [str(finding) for finding in spec.parse(manifest.loads(text, "c.yaml")).findings]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_a_good_manifest_has_no_findings() -> None:
    assert lines(GOOD) == []


CASES = {
    "unknown field": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  sshAcess: []\n",
        ["c.yaml:8:3: spec.sshAcess: unknown field; did you mean 'sshAccess'?"],
    ),
    "field of a lower level": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  loadBalancer: {}\n",
        ["c.yaml:8:3: spec.loadBalancer: unknown field (it belongs in spec.api)"],
    ),
    "field of an upper level": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  iam:\n    sshAccess: []\n",
        ["c.yaml:9:5: spec.iam.sshAccess: unknown field (it belongs in spec)"],
    ),
    "python's spelling": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  network_cidr: 10.0.0.0/16\n",
        ["c.yaml:8:3: spec.network_cidr: unknown field; did you mean 'networkCIDR'?"],
    ),
    "wrong type": (
        "minSize: 1",
        "minSize: three",
        ["c.yaml:22:12: spec.minSize: must be a whole number, not 'three'"],
    ),
    "quoted number": (
        "minSize: 1",
        'minSize: "1"',
        ["c.yaml:22:12: spec.minSize: must be a whole number, not the text '1' (remove the quotes)"],
    ),
    "boolean of the nineties": (
        "minSize: 1",
        "autoscale: yes",
        [
            "c.yaml:22:14: spec.autoscale: warning: 'yes' is text here but a boolean to kops (write true, or quote it)",
            "c.yaml:22:14: spec.autoscale: must be true or false, not 'yes'",
        ],
    ),
    "bad CIDR": (
        "10.0.0.0/16",
        "10.0.1.0/16",
        ["c.yaml:8:16: spec.networkCIDR: '10.0.1.0/16' has address bits beyond its prefix (did you mean 10.0.0.0/16?)"],
    ),
    "address instead of a CIDR": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  sshAccess: [0.0.0.0/0, pl-0a1b, 1.2.3.4]\n",
        [
            (
                "c.yaml:8:35: spec.sshAccess[2]: must be a CIDR such as 203.0.113.0/24 or a prefix list pl-…, "
                "not '1.2.3.4' (add the prefix length)"
            )
        ],
    ),
    "bad version": (
        "1.36",
        "latest",
        ["c.yaml:7:22: spec.kubernetesVersion: must be a version such as 1.36.2, or the URL of a build, not 'latest'"],
    ),
    "bad quantity and duration": (
        "minSize: 1",
        "maxInstanceLifetime: 1 day\n  kubelet: {kubeReserved: {cpu: half}}",
        [
            (
                "c.yaml:22:24: spec.maxInstanceLifetime: must be a duration such as 90s or 1h30m, "
                "not '1 day' (add the unit)"
            ),
            (
                "c.yaml:23:33: spec.kubelet.kubeReserved.cpu: must be a quantity such as 100m or 512Mi, not 'half' "
                "(Kubernetes units: m, k, M, Gi …)"
            ),
        ],
    ),
    "missing required fields": (
        "  - name: a\n    zone",
        "  - zone",
        ["c.yaml:10:5: spec.subnets[0].name: is required"],
    ),
    "duplicate key": (
        "    type: Private\n",
        "    type: Private\n    zone: eu-west-1b\n",
        ["c.yaml:13:5: spec.subnets[0].zone: the key is given twice; the first is at 11:5 (keep one of them)"],
    ),
    "YAML syntax": (
        "  kubernetesVersion: 1.36\n",
        "  kubernetesVersion: v1: 36\n",
        ["c.yaml:7:24: YAML: a colon where no key can be (quote the value, or mend the indentation)"],
    ),
    "tab": (
        "    zone: eu-west-1a\n",
        "\tzone: eu-west-1a\n",
        ["c.yaml:11:1: YAML: a tab cannot indent (use spaces)"],
    ),
    "unknown cloud": (
        "cloudProvider: aws",
        "cloudProvider: azure",
        ["c.yaml:6:18: spec.cloudProvider: Azure is not supported (supported clouds: aws, gce, openstack or vsphere)"],
    ),
    "bad enumeration": (
        "type: Private",
        "type: private",
        [
            (
                "c.yaml:12:11: spec.subnets[0].type: must be Public, Private, Utility or DualStack, not 'private' "
                "(did you mean Private?)"
            )
        ],
    ),
    "list for a mapping, mapping for a list": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  iam: []\n  sshAccess: {}\n",
        [
            "c.yaml:8:3: spec.iam: must be a mapping, not a list",
            "c.yaml:9:3: spec.sshAccess: must be a list, not a mapping",
        ],
    ),
    "out of bounds": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  networking: {cilium: {clusterID: 256}}\n",
        ["c.yaml:8:36: spec.networking.cilium.clusterID: must be at most 255, not '256'"],
    ),
    "bad key of a map": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  externalPolicies: {nodes: []}\n",
        [
            (
                "c.yaml:8:22: spec.externalPolicies.nodes: must be master, control-plane, node, bastion or apiserver, "
                "not 'nodes' (did you mean node?)"
            )
        ],
    ),
    "either text or mapping": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  addons:\n  - manifest: [x]\n  - manifest: {file: x, sha: y}\n  - manifest: {inline: [1]}\n",
        [
            "c.yaml:9:5: spec.addons[0].manifest: must be text, not a list",
            "c.yaml:10:25: spec.addons[1].manifest.sha: unknown field; did you mean 'sha256'?",
            "c.yaml:11:16: spec.addons[2].manifest.inline: must be text, not a list",
        ],
    ),
    "deprecated spellings": (
        "  networkCIDR: 10.0.0.0/16\n",
        "  topology: {masters: private}\n  docker: {}\n",
        [
            "c.yaml:8:14: spec.topology.masters: warning: is deprecated (set spec.subnets[].type instead)",
            "c.yaml:9:3: spec.docker: warning: is deprecated (Docker no longer exists; set containerd)",
        ],
    ),
    "stray field of kops's own manifests": (
        "minSize: 1",
        "rootVolume: {size: 1}",
        [
            (
                "c.yaml:22:3: spec.rootVolume: warning: unknown field, ignored "
                "(kops has no such field in v1alpha2; see rootVolumeSize and rootVolumeType)"
            )
        ],
    ),
    "unknown kind": (
        "kind: InstanceGroup",
        "kind: InstanceGroups",
        ["c.yaml:15:7: kind: unknown kind 'InstanceGroups' (did you mean 'InstanceGroup'?)"],
    ),
    "misspelt cluster is not also missing": (
        "kind: Cluster\n",
        "kind: Clusters\n",
        ["c.yaml:2:7: kind: unknown kind 'Clusters' (did you mean 'Cluster'?)"],
    ),
    "v1alpha3": (
        "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster",
        "apiVersion: kops.k8s.io/v1alpha3\nkind: Cluster",
        [
            (
                "c.yaml:1:13: apiVersion: must be kops.k8s.io/v1alpha2, not 'kops.k8s.io/v1alpha3' "
                "(v1alpha3 is the shape that kops uses inside; `kops get --output yaml` prints v1alpha2)"
            )
        ],
    ),
    "no label": (
        "  labels:\n    kops.k8s.io/cluster: demo.example.com\n",
        "",
        [
            (
                "c.yaml:16:1: metadata.labels: the label kops.k8s.io/cluster is required "
                "(add kops.k8s.io/cluster: demo.example.com)"
            )
        ],
    ),
    "label of another cluster": (
        "cluster: demo.example.com",
        "cluster: other.example.com",
        [
            (
                "c.yaml:19:26: metadata.labels.kops.k8s.io/cluster: must be the cluster's name 'demo.example.com', "
                "not 'other.example.com'"
            )
        ],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_a_mistake_is_named_with_its_place_and_the_way_out(old: str, new: str, expected: list[str]) -> None:
    assert lines(changed(old, new)) == expected


def test_an_anchor_bomb_is_refused() -> None:
    levels = "".join(f"  l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 9))
    bomb = f"kind: Cluster\nspec:\n  l0: &l0 [x, x, x, x, x, x, x, x, x]\n{levels}"
    assert lines(bomb) == ["c.yaml:8:17: more than 100000 values once aliases are expanded"]


def test_an_empty_manifest_lacks_a_cluster() -> None:
    assert lines("") == [
        (
            "c.yaml:1:1: there is no Cluster document "
            "(add a document with apiVersion: kops.k8s.io/v1alpha2 and kind: Cluster)"
        )
    ]


def test_a_second_cluster_and_a_second_group_of_one_name_are_refused() -> None:
    assert lines(GOOD + "---\n" + GOOD) == [
        "c.yaml:25:7: kind: a second Cluster; the first is at c.yaml:1:1 (one cluster a manifest)",
        "c.yaml:40:9: metadata.name: InstanceGroup/nodes is given twice (the first is at c.yaml:14:1)",
    ]


def test_findings_name_their_document() -> None:
    findings = spec.parse(manifest.loads(changed("minSize: 1", "minSize: x"), "c.yaml")).findings
    assert [finding.document for finding in findings] == ["InstanceGroup/nodes"]


def test_a_manifest_without_a_cluster_has_no_cluster_to_use() -> None:
    parsed = spec.parse(manifest.loads(GROUP, "c.yaml"))
    with pytest.raises(ManifestError, match="there is no Cluster document"):
        parsed.cluster  # noqa: B018 - the property raises


def test_every_mistake_is_reported_at_once_and_quickly() -> None:
    subnets = "".join(
        f"  - name: s{i}\n    zone: [z]\n    typ: Private\n    cidr: 10.0.0.{i % 250 + 1}/8\n" for i in range(34)
    )
    text = CLUSTER.replace("  - name: a\n    zone: eu-west-1a\n    type: Private\n", subnets)
    started = time.process_time()
    findings = errors_in(spec.parse(manifest.loads(text, "c.yaml")).findings)
    assert len(findings) == 102
    assert time.process_time() - started < 0.5


def test_no_message_speaks_pydantic() -> None:
    values = ("[]", "{}", "x", "1", "1.5", "true", "'x'", "[[]]", "[{}]", "{a: {}}", "[null]")
    for value in values:
        body = "".join(f"  {key}: {value}\n" for key in shapes.fields(ClusterSpec))
        text = CLUSTER[: CLUSTER.index("spec:")] + "spec:\n" + body
        found = errors_in(spec.parse(manifest.loads(text, "c.yaml")).findings)
        text = "\n".join(map(str, found))
        assert found
        assert not any(word in text for word in ("Input should", "valid ", "cannot be ", "dict", "pydantic", "None"))
