"""What kubeadm is told, by role and by what the manifest asks for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kops_pulumi.bootstrap import kubeadm, paths
from kops_pulumi.bootstrap.node import NodeConfig
from kops_pulumi.errors import Severity
from tests.support.nodes import documents, node, planned

INIT = "/opt/kops-pulumi/current/kubeadm/init.yaml"
JOIN = "/opt/kops-pulumi/current/kubeadm/join.yaml"


def kinds(found: NodeConfig) -> dict[str, dict[str, Any]]:
    return {document["kind"]: document for document in kubeadm.init_documents(found)}


def flags(found: NodeConfig, component: str = "apiServer") -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for arg in kinds(found)["ClusterConfiguration"][component]["extraArgs"]:
        gathered.setdefault(arg["name"], []).append(arg["value"])
    return gathered


def mounts(found: NodeConfig, component: str = "apiServer") -> dict[str, str]:
    volumes = kinds(found)["ClusterConfiguration"][component]["extraVolumes"]
    return {volume["mountPath"]: volume["pathType"] for volume in volumes}


def api(**settings: Any) -> NodeConfig:
    return node(cluster={"kubeAPIServer": settings})


def asset(path: str, content: str) -> dict[str, Any]:
    return {"fileAssets": [{"name": path.rpartition("/")[2], "path": path, "content": content}]}


def test_all_control_planes_get_the_same_documents() -> None:
    assert [kubeadm.init_documents(node(name)) for name in ("cp-b", "cp-c")] == [kubeadm.init_documents(node())] * 2


def test_etcd_is_external_and_asked_on_this_machine_only() -> None:
    external = kinds(node())["ClusterConfiguration"]["etcd"]["external"]
    assert external["endpoints"] == ["https://127.0.0.1:4001"]
    assert flags(node())["etcd-servers-overrides"] == ["/events#https://127.0.0.1:4002"]


def test_api_servers_without_etcd_ask_all_members_by_names_that_the_hosts_file_keeps() -> None:
    found = node("apis")
    hosts = [f"etcd-{member}.internal.mill.example.net" for member in "abc"]
    external = kinds(found)["ClusterConfiguration"]["etcd"]["external"]
    assert external["endpoints"] == [f"https://{host}:4001" for host in hosts]
    assert flags(found)["etcd-servers-overrides"] == ["/events#" + ";".join(f"https://{host}:4002" for host in hosts)]
    assert mounts(found)["/etc/hosts"] == "File"
    assert "/etc/hosts" not in mounts(node())


def test_the_api_is_called_by_its_internal_name_on_443() -> None:
    found = kinds(node())
    assert found["ClusterConfiguration"]["controlPlaneEndpoint"] == "api.internal.mill.example.net:443"
    assert found["InitConfiguration"]["localAPIEndpoint"] == {"bindPort": 443}


def test_names_known_later_join_the_certificate_as_list_items() -> None:
    balanced = node(cluster={"api": {"loadBalancer": {"class": "Network", "type": "Public"}}})
    lines = kubeadm.files(balanced)[INIT].content.decode().splitlines()
    mark = next(line for line in lines if "late-sans" in line)
    assert mark == "  @machine(late-sans)@"
    filled = "\n".join(line.replace("@machine(late-sans)@", "- lb.example.com") for line in lines)
    cluster = list(yaml.safe_load_all(filled))[1]
    assert cluster["apiServer"]["certSANs"][-1] == "lb.example.com"


def test_workers_join_with_a_token_and_a_pinned_authority() -> None:
    (join,) = documents(kubeadm.files(node("nodes")), JOIN)
    token = join["discovery"]["bootstrapToken"]
    assert token["caCertHashes"] == ["@machine(ca-hash)@"]
    assert token["unsafeSkipCAVerification"] is False
    assert INIT not in kubeadm.files(node("nodes"))
    assert {INIT, JOIN} <= set(kubeadm.files(node("apis")))
    assert JOIN not in kubeadm.files(node())


def test_taints_are_split_into_their_parts() -> None:
    found = node("nodes", nodes={"taints": ["team=milling:NoExecute", "spot:PreferNoSchedule"]})
    (join,) = kubeadm.join_documents(found)
    assert join["nodeRegistration"]["taints"] == [
        {"key": "spot", "effect": "PreferNoSchedule"},
        {"key": "team", "value": "milling", "effect": "NoExecute"},
    ]


def test_no_token_of_kubeadms_own_outlives_a_quarter_of_an_hour() -> None:
    (token,) = kinds(node())["InitConfiguration"]["bootstrapTokens"]
    assert token["ttl"] == "15m0s"
    assert "token" not in token


def test_what_an_older_flag_name_says_reaches_the_flag() -> None:
    given = flags(
        api(logLevel=4, enableProfiling=True, auditLogMaxBackups=20, featureGates={"Beta": "true", "Alpha": "false"})
    )
    assert (given["v"], given["profiling"], given["audit-log-maxbackup"]) == (["4"], ["true"], ["20"])
    assert given["feature-gates"] == ["Alpha=false,Beta=true"]


def test_repeated_flags_are_repeated() -> None:
    given = flags(
        api(serviceAccountIssuer="https://new.example.net", additionalServiceAccountIssuers=["https://old.example.net"])
    )
    assert given["service-account-issuer"] == ["https://new.example.net", "https://old.example.net"]


def test_an_issuer_that_is_published_comes_with_its_keys_and_audiences() -> None:
    discovery = {
        "discoveryStore": "s3://mill-oidc/mill.example.net",
        "enableAWSOIDCProvider": True,
        "additionalAudiences": ["vault"],
    }
    given = flags(node(cluster={"serviceAccountIssuerDiscovery": discovery}))
    (issuer,) = given["service-account-issuer"]
    assert issuer.startswith("https://mill-oidc.s3.")
    assert given["service-account-jwks-uri"] == [f"{issuer}/openid/v1/jwks"]
    assert given["api-audiences"] == ["kubernetes.svc.default,amazonaws.com,vault"]


def test_plugins_of_the_user_join_ours_and_those_refused_are_out() -> None:
    (plugins,) = flags(api(appendAdmissionPlugins=["AlwaysPullImages"], disableAdmissionPlugins=["EventRateLimit"]))[
        "enable-admission-plugins"
    ]
    assert {"AlwaysPullImages", "NodeRestriction", "DenyServiceExternalIPs"} <= set(plugins.split(","))
    assert "EventRateLimit" not in plugins


def test_files_that_flags_name_and_their_neighbours_are_shown_to_the_pod() -> None:
    files = [
        {"name": "hook", "path": "/etc/webhook/config.yaml", "content": "kind: Config"},
        {"name": "ca", "path": "/etc/webhook/ca.pem", "content": "PEM"},
        {"name": "other", "path": "/etc/else/motd", "content": "hello"},
    ]
    settings = {"kubeAPIServer": {"auditWebhookConfigFile": "/etc/webhook/config.yaml"}, "fileAssets": files}
    shown = mounts(node(cluster=settings))
    assert shown["/etc/webhook/config.yaml"] == shown["/etc/webhook/ca.pem"] == "File"
    assert "/etc/else/motd" not in shown


def test_files_where_kops_users_put_them_are_shown_to_the_api_server() -> None:
    found = node(cluster=asset(f"{paths.API_SERVER_FILES}/authz.yaml", "x"))
    assert mounts(found)[paths.API_SERVER_FILES] == "Directory"


def test_a_policy_of_the_users_own_replaces_ours() -> None:
    theirs = node(
        cluster={"kubeAPIServer": {"auditPolicyFile": "/srv/mine.yaml"}, **asset("/srv/mine.yaml", "rules: []")}
    )
    assert flags(theirs)["audit-policy-file"] == ["/srv/mine.yaml"]
    assert paths.AUDIT_POLICY not in kubeadm.files(theirs)
    assert paths.AUDIT_POLICY in kubeadm.files(node())


def test_every_file_of_ours_that_a_flag_names_is_in_the_bundle_or_secret() -> None:
    found = node(cluster={"authentication": {"aws": {}}})
    named = {
        value
        for component in ("apiServer", "scheduler")
        for values in flags(found, component).values()
        for value in values
        if value.startswith("/etc/kubernetes/") and not value.startswith(f"{paths.PKI}/")
    }
    assert named - {paths.ENCRYPTION} == {path for path in kubeadm.files(found) if path.startswith("/etc/")}
    assert paths.ENCRYPTION in named


def test_nothing_is_encrypted_only_when_the_manifest_says_so() -> None:
    assert "encryption-provider-config" not in flags(node(cluster={"encryptionConfig": False}))
    assert mounts(node())["/etc/kubernetes/encryption"] == "Directory"


def test_the_controllers_listen_on_loopback_and_elect_as_told() -> None:
    settings = {"leaderElection": {"leaderElectLeaseDuration": "30s"}, "controllers": ["*", "-ttl"]}
    given = flags(node(cluster={"kubeControllerManager": settings}), "controllerManager")
    assert given["bind-address"] == ["127.0.0.1"]
    assert given["leader-elect-lease-duration"] == ["30s"]
    assert given["controllers"] == ["*,-ttl,bootstrapsigner,tokencleaner"]


def test_a_range_of_pods_is_handed_out_only_where_the_plugin_wants_it() -> None:
    networking = kinds(node())["ClusterConfiguration"]["networking"]
    assert networking["podSubnet"] == "100.96.0.0/11"
    elsewhere = node(cluster={"networking": {"amazonvpc": {}}, "serviceClusterIPRange": "172.21.0.0/16"})
    assert "podSubnet" not in kinds(elsewhere)["ClusterConfiguration"]["networking"]
    assert flags(elsewhere, "controllerManager")["allocate-node-cidrs"] == ["false"]


def test_kube_proxy_gets_its_document_unless_something_replaces_it() -> None:
    settings = {"proxyMode": "nftables", "conntrackMaxPerCore": 1024, "featureGates": {"Alpha": "true"}}
    found = kinds(node(cluster={"kubeProxy": settings}))["KubeProxyConfiguration"]
    assert (found["mode"], found["conntrack"], found["featureGates"]) == (
        "nftables",
        {"maxPerCore": 1024},
        {"Alpha": True},
    )
    assert found["metricsBindAddress"] == "127.0.0.1:10249"
    without = kinds(node(cluster={"kubeProxy": {"enabled": False}}))
    assert without["ClusterConfiguration"]["proxy"] == {"disabled": True}
    assert "KubeProxyConfiguration" not in without


def test_the_scheduler_merges_fields_and_the_users_document() -> None:
    found = node(cluster={"kubeScheduler": {"qps": "3.5", "burst": 90, "maxPersistentVolumes": 30}})
    (configuration,) = documents(kubeadm.files(found), paths.SCHEDULER)
    assert configuration["clientConnection"] == {
        "qps": 3.5,
        "burst": 90,
        "kubeconfig": "/etc/kubernetes/scheduler.conf",
    }
    assert configuration["enableProfiling"] is False
    cluster = kinds(found)["ClusterConfiguration"]["scheduler"]
    assert cluster["extraEnvs"] == [{"name": "KUBE_MAX_PD_VOLS", "value": "30"}]


def test_images_and_resources_become_patches_of_the_pods() -> None:
    found = api(image="mirror.example.net/kube-apiserver:v1.37.1", cpuRequest="1", memoryLimit="4Gi")
    (patch,) = documents(
        kubeadm.files(found), "/opt/kops-pulumi/current/kubeadm/patches/kube-apiserver0+strategic.yaml"
    )
    (container,) = patch["spec"]["containers"]
    assert container["image"] == "mirror.example.net/kube-apiserver:v1.37.1"
    assert container["resources"] == {"requests": {"cpu": "1"}, "limits": {"memory": "4Gi"}}


@pytest.mark.parametrize("group", ["cp-a", "apis", "nodes"])
def test_each_group_brings_its_kubelets_configuration_as_a_patch(group: str) -> None:
    found = node(group)
    (patch,) = documents(
        kubeadm.files(found), "/opt/kops-pulumi/current/kubeadm/patches/kubeletconfiguration0+merge.yaml"
    )
    assert patch == found.kubelet.configuration


def test_dns_is_kubeadms_own_unless_the_manifest_says_more() -> None:
    plain = kubeadm.files(node())
    assert "/opt/kops-pulumi/current/kubeadm/coredns.yaml" not in plain
    settings = {
        "upstreamNameservers": ["192.0.2.53"],
        "stubDomains": {"corp.example": ["192.0.2.1", "192.0.2.2"]},
        "tolerations": [{"operator": "Exists"}],
        "memoryLimit": "170Mi",
        "podAnnotations": {"team": "net"},
    }
    files = kubeadm.files(node(cluster={"kubeDNS": settings}))
    (config,) = documents(files, "/opt/kops-pulumi/current/kubeadm/coredns.yaml")
    assert "forward . 192.0.2.53 {" in config["data"]["Corefile"]
    assert (
        "corp.example:53 {\n    errors\n    cache 30\n    forward . 192.0.2.1 192.0.2.2\n}"
        in config["data"]["Corefile"]
    )
    (patch,) = documents(files, "/opt/kops-pulumi/current/kubeadm/patches/corednsdeployment0+strategic.yaml")
    template = patch["spec"]["template"]
    assert template["metadata"]["annotations"] == {"team": "net"}
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]
    (container,) = template["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "170Mi"}


def test_resources_of_kube_proxy_have_no_effect_and_a_warning() -> None:
    assert not [finding for finding in planned().findings if "kube-proxy" in finding.message]
    found = planned({"kubeProxy": {"memoryLimit": "64Mi"}}).findings
    assert [finding.dotted for finding in found if "kube-proxy" in finding.message] == ["spec.kubeProxy.memoryLimit"]


def test_a_setting_without_effect_in_this_version_is_a_finding_with_its_place() -> None:
    found = planned({"kubeControllerManager": {"concurrentServiceSyncs": 4}}).findings
    about = next(finding for finding in found if "concurrent-service-syncs" in finding.message)
    assert about.severity is Severity.WARNING
    assert about.location is not None


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"kubeAPIServer": {"securePort": 6443}}, "spec.kubeAPIServer.securePort"),
        (
            {
                "kubeAPIServer": {"admissionControlConfigFile": "/srv/admission.yaml"},
                **asset("/srv/admission.yaml", "plugins: []"),
            },
            "spec.kubeAPIServer.admissionControlConfigFile",
        ),
        ({"authentication": {"kopeio": {}}}, "spec.authentication.kopeio"),
    ],
)
def test_what_means_something_else_than_it_seems_is_said(settings: dict[str, Any], path: str) -> None:
    assert path not in {finding.dotted for finding in planned().findings}
    assert path in {finding.dotted for finding in planned(settings).findings}


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert kubeadm.files(node()) == kubeadm.files(node())
