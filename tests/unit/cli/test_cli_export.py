"""`export kubeconfig` as a user meets it; the stack's state is played, keys and certificates are real."""

from __future__ import annotations

import base64
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from kops_pulumi.cli import export
from tests.support import authorities

NAME = "prod.example.com"
CA = authorities.authority("kubernetes-ca")


class Played:
    """A stack whose state is known."""

    def __init__(self, deployed: bool = True) -> None:
        self.deployed = deployed

    def outputs(self) -> dict[str, Any]:
        return (
            {
                "apiServer": f"https://api.{NAME}",
                "apiServerInternal": f"https://api.internal.{NAME}",
                "certificateAuthorities": {"kubernetes-ca": CA.certificate_pem},
            }
            if self.deployed
            else {}
        )

    def revealed(self) -> list[dict[str, Any]]:
        other = authorities.authority("etcd-clients-ca")
        return [authorities.key_in_state(item) for item in (other, CA)]


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(export, "open_state", lambda *_: Played())
    path = tmp_path / "kube" / "config"
    monkeypatch.setenv("KUBECONFIG", str(path))
    (tmp_path / "cluster.yaml").write_text(
        f"apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {{name: {NAME}}}\nspec: {{}}\n"
    )
    monkeypatch.chdir(tmp_path)
    return path


def run(cli: Any, *options: str) -> Any:
    return cli("export", "kubeconfig", "-f", "cluster.yaml", *options)


def client(path: Path) -> x509.Certificate:
    [user] = yaml.safe_load(path.read_text())["users"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["user"]["client-certificate-data"]))


def test_without_admin_there_are_no_credentials_and_a_hint(cli: Any, kubeconfig: Path) -> None:
    result = run(cli)
    assert result.code == 0
    found = yaml.safe_load(kubeconfig.read_text())
    assert found["users"] == []
    assert found["current-context"] == NAME
    assert "OIDC" in result.err
    assert "PRIVATE KEY" not in kubeconfig.read_text()


def test_an_admin_gets_a_certificate_for_18_hours(cli: Any, kubeconfig: Path) -> None:
    assert run(cli, "--admin").code == 0
    certificate = client(kubeconfig)
    authorities.verify(certificate, CA)
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(hours=17, minutes=58) < left <= timedelta(hours=18)
    assert [o.value for o in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == [
        "system:masters"
    ]


def test_every_certificate_has_a_name_of_its_own(cli: Any, kubeconfig: Path) -> None:
    names = set()
    for _ in range(3):
        run(cli, "--admin=1h")
        names.add(client(kubeconfig).subject.rfc4514_string())
    assert len(names) == 3


def test_the_file_is_readable_by_its_owner_only_even_if_it_was_not(cli: Any, kubeconfig: Path) -> None:
    kubeconfig.parent.mkdir()
    kubeconfig.write_text("")
    kubeconfig.chmod(0o644)
    run(cli, "--admin")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert [path.name for path in kubeconfig.parent.iterdir()] == ["config"]


def test_other_entries_stay_as_they_are(cli: Any, kubeconfig: Path) -> None:
    other = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "other", "cluster": {"server": "https://other", "proxy-url": "socks5://x"}}],
        "contexts": [{"name": "other", "context": {"cluster": "other", "user": "me", "namespace": "team"}}],
        "users": [{"name": "me", "user": {"exec": {"command": "login", "apiVersion": "v1"}}}],
        "current-context": "other",
        "extensions": [{"name": "theirs"}],
    }
    kubeconfig.parent.mkdir()
    kubeconfig.write_text(yaml.safe_dump(other))
    run(cli, "--admin")
    run(cli, "--admin")
    found = yaml.safe_load(kubeconfig.read_text())
    for key in ("clusters", "contexts", "users"):
        assert found[key][0] == other[key][0]
        assert len(found[key]) == 2
    assert found["extensions"] == other["extensions"]


def test_a_user_of_ones_own_is_kept_without_admin(cli: Any, kubeconfig: Path) -> None:
    kubeconfig.parent.mkdir()
    context = {"name": NAME, "context": {"cluster": NAME, "user": "oidc", "namespace": "team"}}
    kubeconfig.write_text(yaml.safe_dump({"kind": "Config", "contexts": [context]}))
    run(cli)
    assert yaml.safe_load(kubeconfig.read_text())["contexts"] == [context]


