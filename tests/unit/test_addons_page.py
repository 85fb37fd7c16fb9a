"""docs/reference/addons.md is written from the registry and the versions, so that it cannot say other things."""

from __future__ import annotations

from pathlib import Path

from kops_pulumi import addons, clouds, pins
from kops_pulumi.addons.base import BuiltIn
from kops_pulumi.model import Chart, Manifest
from tests.contract.test_addon_contract import everywhere
from tests.support.specs import full

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "addons.md"
HEAD = """\
# Every built-in add-on

<!-- Written by `pytest tests/unit/test_addons_page.py --update-golden` from kops_pulumi/addons and pins. -->

How they are ordered, changed, mirrored and left out, and how to add your own: [Add-ons](../addons.md).

## What there is

"Default" names the clouds where an add-on is installed unless the field says otherwise. Permissions are neutral verbs;
what each means on a cloud is in `clouds/<cloud>/verbs.py`. With `spec.iam.useServiceAccountExternalPermissions` every
account has a role of its own, else the control planes have it.

"""
VERSIONS = """
## Versions

By Kubernetes minor, where they differ. A field of the manifest (`version` or `image` of the add-on's section) wins. A
row is never changed in place: a newer kops-pulumi gives clusters that exist the versions that they were made with,
until `kops.k8s.io/defaults-version` says otherwise.

"""
MINORS = range(pins.OLDEST, pins.NEWEST + 1)


def page() -> str:
    return (
        HEAD
        + _table(("Add-on", "What it is for", "Field", "Clouds", "Default", "Installed by", "May"), _addons())
        + (VERSIONS + _table(("Component", "Version", "Chart", "Images"), _versions()))
    )


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _addons() -> list[tuple[str, ...]]:
    rows = []
    for addon in addons.REGISTRY:
        assert isinstance(addon, BuiltIn)
        specs = everywhere(addon)
        on = [cloud for cloud in clouds.REGISTRY if addon.enabled(full(cloud))]
        where = [spec.cloud for spec in specs]
        verbs = sorted({p.verb for spec in specs for grant in addon.grants(spec) for p in grant.permissions})
        rows.append(
            (
                addon.name,
                addon.summary,
                f"`{addon.where}`" if addon.where else "always",
                "all" if where == list(clouds.REGISTRY) else ", ".join(where),
                "all of them" if on == where else ", ".join(on) or "off",
                _kinds(addon),
                ", ".join(f"`{verb}`" for verb in verbs) or "nothing",
            )
        )
    return rows


def _kinds(addon: BuiltIn) -> str:
    """Whose work it is that gets installed."""
    sources = [item.source for spec in everywhere(addon) for item in addon.deliveries(spec)]
    kinds = {Chart: "chart", Manifest: "objects"}
    return " and ".join(sorted({kinds[type(source)] for source in sources if type(source) in kinds}))


def _versions() -> list[tuple[str, ...]]:
    return [(name, _by_minor(name), _chart(name), "<br>".join(_images(name))) for name in pins.names()]


def _by_minor(name: str) -> str:
    found: dict[str, list[int]] = {}
    for minor in MINORS:
        found.setdefault(pins.pin(name, f"1.{minor}.0").version, []).append(minor)
    if len(found) == 1:
        return next(iter(found))
    return "<br>".join(f"{version} ({_range(minors)})" for version, minors in found.items())


def _range(minors: list[int]) -> str:
    return f"1.{minors[0]}" if len(minors) == 1 else f"1.{minors[0]}–1.{minors[-1]}"


def _chart(name: str) -> str:
    pin = pins.pin(name, f"1.{pins.NEWEST}.0")
    return f"{pin.chart.rpartition('/')[2]} {pin.chart_version}" if pin.chart else ""


def _images(name: str) -> list[str]:
    pin = pins.pin(name, f"1.{pins.NEWEST}.0")
    return [f"`{image}`" for image in pin.images.values()]


def test_the_page_says_what_the_registry_and_the_table_say(update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
