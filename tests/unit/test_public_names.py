"""The package's front door: public names lead where they should, and knocking costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import kops_pulumi

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", kops_pulumi.__all__)
def test_a_public_name_leads_somewhere_and_is_listed(name):
    assert getattr(kops_pulumi, name) is not None
    assert name in dir(kops_pulumi)


def test_an_unknown_name_is_refused_as_by_any_module():
    with pytest.raises(AttributeError, match="has no attribute 'Clutser'"):
        kops_pulumi.Clutser  # noqa: B018
    with pytest.raises(ImportError, match="Clutser"):
        from kops_pulumi import Clutser  # noqa: F401


def _imported(statement: str) -> set[str]:
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout))


def test_importing_the_package_imports_nothing_but_the_standard_library():
    ours = {name for name in _imported("import kops_pulumi") if name.partition(".")[0] == "kops_pulumi"}
    assert ours == {"kops_pulumi"}
    assert not {name.partition(".")[0] for name in _imported("import kops_pulumi") - _imported("pass")} - {
        "kops_pulumi",
        *sys.stdlib_module_names,
    }


def test_planning_does_not_import_pulumi():
    assert "pulumi" not in _imported("from kops_pulumi import load, ManifestError, Planned")


def test_one_path_is_a_list_of_one():
    path = ROOT / "examples" / "aws" / "minimal.yaml"
    assert kops_pulumi.load(path).plan == kops_pulumi.load([str(path)]).plan == kops_pulumi.load(str(path)).plan
