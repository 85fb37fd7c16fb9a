"""A plan is a function of what a manifest says, not of the order in which it says it."""

from __future__ import annotations

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RELAXED = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def shuffled(value, draw):
    """The same data with mappings in another order; lists stay, for some of them have a meaning."""
    if isinstance(value, dict):
        keys = draw(st.permutations(sorted(value)))
        return {key: shuffled(value[key], draw) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, draw) for item in value]
    return value


@RELAXED
@given(data=st.data())
def test_reordering_fields_subnets_members_and_documents_changes_no_byte(kit, data):
    documents = kit.documents("abc", private=True, bastion=True)
    expected = kit.planned(documents).plan.to_json()
    cluster, *groups = copy.deepcopy(documents)
    spec = cluster["spec"]
    spec["subnets"] = data.draw(st.permutations(spec["subnets"]))
    spec["etcdClusters"] = data.draw(st.permutations(spec["etcdClusters"]))
    for etcd in spec["etcdClusters"]:
        etcd["etcdMembers"] = data.draw(st.permutations(etcd["etcdMembers"]))
    for group in groups:
        group["spec"]["subnets"] = data.draw(st.permutations(group["spec"]["subnets"]))
    reordered = shuffled(data.draw(st.permutations([cluster, *groups])), data.draw)
    assert kit.planned(reordered).plan.to_json() == expected


def test_the_same_manifest_gives_the_same_bytes(kit):
    documents = kit.documents("abc", private=True)
    assert kit.planned(documents).plan.to_json() == kit.planned(documents).plan.to_json()


def test_a_label_on_one_group_changes_that_groups_entry_alone(kit):
    documents = kit.documents("abc")
    before = {group.name: group for group in kit.planned(documents).plan.groups}
    documents[-1]["spec"]["nodeLabels"] = {"pool": "general"}
    after = {group.name: group for group in kit.planned(documents).plan.groups}
    assert [name for name in before if before[name] != after[name]] == ["nodes"]
    assert before["nodes"].user_data != after["nodes"].user_data


def test_adding_a_group_changes_no_other_group(kit):
    documents = kit.documents("a")
    before = kit.planned(documents).plan.groups
    extra = copy.deepcopy(documents[-1])
    extra["metadata"]["name"] = "another"
    after = kit.planned([*documents, extra]).plan.groups
    assert set(map(repr, before)) < set(map(repr, after))
    assert len(after) == len(before) + 1


def test_adding_a_zone_leaves_the_machines_of_others_alone(kit):
    before, after = kit.documents("abc", private=True), kit.documents("abc", private=True)
    spec = after[0]["spec"]
    spec["subnets"] += [
        {"name": "eu-west-1d", "zone": "eu-west-1d", "type": "Private", "cidr": "10.0.128.0/19"},
        {"name": "utility-eu-west-1d", "zone": "eu-west-1d", "type": "Utility", "cidr": "10.0.12.0/22"},
    ]
    one, other = kit.planned(before).plan, kit.planned(after).plan
    assert one.groups == other.groups
    assert set(one.network.subnets) < set(other.network.subnets)
