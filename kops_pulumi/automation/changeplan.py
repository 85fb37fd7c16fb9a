"""A preview as a file: exactly these changes are made later, or none.

The engine's own update plans are experimental and full of values; ours is the change report (free of secrets) with
digests of what it was made from: the planned manifest and the state. An update that is given the file previews again
and compares; whatever differs, it says so and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from kops_pulumi.automation.report import ChangeReport
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan

SCHEMA_VERSION: Final = 1
_WORDS: Final[Mapping[str, str]] = {
    "cluster": "it is of another cluster",
    "manifest": "the manifest has been changed",
    "state": "the cluster has been updated",
    "options": "--skip, --instance-group or --refresh are others",
    "report": "the cloud or this tool would now do something else",
}
"""What differs, in words; the order is the order of telling."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What an update would do, and what that was worked out from."""

    cluster: str
    manifest: str
    """SHA-256 of the plan's JSON."""
    state: str
    """SHA-256 of the state's resources, secrets encrypted."""
    options: list[Any]
    report: dict[str, Any]
    schemaVersion: int = SCHEMA_VERSION  # noqa: N815 - as in every document of ours

    @classmethod
    def of(
        cls,
        plan: ClusterPlan,
        report: ChangeReport,
        state: Mapping[str, Any],
        *,
        skip: Collection[str],
        groups: Collection[str],
        refresh: bool,
    ) -> SavedPlan:
        """The plan of a preview that was just made."""
        return cls(
            cluster=plan.name,
            manifest=_digest(plan.to_data()),
            state=_digest(state.get("resources") or []),
            options=[sorted(skip), sorted(groups), refresh],
            report=report.to_data(),
        )

    @classmethod
    def read(cls, path: Path) -> SavedPlan:
        """From a file; KopsError when it is none of ours."""
        hint = "write one: update cluster … --save-plan FILE"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            version = data.pop("schemaVersion")
            found = cls(**data)
        except OSError as error:
            raise KopsError(f"cannot read the plan {path}: {error.strerror}", hint=hint) from None
        except (ValueError, TypeError, AttributeError, KeyError):
            raise KopsError(f"{path} is no saved plan", hint=hint) from None
        if version != SCHEMA_VERSION:
            raise KopsError(f"{path} was written by another version of kops-pulumi", hint=hint)
        return found

    def write(self, path: Path) -> None:
        """Write it for `read`."""
        try:
            path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise KopsError(f"cannot write the plan {path}: {error.strerror}") from None

    def check(self, now: SavedPlan, path: Path) -> None:
        """KopsError when what would be done now is not what was planned."""
        differing = [word for name, word in _WORDS.items() if getattr(self, name) != getattr(now, name)]
        if differing:
            raise KopsError(
                f"{path} no longer fits: {'; '.join(differing)}; nothing has been changed",
                hint="look at the preview, and save a new plan with --save-plan",
            )


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
