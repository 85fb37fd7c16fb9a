"""The catalogue of instance types, and choosing from it."""

from __future__ import annotations

import re

import pytest

from kops_pulumi.clouds.aws.instance_types import Criteria, Range, catalogue, get, mebibytes, select
from kops_pulumi.errors import KopsError, NotFoundError


def names(criteria: Criteria, most: int = 5) -> list[str]:
    return [item.name for item in select(criteria, most)]


def test_the_catalogue_has_what_everybody_knows() -> None:
    assert len(catalogue()) > 1000
    large = get("m5.large")
    assert (large.arch, large.vcpus, large.memory, large.burst, large.ena) == ("amd64", 2, 8192, False, True)
    assert (get("g4dn.xlarge").gpus, get("g4dn.xlarge").gpu_memory) == (1, 16384)
    assert (get("t4g.medium").arch, get("t4g.medium").burst) == ("arm64", True)


def test_the_smallest_come_first_and_of_a_size_the_newest() -> None:
    found = select(Criteria(vcpus=Range(2, 4), memory=Range(4096, 16384)), 500)
    assert [(item.vcpus, item.memory) for item in found] == sorted((item.vcpus, item.memory) for item in found)
    same = [item.generation for item in found if (item.vcpus, item.memory) == (2, 8192)]
    assert same == sorted(same, reverse=True)


def test_each_criterion_counts() -> None:
    everything = select(Criteria(vcpus=Range(4, 4)), 9999)
    assert all(item.gpus == 0 and item.arch == "amd64" for item in everything)
    assert all(item.burst for item in select(Criteria(vcpus=Range(4, 4), burst=True), 99))
    assert all(item.memory == 4 * 8192 for item in select(Criteria(vcpus=Range(4, 4), ratio=8), 99))
    assert all(item.gpus == 4 for item in select(Criteria(gpus=Range(4, 4)), 99))
    assert all(item.interfaces >= 8 for item in select(Criteria(interfaces=Range(8)), 99))
    assert all(item.name[0] in "cmr" for item in select(Criteria(vcpus=Range(4, 4), flexible=True), 99))
    assert all("cluster" in item.placement for item in select(Criteria(placement="cluster"), 99))
    allowed = Criteria(allow=re.compile(r"^m5\."), deny=re.compile("metal"))
    assert all(name.startswith("m5.") for name in names(allowed))


def test_a_base_type_gives_what_is_not_said() -> None:
    like = Criteria(memory=Range(16384, 16384)).like("t4g.medium")
    assert (like.arch, like.vcpus, like.memory, like.burst) == ("arm64", Range(2, 2), Range(16384, 16384), True)


def test_nothing_that_fits_and_unknown_types_are_refused() -> None:
    with pytest.raises(NotFoundError, match="no instance type has all of that"):
        select(Criteria(vcpus=Range(3, 3)), 5)
    with pytest.raises(NotFoundError, match=r"there is no instance type m99\.huge"):
        get("m99.huge")


@pytest.mark.parametrize(("text", "amount"), [("4gb", 4096), ("4 GiB", 4096), ("512", 512), ("0.5gib", 512)])
def test_amounts_of_memory(text: str, amount: int) -> None:
    assert mebibytes(text) == amount


@pytest.mark.parametrize("text", ["", "four", "4xb"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(KopsError, match="no amount of memory"):
        mebibytes(text)
