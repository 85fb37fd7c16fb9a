"""What is wrong about a manifest's network, word by word and with its place; nothing else comes with it."""

from __future__ import annotations

import pytest

from kops_pulumi import manifest, pipeline, spec
from kops_pulumi.errors import ManifestError, errors_in

TEXT = """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: harbor.example.net}
spec:
  networking: @network@
  kubeProxy: @proxy@
  nonMasqueradeCIDR: @range@
  cloudProvider: aws
  configBase: s3://harbor-state/harbor.example.net
  kubernetesVersion: 1.36.1
  networkCIDR: 10.40.0.0/16
  kubernetesApiAccess: [198.51.100.0/24]
  sshAccess: []
  subnets:
    - {name: a, zone: eu-central-1a, type: Public, cidr: 10.40.32.0/19, ipv6CIDR: @slice@}
  etcdClusters:
    - {name: main, etcdMembers: [{name: a, instanceGroup: control-plane}]}
    - {name: events, etcdMembers: [{name: a, instanceGroup: control-plane}]}
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: control-plane, labels: {kops.k8s.io/cluster: harbor.example.net}}
spec: {role: Master, image: ami-0123456789abcdef0, machineType: m6i.large, subnets: [a]}
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: nodes, labels: {kops.k8s.io/cluster: harbor.example.net}}
spec: {role: Node, image: ami-0123456789abcdef0, machineType: m6i.large, subnets: [a]}
"""


def errors(network: str, *, proxy: str = "{}", ipv6: bool = False) -> list[str]:
    """The manifest's errors, as the command line prints them."""
    filled = TEXT.replace("@network@", network).replace("@proxy@", proxy)
    filled = filled.replace("@range@", "::/0" if ipv6 else "100.64.0.0/10").replace(
        "@slice@", "/64#0" if ipv6 else "null"
    )
    try:
        found = pipeline.run(spec.parse(manifest.loads(filled, "c.yaml"))).findings
    except ManifestError as error:
        found = error.findings
    return [str(finding) for finding in errors_in(found)]


def test_the_manifest_is_right_as_it_is() -> None:
    assert errors("{calico: {}}") == []


@pytest.mark.parametrize(
    ("network", "options", "wanted"),
    [
        (
            "{celium: {}}",
            {},
            "c.yaml:5:16: spec.networking.celium: unknown field; did you mean 'cilium'?",
        ),
        (
            "{calico: {}, flannel: {}}",
            {},
            (
                "c.yaml:5:28: spec.networking.flannel: calico and flannel exclude each other "
                "(name exactly one network plug-in)"
            ),
        ),
        (
            "{}",
            {},
            "c.yaml:5:3: spec.networking: the cluster has no network plug-in (set networking.cilium: {}, or another)",
        ),
        (
            "{flannel: {backend: vxlan}}",
            {"ipv6": True},
            (
                "c.yaml:5:16: spec.networking.flannel: flannel cannot do IPv6 "
                "(use cilium, calico, kindnet or cni, or an IPv4 range)"
            ),
        ),
        (
            "{cilium: {enableNodePort: true}}",
            {"proxy": "{enabled: true}"},
            (
                "c.yaml:6:24: spec.kubeProxy.enabled: cilium replaces kube-proxy with these settings, so kube-proxy "
                "must be off (set spec.kubeProxy.enabled: false)"
            ),
        ),
        (
            "{kuberouter: {}}",
            {},
            (
                "c.yaml:6:3: spec.kubeProxy.enabled: kuberouter replaces kube-proxy with these settings, so kube-proxy "
                "must be off (set spec.kubeProxy.enabled: false)"
            ),
        ),
        (
            "{cilium: {version: v1.17.3}}",
            {},
            (
                "c.yaml:5:34: spec.networking.cilium.version: cilium v1.17.3 is not supported, only 1.18 "
                "(use v1.18.x; upgrade through every minor, one at a time)"
            ),
        ),
        (
            "{cilium: {version: newest}}",
            {},
            "c.yaml:5:34: spec.networking.cilium.version: 'newest' is not a version of cilium (such as v1.18.12)",
        ),
        (
            "{cilium: {bpfLBMaglevTableSize: big}}",
            {},
            "c.yaml:5:47: spec.networking.cilium.bpfLBMaglevTableSize: 'big' is no number (use a prime such as 16381)",
        ),
        (
            "{cilium: {gatewayAPI: {enabled: true}}}",
            {},
            (
                "c.yaml:5:47: spec.networking.cilium.gatewayAPI.enabled: gatewayAPI needs cilium to serve Services "
                "(set enableNodePort: true and spec.kubeProxy.enabled: false)"
            ),
        ),
        (
            "{cilium: {identityAllocationMode: kvstore}}",
            {},
            (
                "c.yaml:5:49: spec.networking.cilium.identityAllocationMode: identities in a kvstore need one "
                "(set etcdManaged: true, or identityAllocationMode: crd)"
            ),
        ),
        (
            "{calico: {version: '3.31'}}",
            {},
            "c.yaml:5:34: spec.networking.calico.version: '3.31' is not a version of calico (such as v3.31.5)",
        ),
        (
            "{calico: {ipv4AutoDetectionMethod: guess}}",
            {},
            (
                "c.yaml:5:50: spec.networking.calico.ipv4AutoDetectionMethod: 'guess' finds no address (use "
                "first-found, kubernetes-internal-ip, can-reach=…, interface=…, skip-interface=… or cidr=…)"
            ),
        ),
        (
            "{kindnet: {version: '1'}}",
            {},
            "c.yaml:5:35: spec.networking.kindnet.version: '1' is not a version of kindnet (such as v1.0.1)",
        ),
        (
            "{amazonvpc: {env: [{name: WARM_ENI_TARGET}]}}",
            {},
            (
                "c.yaml:5:41: spec.networking.amazonvpc.env[0].name: WARM_ENI_TARGET has no value "
                "(add value, or remove the variable)"
            ),
        ),
        (
            "{weave: {}}",
            {},
            (
                "c.yaml:5:16: spec.networking.weave: weave was removed in Kubernetes 1.24; use cilium or calico "
                "instead (create a cluster with cilium and move the workloads, or change the key and replace every "
                "node at once)"
            ),
        ),
        (
            "{gce: {}}",
            {},
            "c.yaml:5:16: spec.networking.gce: gce exists on gce only, not on aws (cilium works on all clouds)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("{") else "",
)
def test_a_bad_network_is_one_finding_with_its_place(network: str, options: dict[str, object], wanted: str) -> None:
    assert wanted in errors(network, **options)  # type: ignore[arg-type]
