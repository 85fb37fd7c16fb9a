"""Bad manifests of different kinds: each gives exactly the findings that stand beside it, in the file's order."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi import pipeline
from kops_pulumi.errors import ExitCode, ManifestError

HERE = Path(__file__).parent / "bad"
CASES = sorted(path.stem for path in HERE.glob("*.yaml"))


def test_there_are_ten_kinds_at_least() -> None:
    assert len(CASES) >= 10


@pytest.mark.parametrize("case", CASES)
def test_a_bad_manifest_gives_exactly_these_findings(
    case: str, update_golden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(HERE)
    with pytest.raises(ManifestError) as error:
        pipeline.load([f"{case}.yaml"])
    expected = HERE / f"{case}.txt"
    if update_golden:
        expected.write_text(f"{error.value}\n", encoding="utf-8")
    assert f"{error.value}\n" == expected.read_text(encoding="utf-8")
    assert error.value.exit_code is ExitCode.FINDINGS
