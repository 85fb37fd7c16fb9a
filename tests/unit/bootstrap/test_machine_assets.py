"""Downloads: addresses, digests, mirrors."""

from __future__ import annotations

import re

import pytest

from kops_pulumi.bootstrap import assets
from kops_pulumi.bootstrap.node import ARCHITECTURES
from kops_pulumi.errors import Severity
from kops_pulumi.model import Role
from kops_pulumi.plan.mirrors import Mirrors, qualified
from kops_pulumi.resolve import versions
from kops_pulumi.spec.containerd import Containerd

KNOWN = "1.37.1"
PUBLISHERS = Mirrors()


def programs(role=Role.NODE, kubernetes=KNOWN, mirrors=PUBLISHERS, **containerd):
    components = versions.components(versions.parse(kubernetes), versions.NEWEST_DEFAULTS)
    spec = Containerd.model_validate(
        {"version": components.containerd, "runc": {"version": components.runc}, **containerd}
    )
    return {asset.name: asset for asset in assets.programs(role, kubernetes, components, spec, mirrors)}


def test_every_digest_is_one_and_none_is_there_twice():
    found = [
        digest
        for rows in assets.digests().values()
        for row in rows.values()
        for value in row.values()
        for digest in (value.values() if isinstance(value, dict) else [value])
    ]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("kubernetes", assets.digests()["kubernetes"])
@pytest.mark.parametrize("role", [Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE])
def test_a_known_kubernetes_has_a_digest_for_everything_on_both_architectures(kubernetes, role):
    found = programs(role, kubernetes)
    assert all(set(asset.sha256) == set(asset.urls) == set(ARCHITECTURES) for asset in found.values())
    assert list(assets.unpinned(found.values())) == []


def test_supported_minors_have_a_pinned_release():
    minors = {version.split(".")[1] for version in assets.digests()["kubernetes"]}
    assert minors >= {str(versions.newest_minor() - back) for back in range(versions.SUPPORTED_MINORS)}


def test_only_control_planes_get_etcds_tools():
    assert "etcd" in programs(Role.CONTROL_PLANE)
    assert not {"etcd"} & {*programs(Role.NODE), *programs(Role.API_SERVER)}
    assert programs(Role.CONTROL_PLANE)["etcd"].members["arm64"][0].startswith("etcd-v3.6.11-linux-arm64/")


def test_an_unknown_release_is_a_warning_and_is_checked_against_its_publisher():
    found = programs(kubernetes="1.36.99")
    assert found["kubelet"].sha256 == {}
    assert found["kubelet"].checksums["amd64"] == "https://dl.k8s.io/release/v1.36.99/bin/linux/amd64/kubelet.sha256"
    (finding,) = assets.unpinned(found.values())
    assert finding.severity is Severity.WARNING
    assert finding.dotted == "spec.kubernetesVersion"
    assert "kubeadm, kubectl, kubelet 1.36.99" in finding.message
    assert KNOWN in finding.hint


def test_the_manifests_own_package_replaces_one_architecture_and_is_taken_as_written():
    mirrors = Mirrors(files="https://mirror.example.net")
    package = {"urlAmd64": "https://files.example.net/c.tar.gz", "hashAmd64": "a" * 64}
    found = programs(mirrors=mirrors, version="2.3.9", packages=package)["containerd"]
    assert found.urls["amd64"] == ("https://files.example.net/c.tar.gz",)
    assert found.sha256 == {"amd64": "a" * 64}
    assert found.urls["arm64"][0].startswith("https://mirror.example.net/containerd/containerd/releases/")


def test_runc_has_packages_of_its_own():
    runc = {"version": "1.4.3", "packages": {"urlArm64": "https://files.example.net/runc", "hashArm64": "b" * 64}}
    found = programs(runc=runc)["runc"]
    assert found.sha256["arm64"] == "b" * 64
    assert found.sha256["amd64"] == assets.digests()["runc"]["1.4.3"]["amd64"]


def test_an_image_that_brings_containerd_gets_none():
    assert not {"containerd", "runc"} & set(programs(skipInstall=True))


def test_tools_are_a_choice():
    assert "crictl" not in programs(installCriCtl=False)
    assert "nerdctl" in programs(installNerdCtl=True)


def test_a_mirror_of_files_keeps_their_paths_also_of_checksums():
    found = programs(kubernetes="1.36.99", mirrors=Mirrors(files="https://mirror.example.net/k"))["kubectl"]
    assert found.urls["amd64"] == ("https://mirror.example.net/k/release/v1.36.99/bin/linux/amd64/kubectl",)
    assert found.checksums["amd64"] == f"{found.urls['amd64'][0]}.sha256"


@pytest.mark.parametrize(
    ("image", "registry", "proxy"),
    [
        ("registry.k8s.io/pause:3.10.1", "m.example.net/k/pause:3.10.1", "p.example.net/pause:3.10.1"),
        ("quay.io/a/b@sha256:1", "m.example.net/k/quay.io-a-b@sha256:1", "p.example.net/a/b@sha256:1"),
        (
            "docker.io/library/busybox:1",
            "m.example.net/k/docker.io-library-busybox:1",
            "p.example.net/library/busybox:1",
        ),
        ("weave/net:2", "m.example.net/k/weave-net:2", "p.example.net/weave/net:2"),
        ("localhost:5000/x", "m.example.net/k/localhost:5000-x", "p.example.net/x"),
    ],
)
def test_images_move_to_a_registry_by_flat_name_and_to_a_proxy_by_path(image, registry, proxy):
    mirror = Mirrors(registry="m.example.net/k")
    assert mirror.image(image) == registry
    assert mirror.image(registry) == registry
    assert Mirrors(proxy="p.example.net").image(image) == proxy
    assert Mirrors().image(image) == image


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("a/b:1", "docker.io/a/b:1"),
        ("quay.io/a/b", "quay.io/a/b:latest"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        ("x@sha256:00", "docker.io/library/x@sha256:00"),
    ],
)
def test_images_get_their_full_name(image, full):
    assert qualified(image) == full
