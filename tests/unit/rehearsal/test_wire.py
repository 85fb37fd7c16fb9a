"""Property bags survive the wire."""

from __future__ import annotations

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.rehearsal.wire import UNKNOWN, Secret, at, decode, encode, has_unknown

SCALARS = st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_plain_values_come_back_as_they_went(values: dict[str, object]) -> None:
    assert decode(encode(values)) == values


def test_whole_numbers_stay_whole_and_others_do_not() -> None:
    decoded = decode(encode({"port": 8080, "price": 0.25}))
    assert decoded == {"port": 8080, "price": 0.25}
    assert isinstance(decoded["port"], int)


def test_unknown_values_stay_unknown() -> None:
    assert decode(encode({"id": UNKNOWN, "ids": [UNKNOWN]})) == {"id": UNKNOWN, "ids": [UNKNOWN]}


def test_secrets_are_marked_on_the_way_out_and_unwrapped_on_the_way_in() -> None:
    encoded = encode({"key": Secret("s3cret")})
    assert encoded.fields["key"].struct_value.fields["value"].string_value == "s3cret"
    assert decode(encoded) == {"key": "s3cret"}


def test_absent_properties_are_left_out() -> None:
    assert decode(encode({"name": None, "size": 1})) == {"size": 1}
    assert decode(struct_pb2.Struct(fields={"gone": struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)})) == {}


def test_other_types_cannot_travel() -> None:
    with pytest.raises(TypeError, match="set cannot travel"):
        encode({"names": {1}})


def test_unknown_parts_are_found_at_any_depth() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": 1}]})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("vpcId", ["vpc-1"]),
        ("nics[].groups[]", ["sg-1", "sg-2", "sg-3"]),
        ("nics[].subnet", ["subnet-1"]),
        ("vpcId.more", []),
        ("absent[].x", []),
    ],
)
def test_paths_reach_into_lists(path: str, found: list[str]) -> None:
    bag = {"vpcId": "vpc-1", "nics": [{"groups": ["sg-1", "sg-2"], "subnet": "subnet-1"}, {"groups": ["sg-3"]}]}
    assert list(at(bag, path)) == found
