"""How values are read: source texts, nulls, kinds, extensions."""

from __future__ import annotations

from kops_pulumi import manifest, spec

CLUSTER = """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata:
  name: demo.example.com
  creationTimestamp: null
spec:
  cloudProvider: vsphere
  kubernetesVersion: 1.30
  protect: true
  sshAccess:
  cloudConfig:
    vsphere: {server: vc.example.com, apiVIP: 10.0.0.5}
  cloudLabels: {on: true, build: 007, ratio: 1.10, empty: }
  etcdClusters:
  - name: main
    cpuRequest: 1
    etcdMembers: [{name: 1, instanceGroup: cp}]
  addons:
  - manifest: https://example.com/a.yaml
  - name: podinfo
    helm: {chart: podinfo, repo: https://example.com, version: 6.10, values: {replicas: 2, none: null}}
    after: [cert-manager]
  - manifest: {inline: "kind: ConfigMap"}
"""
OTHERS = """\
---
apiVersion: kops.k8s.io/v1alpha2
kind: SSHCredential
metadata: {name: admin, labels: {kops.k8s.io/cluster: demo.example.com}}
spec: {publicKey: ssh-ed25519 AAAA}
---
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {qps: 3.1}
---
apiVersion: v1
kind: Namespace
metadata: {name: demo}
"""


def parsed(text: str = CLUSTER) -> spec.ParsedManifest:
    result = spec.parse(manifest.loads(text, "c.yaml"))
    assert result.findings == ()
    return result


def test_plain_scalars_keep_their_source_text_where_text_is_wanted() -> None:
    cluster = parsed(CLUSTER.replace("on: true", "truth: true")).cluster.spec
    assert cluster.kubernetes_version == "1.30"
    assert cluster.cloud_labels == {"truth": "true", "build": "007", "ratio": "1.10", "empty": ""}
    assert cluster.etcd_clusters is not None
    assert (cluster.etcd_clusters[0].cpu_request, cluster.etcd_clusters[0].etcd_members[0].name) == ("1", "1")


def test_a_null_means_not_given() -> None:
    cluster = parsed().cluster
    assert cluster.spec.ssh_access is None
    assert cluster.metadata.creation_timestamp is None


def test_an_empty_list_is_not_the_same_as_nothing() -> None:
    assert parsed(CLUSTER.replace("sshAccess:", "sshAccess: []")).cluster.spec.ssh_access == []


def test_our_extensions_parse() -> None:
    cluster = parsed().cluster.spec
    assert cluster.protect is True
    assert cluster.cloud_config is not None
    assert cluster.cloud_config.vsphere is not None
    assert cluster.cloud_config.vsphere.api_vip == "10.0.0.5"
    assert cluster.addons is not None
    plain, chart, inline = cluster.addons
    assert plain.manifest == "https://example.com/a.yaml"
    assert chart.helm is not None
    assert (chart.helm.version, chart.helm.values, chart.after) == (
        "6.10",
        {"replicas": 2, "none": None},
        ["cert-manager"],
    )
    assert inline.manifest is not None
    assert not isinstance(inline.manifest, str)
    assert inline.manifest.inline == "kind: ConfigMap"


def test_kubernetes_objects_pass_as_they_are() -> None:
    result = parsed(CLUSTER + OTHERS)
    assert [key.spec.public_key for key in result.ssh_keys] == ["ssh-ed25519 AAAA"]
    assert [item["kind"] for item in result.objects] == ["KubeSchedulerConfiguration", "Namespace"]
    assert result.objects[0]["clientConnection"] == {"qps": 3.1}


def test_plain_data_parses_like_a_file() -> None:
    document = {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Cluster",
        "metadata": {"name": "demo.example.com"},
        "spec": {"cloudProvider": "aws", "sshAcess": []},
    }
    findings = spec.parse(manifest.from_data([document])).findings
    assert [str(finding) for finding in findings] == [
        "Cluster/demo.example.com: spec.sshAcess: unknown field; did you mean 'sshAccess'?"
    ]


def test_both_spellings_of_control_plane_are_roles() -> None:
    group = OTHERS.split("---\n")[1].replace("SSHCredential", "InstanceGroup")
    for role in ("Master", "ControlPlane"):
        result = parsed(CLUSTER + "---\n" + group.replace("publicKey: ssh-ed25519 AAAA", f"role: {role}"))
        assert result.groups[0].spec.role == role


def test_dumping_and_parsing_again_gives_the_same_models() -> None:
    first = parsed(CLUSTER + OTHERS)
    again = spec.parse(manifest.loads(manifest.dump_all([spec.dump(first.cluster)]), "again"))
    assert again.findings == ()
    assert again.cluster == first.cluster
