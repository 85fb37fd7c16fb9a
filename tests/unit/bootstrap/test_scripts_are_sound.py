"""Every script and unit that machines run, checked by the tools that know their languages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kops_pulumi.bootstrap import bundle
from kops_pulumi.model import Role

FILES = Path(bundle.__file__).parent / "files"
SCRIPTS = sorted({*FILES.rglob("*.sh"), *(FILES / "bin").iterdir()})
UNITS = sorted(path for path in FILES.rglob("*") if path.suffix in {".service", ".timer"})


def _program(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_shellcheck_finds_nothing():
    command = [_program("shellcheck"), "--external-sources", f"--source-path={FILES}:SCRIPTDIR", *map(str, SCRIPTS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout + result.stderr == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(FILES)))
def test_bash_reads_it(script: Path):
    result = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.parent != FILES], ids=lambda path: str(path.relative_to(FILES))
)
def test_every_program_stops_at_the_first_error(script: Path):
    assert 'lib.sh"' in script.read_text()
    assert "set -euo pipefail" in (FILES / "lib.sh").read_text()


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path):
    """In a directory tree where the programs that units start exist."""
    analyze = _program("systemd-analyze")
    units = tmp_path / "units"
    units.mkdir()
    for path in UNITS:
        text = path.read_text()
        for place in ("/opt/kops-pulumi/current/bin/", "/opt/kops-pulumi/boot/", "/usr/local/bin/"):
            text = text.replace(place, f"{tmp_path}/bin/")
        (units / path.name).write_text(text)
    programs = [f"{path.name}" for path in (FILES / "bin").iterdir()]
    (tmp_path / "bin").mkdir()
    for name in (*programs, "fetch.sh", "kubelet", "containerd"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    result = subprocess.run(
        [analyze, "verify", "--man=no", *(str(units / path.name) for path in UNITS)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.BASTION])
def test_a_roles_bundle_has_everything_its_units_start(role: Role):
    files = bundle.scripts(role, "aws")
    started = [
        line.partition("=")[2]
        for path, file in files.items()
        if path.endswith(".service")
        for line in file.content.decode().splitlines()
        if line.startswith("ExecStart=")
    ]
    assert started
    assert set(started) <= set(files)


def test_workers_get_no_script_that_handles_authorities():
    assert not [
        path for path in bundle.scripts(Role.NODE, "aws") if "pki" in path or "etcd" in path or "secrets" in path
    ]


def test_what_user_data_brings_is_small():
    assert sum(len(file.content) for file in bundle.first_files("aws").values()) < 8000
