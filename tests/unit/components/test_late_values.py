"""Late values are put in by name, and only where the text asks for them."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from kops_pulumi.components import late
from kops_pulumi.components.handles import EndpointHandles, Handles, InstanceHandles, PkiHandles
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Late
from kops_pulumi.testing import record


def out(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def exported(value: Any) -> Any:
    """What a value is once a program has run."""
    return record(lambda: pulumi.export("it", value())).exports["it"]


def handles() -> Handles:
    return Handles(
        endpoints=EndpointHandles({"api": out("api.elb.example")}, {}),
        instances=InstanceHandles({}, {"main/a": out("vol-1")}),
        pki=PkiHandles({"kubernetes-ca": out("PEM")}, {"kubernetes-ca": out("KEY")}),
    )


def test_values_are_put_into_a_text() -> None:
    text = f"server: {Late('api.endpoint')}\nvolume: {Late('volume.main/a')}\n"
    assert exported(lambda: late.text(text, handles())) == "server: api.elb.example\nvolume: vol-1\n"


def test_a_text_without_late_values_stays_as_it_is() -> None:
    assert exported(lambda: late.text("mail@example.com ${late}", handles())) == "mail@example.com ${late}"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KopsError, match=r"no deployed resource gives 'bastion.endpoint'") as caught:
        record(lambda: late.value(Late("bastion.endpoint"), handles()))
    assert caught.value.hint == "known: api.endpoint, certificate.kubernetes-ca, volume.main/a"


def test_private_keys_have_no_name() -> None:
    with pytest.raises(KopsError, match=r"key\.kubernetes-ca"):
        record(lambda: late.text("@late(key.kubernetes-ca)@", handles()))