def test_internal_takes_the_name_that_machines_use(cli: Any, kubeconfig: Path) -> None:
    run(cli, "--internal")
    [cluster] = yaml.safe_load(kubeconfig.read_text())["clusters"]
    assert cluster["cluster"]["server"] == f"https://api.internal.{NAME}"


def test_a_file_may_be_named_and_its_link_is_kept(cli: Any, kubeconfig: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("")
    link.symlink_to(real)
    run(cli, "--kubeconfig", str(link))
    assert link.is_symlink()
    assert NAME in real.read_text()
    assert not kubeconfig.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--admin=25h"], "limited to 24h"),
        (["--admin=18"], "not a duration"),
        (["--admin=0h"], "live for a while"),
        (["--admin", "prod.example.com"], "the NAME before --admin"),
    ],
)
def test_bad_lives_are_refused(cli: Any, kubeconfig: Path, options: list[str], said: str) -> None:
    result = run(cli, *options)
    assert (result.code, kubeconfig.exists()) == (64, False)
    assert said in result.err


def test_a_longer_life_is_for_those_who_know(cli: Any, kubeconfig: Path) -> None:
    assert run(cli, "--admin=48h", "--i-know").code == 0
    assert client(kubeconfig).not_valid_after_utc - datetime.now(UTC) > timedelta(hours=47)


def test_a_cluster_that_is_not_deployed_is_said_so(cli: Any, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "open_state", lambda *_: Played(deployed=False))
    result = run(cli, "--admin")
    assert (result.code, kubeconfig.exists()) == (3, False)
    assert f"{NAME} is not deployed" in result.err


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"clusters: {", b"- a list", b"kind: Pod", b"users: {a: b}"])
def test_a_file_that_is_no_kubeconfig_is_left_alone(cli: Any, kubeconfig: Path, content: bytes) -> None:
    kubeconfig.parent.mkdir()
    kubeconfig.write_bytes(content)
    result = run(cli, "--admin")
    assert result.code == 1
    assert str(kubeconfig) in result.err
    assert kubeconfig.read_bytes() == content


def test_a_directory_is_not_a_file(cli: Any, kubeconfig: Path) -> None:
    kubeconfig.mkdir(parents=True)
    assert "cannot read" in run(cli).err


def test_a_user_who_is_there_already_or_another_address(cli, kubeconfig):
    assert run(cli, "--user", "me", "--api-server", "https://192.0.2.1:6443").code == 0
    written = yaml.safe_load(kubeconfig.read_text())
    assert written["contexts"][0]["context"] == {"cluster": NAME, "user": "me"}
    assert written["clusters"][0]["cluster"]["server"] == "https://192.0.2.1:6443"
    assert written["users"] == []
    assert run(cli, "--user", "me", "--admin").code == 64


def test_every_deployed_cluster_of_the_store(cli, kubeconfig, tmp_path, monkeypatch):
    for name in ("a.example.com", "b.example.com", "c.example.com"):
        (tmp_path / "clusters" / name).mkdir(parents=True)
        (tmp_path / "clusters" / name / "cluster.yaml").write_text("kind: Cluster\n")
    monkeypatch.setattr(export, "open_state", lambda name, _: Played(deployed=not name.startswith("b")))
    result = cli("export", "kubeconfig", "--all", "--admin")
    assert (result.code, "left out: b.example.com" in result.err) == (0, True), result.err
    written = yaml.safe_load(kubeconfig.read_text())
    assert [cluster["name"] for cluster in written["clusters"]] == ["a.example.com", "c.example.com"]
    assert written["current-context"] == "c.example.com"
    monkeypatch.setattr(export, "open_state", lambda *_: Played(deployed=False))
    assert cli("export", "kubeconfig", "--all").code == 3


def test_a_kubeconfig_can_be_printed(cli, kubeconfig):
    result = cli("get", "kubeconfig", "-f", "cluster.yaml")
    assert (result.code, yaml.safe_load(result.out)["current-context"]) == (0, NAME)
    assert not kubeconfig.exists()
    assert cli("get", "kubecfg", "-f", "cluster.yaml").out == result.out
