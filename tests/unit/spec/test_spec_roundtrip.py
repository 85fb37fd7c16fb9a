"""Generated manifests: written, read and parsed, they are what they were."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kops_pulumi import manifest, spec
from kops_pulumi.errors import errors_in

names = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
texts = st.text(max_size=12)
counts = st.integers(min_value=0, max_value=10**6)
cidrs = st.builds("10.{}.{}.0/24".format, st.integers(0, 255), st.integers(0, 255))
quantities = st.from_regex(r"[1-9][0-9]{0,3}(m|Ki|Mi|Gi|)", fullmatch=True)
labels = st.dictionaries(texts.filter(lambda key: key != "<<"), texts, max_size=3)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any subset of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


subnets = st.builds(
    lambda name, rest: {"name": name, **rest},
    names,
    some(zone=names, cidr=cidrs, type=st.sampled_from(["Public", "Private", "Utility", "DualStack"]), egress=texts),
)
cluster_specs = some(
    kubernetesVersion=st.sampled_from(["1.30", "v1.36.2", "1.37.0-alpha.1"]),
    networkCIDR=cidrs,
    sshAccess=st.lists(cidrs, max_size=3),
    subnets=st.lists(subnets, max_size=3),
    cloudLabels=labels,
    api=some(dns=st.just({}), loadBalancer=some(type=st.sampled_from(["Public", "Internal"]), sslPolicy=texts)),
    networking=some(cni=st.just({}), cilium=some(version=texts, clusterID=st.integers(0, 255), debug=st.booleans())),
    kubelet=some(maxPods=counts, systemReserved=st.dictionaries(names, quantities, max_size=2)),
    rollingUpdate=some(maxSurge=counts | st.just("25%")),
    addons=st.lists(
        some(name=texts, manifest=texts | some(inline=texts, file=texts), after=st.lists(texts)), max_size=2
    ),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(names, cluster_specs)
def test_any_cluster_survives_dump_load_and_parse(name: str, body: dict[str, Any]) -> None:
    document = {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Cluster",
        "metadata": {"name": name},
        "spec": {"cloudProvider": "aws", **body},
    }
    parsed = spec.parse(manifest.loads(manifest.dump(document)))
    assert errors_in(parsed.findings) == []
    assert spec.dump(parsed.cluster) == document
    again = spec.parse(manifest.from_data([spec.dump(parsed.cluster)]))
    assert again.cluster == parsed.cluster
