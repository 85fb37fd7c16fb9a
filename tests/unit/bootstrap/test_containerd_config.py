"""containerd's configuration and mirrors."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.bootstrap import containerd, toml
from kops_pulumi.spec.containerd import Containerd

RUNTIME, IMAGES = "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"


def settings(group=None, version="2.3.4", **cluster):
    spec = Containerd.model_validate({"version": version, **cluster})
    own = Containerd.model_validate(group) if group is not None else None
    return containerd.settings(spec, own, sandbox="registry.example.net/pause:1")


def config(group=None, **cluster):
    return tomllib.loads(settings(group, **cluster).config)


def runtimes(found):
    return found["plugins"][RUNTIME]["containerd"]["runtimes"]


def test_pods_are_in_systemds_cgroups_and_the_sandbox_is_pinned():
    found = config()
    assert runtimes(found) == {"runc": {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": True}}}
    assert found["plugins"][IMAGES]["pinned_images"] == {"sandbox": "registry.example.net/pause:1"}
    assert found["plugins"][IMAGES]["registry"] == {"config_path": "/etc/containerd/certs.d"}


@pytest.mark.parametrize(("version", "format_"), [("2.1.0", 3), ("2.2.9", 3), ("2.3.0", 4), ("v2.4.1", 4)])
def test_the_format_follows_the_version(version, format_):
    assert config(version=version)["version"] == format_


def test_the_socket_is_where_its_format_keeps_it():
    new, old = config(address="/x.sock"), config(address="/x.sock", version="2.2.0")
    assert new["plugins"]["io.containerd.server.v1.grpc"] == {"address": "/x.sock"}
    assert old["grpc"] == {"address": "/x.sock"}
    assert settings(address="/x.sock").socket == "/x.sock"


def test_gpus_and_sandboxes_are_further_runtimes():
    both = runtimes(config({"nvidiaGPU": {"enabled": True}, "gvisor": {"enabled": True}}))
    assert both["nvidia"]["options"] == {"BinaryName": "/usr/bin/nvidia-container-runtime", "SystemdCgroup": True}
    assert both["runsc"]["runtime_type"] == "io.containerd.runsc.v1"
    assert set(runtimes(config(nvidiaGPU={"enabled": True}))) == {"runc", "nvidia"}
    assert set(runtimes(config({"gvisor": {"enabled": False}}))) == {"runc"}


def test_nri_is_left_alone_unless_the_manifest_speaks_of_it():
    assert "io.containerd.nri.v1.nri" not in config()["plugins"]
    off = config(nri={"enabled": False, "pluginRequestTimeout": "3s"})["plugins"]["io.containerd.nri.v1.nri"]
    assert off == {"disable": True, "plugin_request_timeout": "3s"}


def test_additions_go_where_their_dotted_key_says():
    additions = {f'plugins."{IMAGES}".max_concurrent_downloads': 7, "debug.level": "debug", "oom_score": -5}
    found = config(configAdditions=additions)
    assert found["plugins"][IMAGES]["max_concurrent_downloads"] == 7
    assert found["plugins"][IMAGES]["pinned_images"]
    assert (found["debug"], found["oom_score"]) == ({"level": "debug"}, -5)


def test_an_override_is_the_whole_text():
    assert settings(configOverride="version = 2\n").config == "version = 2\n"


def test_mirrors_are_asked_in_the_users_order_before_the_registry_itself():
    hosts = settings(
        registryMirrors={"docker.io": ["https://a.example.net/", "http://b:5000"], "*": ["https://c"]}
    ).hosts
    assert set(hosts) == {"docker.io", "_default"}
    found = tomllib.loads(hosts["docker.io"])
    assert list(found["host"]) == ["https://a.example.net", "http://b:5000"]
    assert found["host"]["http://b:5000"] == {"capabilities": ["pull", "resolve"]}


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))
)
TREES = st.recursive(
    st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=4),
    lambda inner: st.dictionaries(KEYS, st.one_of(SCALARS, inner), max_size=3),
    max_leaves=8,
)


@given(TREES)
def test_toml_says_what_it_was_given(tree):
    assert tomllib.loads(toml.dumps(tree)) == tree
