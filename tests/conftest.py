"""What all tests share: the scenarios beside the checkout, and the switch that rewrites goldens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files; review the diff")


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether goldens are to be rewritten."""
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory with the scenarios and the reference, read where it lies; skips where it is not."""
    found = Path(os.environ.get("KOPS_PULUMI_SHARED") or ROOT.parent / "shared")
    if not (found / "scenarios").is_dir():
        pytest.skip(f"no scenarios at {found}; set KOPS_PULUMI_SHARED")
    return found
