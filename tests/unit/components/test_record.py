"""The public test double: complete, isolated, stable, and honest about failures."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_tls as tls
import pytest
from pulumi.runtime import settings

from kops_pulumi import manifest, pipeline, spec
from kops_pulumi.components import Cluster
from kops_pulumi.testing import SECRET, UNKNOWN, Answers, record


def two_keys() -> None:
    parent = pulumi.ComponentResource("test:index:Pair", "pair")
    for name in ("b", "a"):
        tls.PrivateKey(name, algorithm="ECDSA", opts=pulumi.ResourceOptions(parent=parent, protect=name == "a"))
    parent.register_outputs({"done": True})


def test_resources_come_sorted_with_their_parents() -> None:
    made = record(two_keys)
    assert made == sorted(made, key=lambda resource: resource.urn)
    parents = {resource.name: (resource.parent or "").rpartition("::")[2] for resource in made}
    assert parents == {"a": "pair", "b": "pair", "pair": ""}


def test_two_recordings_are_the_same() -> None:
    assert record(two_keys) == record(two_keys)


def test_options_and_outputs_are_facts() -> None:
    made = {resource.name: resource for resource in record(two_keys)}
    assert (made["a"].protect, made["b"].protect) == (True, False)
    assert made["pair"].outputs == {"done": True}
    assert made["a"].outputs is None


def test_secrets_are_masked_in_inputs_and_exports() -> None:
    def program() -> None:
        key = tls.PrivateKey("key", algorithm=pulumi.Output.secret("RSA"))
        pulumi.export("pem", pulumi.Output.secret(key.private_key_pem))
        pulumi.export("algorithm", key.algorithm)

    made = record(program)
    assert made[0].inputs["algorithm"] == SECRET
    assert made.exports == {"pem": SECRET, "algorithm": SECRET}


def test_in_a_preview_computed_values_are_unknown() -> None:
    def program() -> None:
        key = tls.PrivateKey("key", algorithm="RSA")
        tls.SelfSignedCert(
            "cert", private_key_pem="x", dns_names=[key.public_key_pem], allowed_uses=[], validity_period_hours=1
        )

    preview = {resource.name: resource for resource in record(program, preview=True)}
    assert preview["cert"].inputs["dnsNames"] == [UNKNOWN]
    assert preview["key"].id == ""


def test_dependencies_are_recorded() -> None:
    def program() -> None:
        first = tls.PrivateKey("first", algorithm="RSA")
        tls.PrivateKey("second", algorithm="RSA", opts=pulumi.ResourceOptions(depends_on=[first]))

    made = {resource.name: resource for resource in record(program)}
    assert made["second"].depends_on == (made["first"].urn,)


def test_pulumis_global_state_is_left_alone() -> None:
    before = (settings.get_monitor(), settings.get_root_resource(), settings.get_project(), settings.get_stack())
    record(two_keys)
    assert (
        settings.get_monitor(),
        settings.get_root_resource(),
        settings.get_project(),
        settings.get_stack(),
    ) == before


def test_configuration_is_the_programs_own() -> None:
    def program() -> None:
        pulumi.export("profile", pulumi.Config("aws").get("profile"))

    assert record(program, config={"aws:profile": "dev"}).exports == {"profile": "dev"}
    assert record(program).exports == {}


def test_an_error_of_the_program_is_raised() -> None:
    def program() -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        record(program)


def test_an_error_of_the_cloud_is_raised() -> None:
    class Broken(Answers):
        def resource(self, type_: str, name: str, inputs: object) -> tuple[str, dict[str, object]]:
            raise RuntimeError(f"{name} cannot be made")

    with pytest.raises(RuntimeError, match="cannot be made"):
        record(two_keys, answers=Broken())


def test_a_name_that_is_taken_is_an_error() -> None:
    def program() -> None:
        tls.PrivateKey("same", algorithm="RSA")
        tls.PrivateKey("same", algorithm="RSA")

    with pytest.raises(ValueError, match="two resources are called"):
        record(program)


def test_it_works_inside_a_running_loop() -> None:
    import asyncio

    async def outer() -> int:
        return len(record(two_keys))

    assert asyncio.run(outer()) == 3


@pytest.mark.parametrize(("line", "protected"), [("", True), ("\n  protect: false", False)])
def test_the_manifest_can_take_the_engines_protection_off(line: str, protected: bool) -> None:
    path = Path(__file__).parents[3] / "examples" / "aws" / "minimal.yaml"
    text = path.read_text(encoding="utf-8").replace("\nspec:\n", f"\nspec:{line}\n", 1)
    planned = pipeline.run(spec.parse(manifest.loads(text, path.name)))
    volumes = [item for item in record(lambda: Cluster("c", planned)) if item.type == "aws:ebs/volume:Volume"]
    assert volumes
    assert {item.protect for item in volumes} == {protected}
