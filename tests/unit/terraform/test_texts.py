"""Placeholders in texts → expressions, whatever the program did to the text."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
import yaml

from kops_pulumi.components.contents import key_set
from kops_pulumi.terraform.references import References
from kops_pulumi.terraform.texts import Texts

KEY, VPC, LB = (
    ("tls:index/privateKey:PrivateKey", "key"),
    ("aws:ec2/vpc:Vpc", "vpc"),
    ("aws:lb/loadBalancer:LoadBalancer", "lb"),
)
ADDRESSES = {KEY: "tls_private_key.key", VPC: "aws_vpc.vpc", LB: "aws_lb.lb"}


@pytest.fixture
def references() -> References:
    return References()


@pytest.fixture
def texts(references: References) -> Texts:
    return Texts(references.known, lambda s: ADDRESSES.get((s.token, s.name), f"data.external.{s.name}"))


def outputs(references: References, source: tuple[str, str]) -> dict[str, str]:
    id_, computed = references.resource(*source, {})
    return {"id": id_, **computed}


def test_a_value_alone_is_the_expression_itself(references: References, texts: Texts) -> None:
    assert texts.value(outputs(references, VPC)["id"], "x") == "${aws_vpc.vpc.id}"


def test_literals_around_are_escaped(references: References, texts: Texts) -> None:
    host = outputs(references, LB)["dnsName"]
    assert (
        texts.value(f"${{HOME}} %{{x}} https://{host}:443", "x") == "$${HOME} %%{x} https://${aws_lb.lb.dns_name}:443"
    )


def test_pem_in_json_keeps_its_line_ends_escaped(references: References, texts: Texts) -> None:
    document = json.dumps({"key": outputs(references, KEY)["privateKeyPem"]})
    assert texts.value(document, "x") == ('{"key": "${replace(tls_private_key.key.private_key_pem, "\\n", "\\\\n")}"}')


def test_pem_in_indented_yaml_is_indented(references: References, texts: Texts) -> None:
    lines = outputs(references, KEY)["privateKeyPem"].splitlines()
    text = "a: |\n" + "".join(f"    {line}\n" for line in lines) + "b: 1\n"
    assert texts.value(text, "x").startswith('${templatefile("${path.module}/data/x.tftpl", {')
    (content,) = texts.files.values()
    assert yaml.safe_load(content) == {"a": "${indent_4_chomp_tls_private_key_key_private_key_pem}\n", "b": 1}


def test_pem_after_pem_is_two_references(references: References, texts: Texts) -> None:
    pem = outputs(references, KEY)["privateKeyPem"]
    assert [part.text for part in texts.parts(pem + pem)] == ["tls_private_key.key.private_key_pem"] * 2  # type: ignore[union-attr]


def test_base64_of_a_placeholder_is_encoded_by_terraform(references: References, texts: Texts) -> None:
    pem = outputs(references, KEY)["privateKeyPem"]
    encoded = base64.b64encode(pem.encode()).decode()
    assert texts.value(f"data: {encoded}", "x") == "data: ${base64encode(tls_private_key.key.private_key_pem)}"
    mixed = base64.b64encode(f'id={outputs(references, VPC)["id"]} "q"'.encode()).decode()
    assert texts.value(mixed, "x") == '${base64encode("id=${aws_vpc.vpc.id} \\"q\\"")}'


def test_long_base64_becomes_the_file_that_it_packs(references: References, texts: Texts) -> None:
    script = "#!/bin/bash\n" + "echo ${HOME}\n" * 40
    encoded = base64.b64encode(script.encode()).decode()
    assert texts.value(encoded, "plain") == '${filebase64("${path.module}/data/plain")}'
    assert texts.files["data/plain"].decode() == script
    known = script + outputs(references, VPC)["id"]
    zipped = base64.b64encode(gzip.compress(known.encode(), mtime=0, compresslevel=0)).decode()
    assert texts.value(zipped, "zip") == (
        '${base64gzip(templatefile("${path.module}/data/zip.tftpl", { aws_vpc_vpc_id = aws_vpc.vpc.id }))}'
    )
    assert texts.files["data/zip.tftpl"].decode().startswith("#!/bin/bash\necho $${HOME}\n")


def test_bytes_that_are_no_text_stay_what_they_are(texts: Texts) -> None:
    data = bytes(range(256)) * 2
    assert texts.value(base64.b64encode(data).decode(), "bundle") == '${filebase64("${path.module}/data/bundle")}'
    assert texts.files["data/bundle"] == data


def test_a_subnet_of_an_unknown_block_is_computed(references: References, texts: Texts) -> None:
    from ipaddress import IPv6Network

    block = IPv6Network(outputs(references, VPC)["ipv6CidrBlock"])
    third = list(block.subnets(new_prefix=64))[3]
    assert texts.value(str(third), "x") == "${cidrsubnet(aws_vpc.vpc.ipv6_cidr_block, 8, 3)}"
    assert texts.value(str(block), "x") == "${aws_vpc.vpc.ipv6_cidr_block}"
    assert texts.value("fd00:1234::/64", "x") == "fd00:1234::/64"


def test_a_key_set_of_unknown_keys_is_computed(references: References, texts: Texts) -> None:
    keys = json.loads(key_set(outputs(references, KEY)["publicKeyPem"]))["keys"][0]
    modulus = texts.value(keys["n"], "n")
    assert modulus.startswith("${replace(replace(substr(replace(replace(replace(tls_private_key.key.public_key_pem")
    assert texts.value(keys["kid"], "kid") == "${data.external.key.result.kid}"


def test_the_modulus_lies_where_the_expression_cuts() -> None:
    """The arithmetic of the expression, done to a real key as Terraform would."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = rsa.generate_private_key(65537, 2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, form).decode()
    bare = pem.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "").replace("\n", "")
    assert bare[44 : 44 + 342].replace("+", "-").replace("/", "_") == json.loads(key_set(pem))["keys"][0]["n"]


def test_the_key_ids_program_computes_what_the_key_set_has() -> None:
    import subprocess

    from kops_pulumi.terraform import references
    from kops_pulumi.testing.keys import public_key

    pem = public_key("any")
    asked = json.dumps({"pem": pem})
    answer = subprocess.run(references._KEY_ID_PROGRAM, input=asked, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == {"kid": json.loads(key_set(pem))["keys"][0]["kid"]}
