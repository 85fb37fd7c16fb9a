"""Engine events → ChangeReport → JSON, text, Markdown. The events are the engine's JSON, shortened."""

from __future__ import annotations

import itertools

import jsonschema
import pytest
from pulumi.automation import EngineEvent

from kops_pulumi.automation import render
from kops_pulumi.automation.collect import Collector, component_of, mask
from kops_pulumi.automation.report import Action, ChangeReport, Kind, json_schema

_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "AAAA"}
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_NETWORK = "urn:pulumi:a::p::kops:index:Cluster$kops:aws:Network"
SUBNET = f"{_NETWORK}$aws:ec2/subnet:Subnet::a-subnet"
VPC = f"{_NETWORK}$aws:ec2/vpc:Vpc::a-vpc"
CLUSTER = "urn:pulumi:a::p::kops:index:Cluster::a"
_clock = itertools.count()


def _event(**content):
    return EngineEvent.from_json({"sequence": next(_clock), "timestamp": 0, **content})


def step(op, urn, *, old=None, new=None, diff=None, custom=True, protect=False, event="resourcePreEvent", keys=None):
    kind = urn.split("::")[2].rpartition("$")[2]
    bag = {"type": kind, "urn": urn, "id": "", "parent": "", "provider": "", "custom": custom, "protect": protect}
    metadata = {
        "op": op,
        "urn": urn,
        "type": kind,
        "provider": "",
        "old": old if old is None else {**bag, "inputs": old},
        "new": new if new is None else {**bag, "inputs": new},
        "detailedDiff": {path: {"diffKind": how, "inputDiff": True} for path, how in (diff or {}).items()},
        "diffs": keys,
    }
    return _event(**{event: {"metadata": metadata}})


def report(*events, operation="preview") -> ChangeReport:
    collector = Collector()
    for event in events:
        collector(event)
    return collector.report("a", operation)


UPDATE = step(
    "update",
    SUBNET,
    old={"tags": {"Name": "old", "a.b": "1"}, "cidrBlock": "10.0.0.0/24", "key": _SECRET},
    new={"tags": {"Name": "new"}, "cidrBlock": "10.0.0.0/24", "key": _SECRET, "zones": ["a", _UNKNOWN]},
    diff={"tags.Name": "update", 'tags["a.b"]': "delete", "key": "update", "zones[1]": "add"},
)


def test_creations_and_what_stays_are_counted_without_components_and_providers():
    found = report(
        step("create", CLUSTER, new={}, custom=False),
        step("create", "urn:pulumi:a::p::pulumi:providers:aws::default", new={}),
        step("create", VPC, new={}),
        step("same", SUBNET, new={}),
    )
    assert (found.count(), found.count(Action.CREATE), found.unchanged, found.empty) == (1, 1, 1, False)
    assert [change.kind for change in found.changes] == [Kind.COMPONENT, Kind.PROVIDER, Kind.RESOURCE]


def test_only_sames_and_reads_are_no_change():
    assert report(step("same", VPC, new={}), step("read", SUBNET, new={})).empty


