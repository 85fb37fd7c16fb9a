"""Keys, store and rotation with the real engine: what is where, what a rotation touches, that no secret gets out."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from kops_pulumi import pipeline, rehearsal
from kops_pulumi.automation import credentials, render
from kops_pulumi.automation.report import Action, ChangeReport
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.model import ClusterPlan
from kops_pulumi.pipeline import Planned
from kops_pulumi.plan import keysets, store

MANIFEST = Path(__file__).parents[1] / "golden" / "plan" / "apiserver-user-data" / "manifest.yaml"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
SIGNATURE = "4dabf18193072939515e22adb298388d"


@pytest.fixture
def planned(tmp_path: Path) -> Any:
    """Plans the manifest, with a bucket of its own and a published issuer, and the documents that are added."""

    def plan(*documents: dict[str, Any]) -> Planned:
        overlay = tmp_path / "overlay.yaml"
        spec = {
            "configBase": None,
            "serviceAccountIssuerDiscovery": {
                "discoveryStore": "s3://lab-issuer/hooked",
                "enableAWSOIDCProvider": True,
            },
        }
        overlay.write_text(yaml.safe_dump_all([{"kind": "Cluster", "spec": spec}, *documents]))
        return pipeline.load([MANIFEST], [overlay])

    return plan


@pytest.fixture
def deploy(world: rehearsal.World, tmp_path: Path) -> Any:
    def stack(planned: Planned) -> ClusterStack:
        rehearsal.seed(world.store, planned.plan)
        return ClusterStack.of(
            planned, state=tmp_path / "state", environ=world.environment, project_file=tmp_path / "none"
        )

    return stack


def keyset(plan: ClusterPlan, name: str, spec: keysets.Spec) -> dict[str, Any]:
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Keyset",
        "metadata": {"name": name, "labels": {"kops.k8s.io/cluster": plan.name}},
        "spec": dict(spec),
    }


def stored(world: rehearsal.World, plan: ClusterPlan) -> dict[str, str]:
    """Texts of the store by path, as machines would read them."""
    assert plan.object_store is not None
    prefix = f"{plan.object_store.bucket}/{plan.object_store.path}/"
    found = {record.id.removeprefix(prefix): record.inputs for record in world.store.objects() if record.type == OBJECT}
    return {path: inputs["content"] for path, inputs in found.items() if "content" in inputs}


def trusted(text: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(text.encode())


def accepts(bundle: str, certificate: x509.Certificate) -> bool:
    for authority in trusted(bundle):
        try:
            certificate.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def admin(stack: ClusterStack) -> x509.Certificate:
    """The administrator's certificate, from the stack's secret output."""
    [root] = [item for item in stack.revealed() if item["type"] == "pulumi:pulumi:Stack"]
    config = yaml.safe_load(credentials.shown(root["outputs"]["kubeconfig"]))
    data = config["users"][0]["user"]["client-certificate-data"]
    return x509.load_pem_x509_certificate(base64.b64decode(data))


def test_a_rotation_touches_one_keyset_and_locks_nobody_out(planned: Any, deploy: Any, world: rehearsal.World) -> None:
    first = planned()
    stack = deploy(first)
    stack.up()
    bundles, holders = [stored(world, first.plan)["join/ca.crt"]], [admin(stack)]
    steps = [keysets.create(keysets.NEW)]
    steps.append(keysets.promote(steps[-1]))
    steps.append(keysets.distrust(steps[-1], "2026-11-23T09:00:00Z"))
    steps.append(keysets.remove(steps[-1], "1"))
    for step in steps:
        changed = planned(keyset(first.plan, "kubernetes-ca", step))
        stack = deploy(changed)
        report = stack.up()
        names = {change.name for change in report.changes}
        assert not [name for name in names if "-pki-" in name and "-pki-kubernetes-ca-" not in name]
        assert not [name for name in names if "-launch" in name or "template" in name]
        assert stack.up().changes == ()
        bundles.append(stored(world, first.plan)["join/ca.crt"])
        holders.append(admin(stack))
        assert all(accepts(bundle, holder) for bundle in bundles[-2:] for holder in holders[-2:])
        if step is steps[0]:
            assert {c.action for c in report.changes if "-pki-" in c.name} == {Action.CREATE}
    assert len(trusted(bundles[-1])) == 1
    assert not accepts(bundles[-1], holders[0])


def test_the_store_has_what_the_plan_says_and_keys_fit_their_certificates(
    planned: Any, deploy: Any, world: rehearsal.World
) -> None:
    plan = planned().plan
    deploy(planned()).up()
    texts = stored(world, plan)
    for item in store.objects(plan):
        if item.path.endswith(".key") and item.content.split(":")[0] in ("key", "private") and "-ca" in item.path:
            key = serialization.load_pem_private_key(texts[item.path].encode(), None)
            certificate = trusted(texts[item.path.replace(".key", ".crt")])[0]
            assert key.public_key() == certificate.public_key()
    leaf = trusted(texts["secrets/apiserver/apiserver.crt"])[0]
    assert accepts(texts["secrets/apiserver/kubernetes-ca.crt"], leaf)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert f"api.internal.{plan.name}" in names.get_values_for_type(x509.DNSName)
    encryption = yaml.safe_load(texts["secrets/control-plane/encryption-config.yaml"])
    [rule] = encryption["resources"]
    assert len(base64.b64decode(rule["providers"][0]["secretbox"]["keys"][0]["secret"])) == 32
    assert list(rule["providers"][-1]) == ["identity"]
    bucket = next(record for record in world.store.objects() if record.type == "aws:s3/bucket:Bucket")
    assert bucket.adopted or bucket.id == plan.object_store.bucket


def test_the_issuers_documents_are_published(planned: Any, deploy: Any, world: rehearsal.World) -> None:
    plan = planned().plan
    deploy(planned()).up()
    found = {r.id: r.inputs for r in world.store.objects() if r.type == OBJECT and r.id.startswith("lab-issuer/")}
    discovery = json.loads(found["lab-issuer/hooked/.well-known/openid-configuration"]["content"])
    assert discovery["issuer"] == plan.issuer.url
    assert discovery["jwks_uri"] == f"{plan.issuer.url}/openid/v1/jwks"
    [key] = json.loads(found["lab-issuer/hooked/openid/v1/jwks"]["content"])["keys"]
    public = serialization.load_pem_public_key(
        stored(world, plan)["secrets/control-plane/service-account.pub"].encode()
    )
    modulus = base64.urlsafe_b64decode(key["n"] + "==")
    assert int.from_bytes(modulus, "big") == public.public_numbers().n
    assert (key["alg"], key["use"], key["kty"]) == ("RS256", "sig", "RSA")


def test_no_generated_secret_is_anywhere_in_the_open(
    planned: Any, deploy: Any, world: rehearsal.World, tmp_path: Path
) -> None:
    whole = planned()
    stack = deploy(whole)
    preview = stack.preview()
    made = stack.up()
    changed = planned(keyset(whole.plan, "service-account", keysets.promote(keysets.create(keysets.NEW))))
    again = deploy(changed).preview()
    canaries = set(secrets_of(stack))
    assert len(canaries) > 50
    open_texts = {
        "reports": "".join(shown(report) for report in (preview, made, again)),
        "state": json.dumps(stack.export()),
        "outputs": json.dumps(stack.outputs()),
        "plan": whole.plan.to_json(),
        "machines": "".join(machines(whole.plan)),
        "files": "".join(backend(world, tmp_path)),
    }
    hits = [(where, canary[:12]) for where, text in open_texts.items() for canary in canaries if canary in text]
    assert hits == []


def test_the_scan_finds_a_secret_where_there_is_one(planned: Any, deploy: Any, world: rehearsal.World) -> None:
    whole = planned()
    stack = deploy(whole)
    stack.up()
    canaries = set(secrets_of(stack))
    key = stored(world, whole.plan)["secrets/control-plane/kubernetes-ca.key"]
    group = next(group for group in whole.plan.groups if group.bundle)
    leaky = dataclasses.replace(group, user_data=dataclasses.replace(group.user_data, text=f"#cloud-config\n# {key}"))
    text = "".join(machines(dataclasses.replace(whole.plan, groups=(leaky,))))
    assert [canary for canary in canaries if canary in text]


def secrets_of(stack: ClusterStack) -> Iterator[str]:
    """Every secret of a stack as strings that would give it away: whole values, and lines that hold a private part.

    A key also holds its public half, which may be anywhere: the first lines of an RSA key, much of an OpenSSH one.
    """
    for value in marked([item.get("outputs") for item in stack.revealed()]):
        text = value if isinstance(value, str) else json.dumps(value)
        if len(text) < 16 or text.startswith(("-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC KEY")):
            continue
        yield from (text, json.dumps(text)[1:-1], base64.b64encode(text.encode()).decode())
        lines = [line for line in text.splitlines() if len(line) == 64 and " " not in line]
        if "OPENSSH" not in text:
            yield from lines[len(lines) // 2 :] if len(lines) > 10 else lines


def marked(value: Any) -> Iterator[Any]:
    """The plain texts of everything that a state marks as secret."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            yield json.loads(value["plaintext"])
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from marked(item)


def shown(report: ChangeReport) -> str:
    plain = render.text(report, lambda text, _colour: text)
    return plain + render.markdown(report) + json.dumps(report.to_data())


def machines(plan: ClusterPlan) -> Iterator[str]:
    """Every byte that a machine gets without asking the secret channel."""
    for group in plan.groups:
        if group.user_data:
            yield group.user_data.text
        if group.bundle:
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(group.bundle.content))) as archive:
                for member in archive:
                    file = archive.extractfile(member)
                    yield file.read().decode() if file else ""


def backend(world: rehearsal.World, tmp_path: Path) -> Iterator[str]:
    """What the engine keeps on disk; not the simulated cloud itself, which holds what the real one would."""
    for path in sorted(tmp_path.rglob("*.json*")):
        data = path.read_bytes()
        yield (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    assert world.path.is_relative_to(tmp_path)
