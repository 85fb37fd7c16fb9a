"""The doctor's checks, on machines made of temporary directories."""

from pathlib import Path

import pytest

from kops_pulumi.automation import engine, health
from kops_pulumi.automation.health import Check, State


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine without engine, plug-ins or login."""
    return {"PATH": str(tmp_path), "HOME": str(tmp_path), "KOPS_PULUMI_CACHE": str(tmp_path / "cache")}


def examine(environ: dict[str, str], state: Path) -> dict[tuple[str, str], Check]:
    return {(check.topic, check.name): check for check in health.examine(environ, project=None, state=state)}


def test_a_missing_engine_is_missing_and_set_up_mends_it(tmp_path: Path, environ: dict[str, str]) -> None:
    check = examine(environ, tmp_path)[("engine", "pulumi")]

    assert check.state is State.MISSING
    assert check.found == "there is no `pulumi` on PATH or in the cache"
    assert check.mend is not None
    assert check.mend.startswith("make -C ")


def test_the_base_sdks_are_found_by_their_metadata(tmp_path: Path, environ: dict[str, str]) -> None:
    checks = examine(environ, tmp_path)

    assert {name: checks[("sdk", name)].state for name in health.BASE_SDKS} == dict.fromkeys(health.BASE_SDKS, State.OK)


def test_an_sdk_that_is_not_there_comes_with_its_command(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_requirements", lambda: ['pulumi-nowhere<11,>=10; extra == "gce"'])

    check = examine(environ, tmp_path)[("sdk", "pulumi-nowhere")]

    assert check.state is State.OPTIONAL
    assert check.found == "not installed; clusters on gce need it"
    assert str(check.mend).endswith("-m pip install 'pulumi-nowhere<11,>=10'")


def test_collections_of_extras_are_no_clouds() -> None:
    requirements = [
        "pulumi>=3",
        "pulumi-tls>=5",
        'pulumi-aws<8,>=7; extra == "aws"',
        'pulumi-aws<8,>=7; extra == "all"',
        "pulumi-gcp<11,>=10 ; extra == 'gce'",
        'pytest; extra == "dev"',
    ]

    assert health.cloud_sdks(requirements, ("aws", "gce")) == (
        ("aws", "pulumi-aws<8,>=7"),
        ("gce", "pulumi-gcp<11,>=10"),
    )


def test_a_provider_of_the_right_version_is_ok_and_another_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    random, tls = (health._version(name) for name in ("pulumi-random", "pulumi-tls"))
    plugins = tmp_path / ".pulumi" / "plugins"
    (plugins / f"resource-random-v{random}").mkdir(parents=True)
    (plugins / "resource-tls-v1.0.0").mkdir()

    checks = examine(environ, tmp_path)

    assert checks[("provider", "random")].state is State.OK
    assert checks[("provider", "tls")].state is State.OPTIONAL
    assert "(there: resource-tls-v1.0.0)" in checks[("provider", "tls")].found
    assert checks[("provider", "tls")].mend == f"pulumi plugin install resource tls v{tls}"


def test_a_provider_on_path_is_ok(tmp_path: Path, environ: dict[str, str]) -> None:
    binary = tmp_path / "pulumi-resource-random"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)

    assert examine(environ, tmp_path)[("provider", "random")].found == str(binary)


def test_local_state_with_attribute_files_is_advised_against(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["PULUMI_BACKEND_URL"] = f"file://{tmp_path}"

    check = examine(environ, tmp_path)[("backend", "state")]

    assert check.state is State.OPTIONAL
    assert check.mend == f"export PULUMI_BACKEND_URL='file://{tmp_path}?metadata=skip'"


def test_damaged_state_is_found(tmp_path: Path, environ: dict[str, str]) -> None:
    attributes = tmp_path / ".pulumi" / "stacks" / "p" / "dev.json.attrs"
    attributes.parent.mkdir(parents=True)
    attributes.touch()

    check = examine(environ, tmp_path)[("backend", "attributes")]

    assert (check.state, check.found) == (State.DAMAGED, f"{attributes} is empty")


def test_our_language_host_needs_pip(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    ours = engine.Engine(tmp_path / "pulumi", tmp_path / "host", engine.VERSION, engine.Origin.CACHE)
    monkeypatch.setattr(engine, "look", lambda _environ: engine.Look(ours, ()))
    monkeypatch.setattr(health.util, "find_spec", lambda _name: None)

    check = examine(environ, tmp_path)[("environment", "pip")]

    assert check.state is State.MISSING
    assert str(check.mend).endswith("-m ensurepip")