def test_an_update_tells_each_property_with_its_values():
    (change,) = report(UPDATE).changes
    assert [(p.path, p.difference.value, p.before, p.after) for p in change.properties] == [
        ("key", "update", "[secret]", "[secret]"),
        ("tags.Name", "update", "old", "new"),
        ('tags["a.b"]', "delete", "1", None),
        ("zones[1]", "add", None, "[unknown]"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_steps_of_a_replacement_are_one_change_in_any_order(order):
    steps = [
        step(
            "create-replacement",
            VPC,
            old={"cidrBlock": "a"},
            new={"cidrBlock": "b"},
            diff={"cidrBlock": "update-replace"},
        ),
        step("replace", VPC, old={"cidrBlock": "a"}, new={"cidrBlock": "b"}, diff={"cidrBlock": "update-replace"}),
        step("delete-replaced", VPC, old={"cidrBlock": "a"}),
    ]
    (change,) = report(*(steps[index] for index in order)).changes
    assert change.action is Action.REPLACE
    assert [(p.path, p.forces_replacement) for p in change.properties] == [("cidrBlock", True)]


def test_providers_without_detailed_differences_still_name_the_properties():
    (change,) = report(step("update", VPC, old={"a": 1}, new={"a": 2}, keys=["a"])).changes
    assert [(p.path, p.before, p.after) for p in change.properties] == [("a", 1, 2)]


def test_a_refresh_reports_drift_and_what_has_vanished():
    drifted = step("refresh", VPC, old={"a": 1}, new={"a": 2}, diff={"a": "update"}, event="resOutputsEvent")
    vanished = step("refresh", SUBNET, old={"a": 1}, event="resOutputsEvent")
    found = report(drifted, vanished, operation="refresh")
    assert [(change.name, change.action) for change in found.changes] == [
        ("a-subnet", Action.DELETE),
        ("a-vpc", Action.UPDATE),
    ]


def test_the_report_does_not_depend_on_the_order_of_events():
    events = [UPDATE, step("create", VPC, new={}), step("delete", CLUSTER, old={}, custom=False)]
    assert len({report(*order) for order in itertools.permutations(events)}) == 1


def test_its_json_is_what_the_schema_says():
    data = report(UPDATE, step("delete", VPC, old={}, protect=True)).to_data()
    jsonschema.validate(data, json_schema())
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert data["summary"] == {"read": 0, "create": 0, "update": 1, "replace": 0, "delete": 1, "unchanged": 0}


def test_secrets_never_get_in_and_unknowns_are_readable():
    value = {"list": [_SECRET, {"deep": _SECRET}], "later": f"arn:{_UNKNOWN}"}
    assert mask(value) == {"list": ["[secret]", {"deep": "[secret]"}], "later": "[unknown]"}


def test_warnings_become_messages_and_errors_are_kept_apart():
    collector = Collector()
    for severity, text in (
        ("warning", "<{%reset%}>careful<{%reset%}>\n"),
        ("warning", "careful"),
        ("error", "no"),
        ("info", "hm"),
    ):
        collector(_event(diagnosticEvent={"severity": severity, "message": text, "color": "raw"}))
    assert collector.report("a", "preview").messages == ("careful",)
    assert collector.errors == ["no"]


def test_components_are_told_by_their_own_name():
    assert [component_of(urn) for urn in (VPC, CLUSTER, "urn:pulumi:a::p::aws:s3/bucket:Bucket::b")] == [
        "Network",
        "",
        "",
    ]


MIXED = report(
    UPDATE,
    step("create", VPC, new={}),
    step("delete", f"{_NETWORK}$aws:ec2/eip:Eip::old", old={}, protect=True),
    step("same", f"{_NETWORK}$aws:ec2/eip:Eip::kept", new={}),
)


def test_as_text():
    assert (
        render.text(MIXED)
        == """\
Network
  - aws:ec2:Eip                          old  (protected)
  ~ aws:ec2:Subnet                       a-subnet
      key: [secret] → [secret]
      tags.Name: old → new
      tags["a.b"]: 1 → gone
      zones[1]: [unknown]
  + aws:ec2:Vpc                          a-vpc
1 to create, 1 to change, 1 to delete; 1 unchanged\
"""
    )


def test_as_markdown():
    assert (
        render.markdown(MIXED)
        == """\
### `a`: 1 to create, 1 to change, 1 to delete; 1 unchanged

**1 to delete**

- `aws:ec2:Eip` old

**1 to change**

- `aws:ec2:Subnet` a-subnet
  - `key: [secret] → [secret]`
  - `tags.Name: old → new`
  - `tags["a.b"]: 1 → gone`
  - `zones[1]: [unknown]`

**1 to create**

- `aws:ec2:Vpc` a-vpc
"""
    )


def test_as_a_digest():
    assert (
        render.digest(MIXED)
        == """\
  + Network    1 Vpc
  ~ Network    1 Subnet
  - Network    1 Eip
1 to create, 1 to change, 1 to delete; 1 unchanged\
"""
    )


def test_nothing_is_said_shortly():
    assert render.text(report(step("same", VPC, new={}))) == "no changes; 1 unchanged"


def test_long_texts_show_only_the_lines_that_differ():
    old, new = "\n".join(map(str, range(50))), "\n".join(map(str, [*range(49), "x"]))
    lines = render.text(report(step("update", VPC, old={"t": old}, new={"t": new}, diff={"t": "update"}))).splitlines()
    assert lines[2:5] == ["      t:", "        -49", "        +x"]
