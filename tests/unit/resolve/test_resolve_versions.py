"""Kubernetes versions: what we build, with what, and how far parts may be apart."""

from __future__ import annotations

import pytest
import semver

from kops_pulumi.errors import Severity
from kops_pulumi.resolve import versions


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.32.0", "1.32.0"),
        ("1.32", "1.32.0"),
        ("1.30", "1.30.0"),
        ("1.36.0-rc.1", "1.36.0-rc.1"),
        ("https://dl.example.com/release/v1.37.1-alpha.2", "1.37.1-alpha.2"),
    ],
)
def test_every_spelling_of_a_version_is_read(text: str, version: str) -> None:
    assert str(versions.parse(text)) == version


@pytest.mark.parametrize("text", ["", "latest", "1", "1.x", "v1.36.0.1", "https://dl.example.com/newest"])
def test_what_is_no_version_is_none(text: str) -> None:
    assert versions.parse(text) is None


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("1.37.0", None),
        ("1.35.4", None),
        ("1.36.0-rc.1", None),
        ("1.34.2", Severity.WARNING),
        ("v1.32.0", Severity.WARNING),
        ("1.37", Severity.WARNING),
        ("1.31.9", Severity.ERROR),
        ("1.38.0", Severity.ERROR),
        ("2.0.0", Severity.ERROR),
        ("newest", Severity.ERROR),
    ],
)
def test_three_minors_are_supported_three_more_warn_the_rest_is_refused(text: str, severity: Severity | None) -> None:
    assert [finding.severity for finding in versions.check_kubernetes(text)] == ([severity] if severity else [])


def test_a_newer_version_can_be_forced_but_an_older_one_cannot() -> None:
    assert [f.severity for f in versions.check_kubernetes("1.38.0", force=True)] == [Severity.WARNING]
    assert [f.severity for f in versions.check_kubernetes("1.31.0", force=True)] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("minor", "etcd"), [(32, "3.5.31"), (33, "3.5.31"), (34, "3.6.12"), (36, "3.6.12"), (37, "3.7.0"), (40, "3.7.0")]
)
def test_etcd_follows_kubernetes(minor: int, etcd: str) -> None:
    assert versions.components(semver.Version(1, minor, 0), versions.OLDEST_DEFAULTS).etcd == etcd


def test_a_dated_table_keeps_the_row_in_force_on_that_day() -> None:
    table = {"2026-11-01": "first", "2027-03-01": "second"}
    days = ("2020-01-01", "2026-11-01", "2027-02-28", "2027-03-01", "2030-01-01")
    assert [versions.dated(table, day) for day in days] == ["first", "first", "first", "second", "second"]


def _v(text: str) -> semver.Version:
    return semver.Version.parse(text)


@pytest.mark.parametrize(
    ("kubelet", "fits"), [("1.36.9", True), ("1.33.0", True), ("1.32.9", False), ("1.37.0", False)]
)
def test_a_kubelet_is_never_newer_and_at_most_three_minors_older(kubelet: str, fits: bool) -> None:
    assert (versions.kubelet_problem(_v("1.36.2"), _v(kubelet)) is None) is fits


def test_api_servers_are_at_most_one_minor_apart() -> None:
    assert versions.api_servers_problem([_v("1.36.0"), _v("1.37.1"), _v("1.36.5")]) is None
    assert "more than one minor" in (versions.api_servers_problem([_v("1.35.0"), _v("1.37.0")]) or "")
    assert versions.api_servers_problem([]) is None


@pytest.mark.parametrize(("target", "fits"), [("1.36.9", True), ("1.37.0", True), ("1.38.0", False), ("1.35.0", False)])
def test_an_upgrade_skips_no_minor_and_never_goes_back_one(target: str, fits: bool) -> None:
    assert (versions.upgrade_problem(_v("1.36.2"), _v(target)) is None) is fits
