"""The operating system: parameters, packages, proxy, time."""

from __future__ import annotations

from kops_pulumi.bootstrap import system
from kops_pulumi.spec.containerd import NvidiaGpu
from kops_pulumi.spec.topology import EgressProxy


def sysctls(user=(), cloud=None, plugin=None, **options):
    return system.sysctls(cloud or {}, plugin or {}, user, **{"ipv6": False, "node_ports": None, **options})


def test_kubelets_that_protect_kernel_defaults_find_them():
    wanted = {
        "vm.overcommit_memory": "1",
        "vm.panic_on_oom": "0",
        "kernel.panic": "10",
        "kernel.panic_on_oops": "1",
        "kernel.keys.root_maxkeys": "1000000",
        "kernel.keys.root_maxbytes": "25000000",
    }
    assert sysctls().items() >= wanted.items()


def test_the_users_parameters_win_over_the_clouds_and_ours():
    found = sysctls(["net.core.somaxconn = 9", "a.b=c=d"], {"net.core.somaxconn": "8", "kernel.panic": "1"})
    assert (found["net.core.somaxconn"], found["kernel.panic"], found["a.b"]) == ("9", "1", "c=d")


def test_node_ports_are_reserved():
    assert sysctls()["net.ipv4.ip_local_reserved_ports"] == "30000-32767"
    assert sysctls(node_ports="20000-21000")["net.ipv4.ip_local_reserved_ports"] == "20000-21000"


def test_ipv6_and_cilium_have_parameters_of_their_own():
    assert "net.ipv6.conf.all.forwarding" in set(sysctls(ipv6=True)) - set(sysctls())
    assert "net.ipv4.conf.all.rp_filter" in set(sysctls(plugin={"net.ipv4.conf.all.rp_filter": "0"})) - set(sysctls())


def test_packages_come_once_and_ours_first():
    found = system.packages(["jq", "socat", "jq"], time=True, updates=False, gvisor=False)
    assert found[-1] == "jq"
    assert len(found) == len(set(found))
    assert "chrony" in found
    assert "unattended-upgrades" not in found


def test_the_group_names_the_gpus_driver():
    assert system.gpu(None, NvidiaGpu(enabled=False)) is None
    assert system.gpu(NvidiaGpu(enabled=True), None).packages == (
        "nvidia-driver-535-server",
        "nvidia-container-toolkit",
    )
    both = system.gpu(NvidiaGpu(enabled=True, package="a"), NvidiaGpu(enabled=True, package="b"))
    assert both.packages[0] == "b"


def test_the_proxy_leaves_the_cluster_and_the_metadata_service_alone():
    spec = EgressProxy.model_validate({"httpProxy": {"host": "proxy", "port": 3128}, "excludes": "mine, 10.0.0.0/8"})
    found = system.proxy(spec, ["10.1.0.0/16", None, ".svc"])
    assert found.url == "http://proxy:3128"
    assert found.excludes[:2] == ("mine", "10.0.0.0/8")
    assert {"169.254.169.254", "localhost", "10.1.0.0/16", ".svc"} <= set(found.excludes)
    assert system.environment(found)["no_proxy"] == ",".join(found.excludes)


def test_a_proxy_may_say_its_scheme():
    spec = EgressProxy.model_validate({"httpProxy": {"host": "https://proxy"}})
    assert system.proxy(spec, []).url == "https://proxy"
    assert system.proxy(None, []) is None
