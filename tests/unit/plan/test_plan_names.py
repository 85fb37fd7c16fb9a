"""Names: unique, legal, within limits, the same for the same thing."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from kops_pulumi.model import Role
from kops_pulumi.plan.names import Names, limited, logical

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,12}(-[a-z0-9]{1,8})?", fullmatch=True)
CLUSTER = st.lists(LABEL, min_size=2, max_size=6).map(".".join)
LIMITS = {"load-balancer": 32, "role": 64, "event-rule": 64, "queue": 80}


@given(st.text(min_size=1, max_size=120), st.integers(12, 80))
def test_a_limited_name_fits_and_begins_like_the_whole(text, limit):
    short = limited(text, limit)
    assert len(short) <= limit
    assert short == text if len(text) <= limit else short.startswith(text[: limit - 7])


@given(CLUSTER, CLUSTER)
def test_load_balancers_of_two_clusters_differ(one, other):
    names = [Names(cluster, LIMITS).balancer("api") for cluster in (one, other)]
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", name) for name in names)
    assert (names[0] == names[1]) == (one.replace(".", "-") == other.replace(".", "-"))


@given(CLUSTER)
def test_roles_of_one_cluster_have_different_names_within_the_limit(cluster):
    names = [Names(cluster, LIMITS).role(role) for role in Role]
    assert len(set(names)) == len(Role)
    assert all(len(name) <= 64 for name in names)


@given(LABEL, LABEL)
def test_logical_names_join_legal_parts(component, part):
    assert logical(component, part) == f"{component}-{part}"
    assert re.fullmatch(r"[A-Za-z0-9._-]+", logical(component, f"{part}/with spaces"))


@settings(max_examples=10, deadline=None)
@given(zones=st.sampled_from(["a", "abc", "bcd"]), private=st.booleans())
def test_no_two_things_of_a_plan_share_a_physical_name(kit, zones, private):
    plan = kit.planned(kit.documents(zones, private=private, bastion=True)).plan
    by_kind = {
        "group": [group.physical_name for group in plan.groups],
        "volume": [member.volume_name for etcd in plan.etcd for member in etcd.members],
        "balancer": [endpoint.physical_name for endpoint in plan.endpoints],
        "role": [identity.name for identity in plan.identities],
        "certificate": [certificate.key for certificate in plan.certificates],
    }
    for kind, names in by_kind.items():
        assert max(Counter(names).values()) == 1, kind
        assert all(len(name) <= plan.name_limits.get(kind, 255) for name in names)
