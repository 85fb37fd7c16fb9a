"""The Terraform output: the same resources as `update cluster` makes, written as a Terraform configuration.

    testing.record ──▶ references.py   the program runs; what only the cloud knows is a placeholder
          │                  │
          ▼                  ▼
    configuration.py ◀── texts.py      placeholders → expressions; long texts → files under data/
          │    ├──────── resources.py  properties along the SDK's types ◀ spelling.py  Pulumi's names → Terraform's
          │    ├──────── objects.py    charts and objects               ◀ dependencies.py
          │    └──────── providers.py, outputs.py
          ▼
    `write`: kubernetes.tf.json and data/ in a directory

There is one description of a cluster, the program (`components`); this package is a second writer of what it registers
(decision 15). It must not know a cluster, and of a cloud only how names differ.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from kops_pulumi.pipeline import Planned

__all__ = ["files", "write"]

_OURS = re.compile(r'\$\{path\.module\}/(data/[^"\\]+)')


def files(planned: Planned, *, skip: Collection[str] = ()) -> dict[str, bytes]:
    """The configuration of a planned cluster, by path below the output directory; the same bytes each time."""
    from kops_pulumi import program, testing
    from kops_pulumi.model import DnsType
    from kops_pulumi.terraform.configuration import Configuration
    from kops_pulumi.terraform.lookups import Wanted
    from kops_pulumi.terraform.providers import Extra
    from kops_pulumi.terraform.references import References

    plan = planned.plan
    private = plan.dns.type is DnsType.PRIVATE
    references = References(Wanted(plan.dns.zone or plan.name, private, plan.region))
    secrets = {name: references.variable(name) for name in program.placeholders(planned)}
    recording = testing.record(lambda: program.deploy(planned, skip=skip, secrets=secrets), answers=references)
    target = planned.full.cluster.spec.target
    options = target.terraform if target else None
    extra = Extra(
        (options and options.provider_extra_config) or {}, (options and options.files_provider_extra_config) or {}
    )
    return Configuration(recording, references, extra).files()


def write(found: Mapping[str, bytes], directory: Path) -> tuple[Path, ...]:
    """Write the files that differ and remove those of ours that are no longer referred to; returns what was touched."""
    from kops_pulumi.terraform.configuration import DOCUMENT

    touched: list[Path] = []
    try:
        old = directory / DOCUMENT
        known = set(_OURS.findall(old.read_text(encoding="utf-8").replace('\\"', '"'))) if old.is_file() else set()
        for name, content in found.items():
            path = directory / name
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                touched.append(path)
        for name in sorted(known - set(found)):
            (directory / name).unlink(missing_ok=True)
            touched.append(directory / name)
    except OSError as error:
        raise KopsError(
            f"cannot write the Terraform files: {error}", hint="give another directory with --out"
        ) from None
    return tuple(touched)
