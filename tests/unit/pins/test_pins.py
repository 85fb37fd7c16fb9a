"""The table of versions: complete for every minor, exact, and what a manifest's own version changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kops_pulumi import pins
from kops_pulumi.plan.mirrors import qualified

EXACT = re.compile(r"v?\d+\.\d+\.\d+([-+.][\w.+-]+)?")
MINORS = range(pins.OLDEST, pins.NEWEST + 1)

FIELDS = {"version", "chart", "repository", "chart_version", "images"}

every_pin = pytest.mark.parametrize("name", pins.names())


@every_pin
def test_a_pin_is_exact_for_every_minor(name: str) -> None:
    for minor in MINORS:
        found = pins.pin(name, f"1.{minor}.0")
        assert EXACT.fullmatch(found.version), found
        assert bool(found.chart) == bool(found.chart_version), found
        assert not found.chart or EXACT.fullmatch(found.chart_version), found
        assert found.chart.startswith("oci://") == (bool(found.chart) and not found.repository), found
        assert all(qualified(image) == image and ":latest" not in image for image in found.images.values()), found


@every_pin
def test_a_row_has_known_fields_minors_and_dates_only(name: str) -> None:
    row = pins.rows()[name]
    for step in (row, *row.get("since", {}).values()):
        assert set(step) <= FIELDS | {"minor", "since"}
        for minor, change in step.get("minor", {}).items():
            assert minor in {f"1.{number}" for number in MINORS}
            assert set(change) <= FIELDS
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", day) for day in row.get("since", {}))


def test_what_is_newer_reaches_only_clusters_of_that_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    [tool]
    version = "1.0.0"
    images.tool = "registry.example.com/tool:{version}"
    minor."1.36".version = "1.0.6"
    since."2027-02-01".version = "2.0.0"
    """
    (tmp_path / "data.toml").write_text(text)
    monkeypatch.setattr(pins, "_DATA", tmp_path)
    for cache in (pins._rows, pins.table):
        cache.cache_clear()
    try:
        found = [pins.pin("tool", *of).version for of in (("1.35.0",), ("1.36.0",))]
        later = [pins.pin("tool", "1.36.0", date=date).version for date in ("2027-01-31", "2027-02-01", "2028-01-01")]
    finally:
        for cache in (pins._rows, pins.table):
            cache.cache_clear()
    assert found == ["1.0.0", "1.0.6"]
    assert later == ["1.0.6", "2.0.0", "2.0.0"]


def test_the_manifests_version_reaches_the_images() -> None:
    own = pins.pin("metrics-server", "1.36.0", version="v0.7.2")
    assert (own.version, own.image) == ("v0.7.2", "registry.k8s.io/metrics-server/metrics-server:v0.7.2")
    assert own.chart_version == pins.pin("metrics-server", "1.36.0").chart_version


def test_versions_beyond_the_table_get_its_nearest_row() -> None:
    for name in pins.names():
        assert pins.pin(name, "1.30.1") == pins.pin(name, "1.32.0")
        assert pins.pin(name, "1.39.0-alpha.1") == pins.pin(name, "1.37.0")


def test_a_component_without_a_row_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        pins.pin("no-such-thing", "1.36.0")
