"""Removing left-overs: again and again, with a bound."""

from __future__ import annotations

import pytest

from kops_pulumi.automation.leftovers import Patience, remove
from kops_pulumi.errors import KopsError
from kops_pulumi.model.leftovers import Leftover

BALANCER, VOLUME = Leftover("load balancer", "arn:1", "service"), Leftover("volume", "vol-1", "data", holds_data=True)


class Cloud:
    """Things that need some requests until they are gone."""

    def __init__(self, **needs: int) -> None:
        self.left = {BALANCER: needs.get("balancer", 1), VOLUME: needs.get("volume", 1)}

    def find(self, known):
        return [item for item, needed in self.left.items() if needed > 0 and item.id not in known]

    def remove(self, leftover):
        self.left[leftover] -= 1


def test_what_takes_longer_is_asked_for_again_and_said() -> None:
    cloud, slept, said = Cloud(balancer=3), [], []
    remove(cloud, [BALANCER, VOLUME], (), Patience(60, 5, sleep=slept.append), said.append)
    assert cloud.find(()) == []
    assert slept == [5, 5]
    assert said[0] == "waiting until 1 are gone: load balancer service, …"


def test_what_was_not_chosen_stays() -> None:
    cloud = Cloud()
    remove(cloud, [BALANCER], (), Patience(sleep=lambda _: None), lambda _: None)
    assert cloud.find(()) == [VOLUME]


@pytest.mark.parametrize("patience", [(10.0, 5.0, 0), (600.0, 5.0, 2)])
def test_patience_has_an_end(patience: tuple[float, float, int]) -> None:
    with pytest.raises(KopsError, match="still there: load balancer service"):
        remove(Cloud(balancer=99), [BALANCER], (), Patience(*patience, sleep=lambda _: None), lambda _: None)
