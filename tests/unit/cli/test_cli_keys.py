"""Rotation and secrets: edits of Keyset documents; values never reach the manifest."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from kops_pulumi.cli import complete, secrets
from kops_pulumi.cli.schemas import SCHEMAS
from kops_pulumi.plan import given
from kops_pulumi.resolve.versions import SUPPORTED_MINORS

CA = "kubernetes-ca"


@pytest.fixture
def manifest(stored: Path) -> Path:
    return stored / "new.example.com" / "cluster.yaml"


def _status(cli, *keysets: str) -> dict[str, str]:
    rows = json.loads(cli("get", "keypairs", *keysets, "--distrusted", "-o", "json").out)
    jsonschema.validate(rows, SCHEMAS["keypairs"]())
    return {f"{row['keyset']}/{row['id']}": row["status"] for row in rows}


def test_a_rotation_from_its_first_step_to_its_last(cli, manifest):
    assert _status(cli, CA) == {f"{CA}/1": "primary"}
    assert cli("create", "keypair", CA).code == 0
    assert _status(cli, CA) == {f"{CA}/1": "primary", f"{CA}/2": "trusted"}
    assert cli("promote", "keypair", CA).code == 0
    assert _status(cli, CA) == {f"{CA}/1": "trusted", f"{CA}/2": "primary"}
    assert cli("distrust", "keypair", CA).code == 0
    assert _status(cli, CA) == {f"{CA}/1": "distrusted", f"{CA}/2": "primary"}
    assert json.loads(cli("get", "keypairs", CA, "-o", "json").out) == [
        {"keyset": CA, "id": "2", "kind": "authority", "status": "primary", "distrusted": None}
    ]
    assert cli("trust", "keypair", CA, "1").code == 0
    assert _status(cli, CA) == {f"{CA}/1": "trusted", f"{CA}/2": "primary"}
    cli("distrust", "keypair", CA, "1")
    assert "would change Keyset/kubernetes-ca" in cli("delete", "keypair", CA, "1").out
    assert cli("delete", "keypair", CA, "1", "--yes").code == 0
    assert _status(cli, CA) == {f"{CA}/2": "primary"}


def test_all_means_every_authority_and_the_service_accounts_key(cli, manifest):
    before = {key.partition("/")[0] for key in _status(cli)}
    assert cli("create", "keypair", "all").code == 0
    made = {key.partition("/")[0] for key, status in _status(cli).items() if status == "trusted"}
    assert made == before - {"encryption-at-rest"}
    assert cli("promote", "keypair", "all").code == 0
    assert cli("distrust", "keypair", "all").code == 0
    nothing = cli("promote", "keypair", "all")
    assert (nothing.code, "create keypair" in nothing.err) == (1, True)


def test_a_key_may_sign_at_once(cli, manifest):
    assert cli("create", "keypair", "service-account", "--primary").code == 0
    assert _status(cli, "service-account") == {"service-account/1": "trusted", "service-account/2": "primary"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("create", "keypair", "kubernetes"), 3, CA),
        (("create", "keypair", CA, "--cert", "a", "--key", "b"), 64, "encrypted state"),
        (("promote", "keypair", CA), 1, "create keypair"),
        (("promote", "keypair", CA, "7"), 1, "trusted: 1"),
        (("distrust", "keypair", CA, "1"), 1, "promote another"),
        (("trust", "keypair", CA, "5"), 1, "keys: 1"),
        (("delete", "keypair", CA, "1", "--yes"), 1, "only distrusted"),
        (("get", "keypairs", "nope"), 3, CA),
    ],
)
def test_steps_that_would_lock_somebody_out_are_refused(cli, manifest, arguments, code, said):
    before = manifest.read_text()
    result = cli(*arguments)
    assert (result.code, said in result.err, manifest.read_text()) == (code, True, before), result.err


def test_keysets_as_a_table_and_by_name(cli, manifest):
    lines = cli("get", "keypairs").out.splitlines()
    assert lines[0].split() == ["KEYSET", "ID", "KIND", "STATUS", "DISTRUSTED"]
    assert CA in cli("get", "keypair", "-o", "name").out.split()
    assert [d["keyset"] for d in yaml.safe_load_all(cli("get", "keypairs", CA, "-o", "yaml").out)] == [CA]


class Kept(list):
    """What would have gone to the engine."""

    def keep(self, _stack: object, name: str, value: str) -> None:
        self.append((name, value))

    def forget(self, _stack: object, name: str) -> None:
        self.append((name, None))


@pytest.fixture
def kept(monkeypatch) -> Kept:
    found = Kept()
    monkeypatch.setattr(secrets, "_kept", lambda _work, do: do(None, found))
    return found


DOCKER = '{"auths": {"registry.example.com": {"auth": "c2VjcmV0"}}}'
ENCRYPTION = (
    "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{resources: [secrets]}]\n"
)


def test_a_secret_is_declared_and_its_value_goes_elsewhere(cli, manifest, kept, tmp_path):
    (tmp_path / "config.json").write_text(DOCKER + "\n")
    assert cli("create", "secret", "dockerconfig", "-f", "config.json").code == 0
    assert kept == [("dockerconfig", DOCKER)]
    assert "c2VjcmV0" not in manifest.read_text()
    again = cli("create", "secret", "dockerconfig", "-f", "config.json")
    assert (again.code, "--force" in again.err) == (1, True)
    assert cli("create", "secret", "dockerconfig", "new.example.com", "-f", "config.json", "--force").code == 0
    rows = json.loads(cli("get", "secrets", "-o", "json").out)
    jsonschema.validate(rows, SCHEMAS["secrets"]())
    assert rows == [{"name": "dockerconfig", "generation": "2"}]
    assert "dockerconfig" not in {key.partition("/")[0] for key in _status(cli)}
    assert "would remove" in cli("delete", "secret", "dockerconfig").out
    assert cli("delete", "secret", "dockerconfig", "--yes").code == 0
    assert kept[-1] == ("dockerconfig", None)
    assert json.loads(cli("get", "secrets", "-o", "json").out) == []
    assert cli("delete", "secret", "dockerconfig", "--yes").code == 3


def test_a_dry_run_keeps_nothing(cli, manifest, kept, tmp_path):
    (tmp_path / "config.json").write_text(DOCKER)
    shown = cli("create", "secret", "dockerconfig", "-f", "config.json", "--dry-run", "-o", "json")
    assert json.loads(shown.out)[0]["spec"] == {"type": "Secret", "primaryID": "1", "keys": [{"id": "1"}]}
    assert kept == []


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("dockerconfig", "{", 1, "no JSON"),
        ("dockerconfig", "[]", 1, "docker config.json"),
        ("dockerconfig", '{"credsStore": "pass"}', 1, "credsStore"),
        ("encryptionconfig", "a: [", 1, "no YAML"),
        ("encryptionconfig", "kind: Secret", 1, "no EncryptionConfiguration"),
        ("encryptionconfig", ENCRYPTION, 0, ""),
        ("ciliumpassword", "\n", 1, "empty"),
        ("ciliumpassword", "3+ rfc4106(gcm(aes)) 00 128\n", 0, ""),
    ],
)
def test_what_is_no_such_secret_is_refused(cli, manifest, kept, tmp_path, name, text, code, said):
    (tmp_path / "file").write_text(text)
    result = cli("create", "secret", name, "-f", "file")
    assert (result.code, said in result.err, bool(kept)) == (code, True, code == 0), result.err


def test_declarations_that_make_no_sense_are_findings(cli, manifest, kept, tmp_path):
    (tmp_path / "file").write_text(ENCRYPTION)
    cli("set", "cluster", "spec.encryptionConfig=false")
    result = cli("create", "secret", "encryptionconfig", "-f", "file")
    assert (result.code, "encryptionConfig is off" in result.err, kept) == (2, True, [])
    labels = "labels: {kops.k8s.io/cluster: new.example.com}"
    document = f"---\napiVersion: kops.k8s.io/v1alpha2\nkind: Keyset\nmetadata: {{name: weave, {labels}}}\n"
    document += "spec: {type: Secret, primaryID: '1', keys: [{id: '1'}]}\n"
    manifest.write_text(manifest.read_text() + document)
    assert "dockerconfig, encryptionconfig, ciliumpassword" in cli("validate", "-f", manifest).err


def test_lists_that_avoid_imports_agree_with_those_they_stand_for():
    assert secrets.NAMES == given.NAMES
    assert complete.SUPPORTED_MINORS == SUPPORTED_MINORS
