"""`tools/setup.sh`, `./kops-pulumi` and failures of `tools/setup.py`: a sentence and a way out, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kops_pulumi

ROOT = Path(kops_pulumi.__file__).parents[1]


def run(*command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def python_that_is_too_old(directory: Path) -> None:
    """Stands in for an interpreter whose version check fails."""
    for name in ("python", "python3"):
        program = directory / name
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)


def test_an_old_python_is_told_what_to_install(tmp_path: Path) -> None:
    python_that_is_too_old(tmp_path)
    for program in ("sh", "dirname"):
        (tmp_path / program).symlink_to(f"/bin/{program}")

    done = run("/bin/sh", ROOT / "tools" / "setup.sh", PATH=str(tmp_path))

    assert done.returncode == 4
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make PYTHON=/path/to/python3" in done.stderr


def test_the_python_that_the_user_names_is_taken(tmp_path: Path) -> None:
    python_that_is_too_old(tmp_path)
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"

    done = run("/bin/sh", ROOT / "tools" / "setup.sh", "--help", PATH=path, PYTHON=sys.executable)

    assert done.returncode == 0
    assert "Set this checkout of kops-pulumi up." in done.stdout


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = run(sys.executable, ROOT / "tools" / "setup.py", "lock", KOPS_PULUMI_CACHE=str(tmp_path / "file" / "cache"))

    assert done.returncode == 1
    assert done.stderr.startswith("set-up stopped: ")
    assert "KOPS_PULUMI_CACHE moves it" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_program_of_a_checkout_that_is_not_set_up_says_how(tmp_path: Path) -> None:
    wrapper = tmp_path / "kops-pulumi"
    wrapper.write_bytes((ROOT / "kops-pulumi").read_bytes())

    done = run("/bin/sh", wrapper, "--help", PATH="/usr/bin:/bin")

    assert done.returncode == 4
    assert f"make -C '{tmp_path}' setup" in done.stderr


def test_the_program_of_a_checkout_passes_its_arguments_on(tmp_path: Path) -> None:
    wrapper = tmp_path / "kops-pulumi"
    wrapper.write_bytes((ROOT / "kops-pulumi").read_bytes())
    installed = tmp_path / ".venv" / "bin" / "kops-pulumi"
    installed.parent.mkdir(parents=True)
    installed.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    installed.chmod(0o755)

    done = run("/bin/sh", wrapper, "get", "two words", PATH="/usr/bin:/bin")

    assert done.stdout == "get|two words|"


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert packages
    assert [line for line in packages if not line.endswith("\\")] == []
    assert "://" not in text


def test_every_lock_is_up_to_its_input() -> None:
    requirements = ROOT / "requirements"
    unlocked = [
        f"{source.name}: {line}"
        for source in sorted(requirements.glob("*.in"))
        for line in source.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-"))
        if f"\n{line}" not in source.with_suffix(".txt").read_text(encoding="utf-8")
    ]

    assert unlocked == []
