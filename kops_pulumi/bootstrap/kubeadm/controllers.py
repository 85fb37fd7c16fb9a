"""kube-controller-manager and kube-scheduler: command lines, and the scheduler's configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kops_pulumi.bootstrap import paths
from kops_pulumi.bootstrap.kubeadm.components import CONTROLLER_MANAGER, LEADER_ELECTION, SCHEDULER
from kops_pulumi.bootstrap.kubeadm.flags import Arg, args, over
from kops_pulumi.bootstrap.node import ControlPlane
from kops_pulumi.resolve.defaults.hardening import CIPHER_SUITES, TLS_MIN_VERSION

_LOOPBACK = args("bind-address", ["127.0.0.1"])
"""Their ports serve this machine's probes and nobody else (CIS 1.3.7, 1.4.2)."""
_TOKENS = ("bootstrapsigner", "tokencleaner")
"""Controllers off by default; joining machines need them."""
_PLACES = {
    "qps": ("clientConnection", "qps"),
    "burst": ("clientConnection", "burst"),
    "kubeAPIQPS": ("clientConnection", "qps"),
    "kubeAPIBurst": ("clientConnection", "burst"),
}


def controller_manager_args(plane: ControlPlane, minor: int) -> list[Arg]:
    """Everything beyond kubeadm's own."""
    settings = plane.controller_manager
    controllers = settings.get("controllers")
    missing = [name for name in _TOKENS if controllers and not {name, f"-{name}"} & set(controllers)]
    return over(
        _LOOPBACK,
        args("cluster-signing-cert-file", [paths.SIGNING_CA]),
        CONTROLLER_MANAGER.args(settings, minor),
        LEADER_ELECTION.args(settings.get("leaderElection") or {}, minor),
        args("controllers", [[*controllers, *missing]] if controllers else []),
    )


def scheduler_args(plane: ControlPlane, minor: int) -> list[Arg]:
    """Everything beyond kubeadm's own."""
    return over(
        _LOOPBACK,
        args("tls-cipher-suites", [CIPHER_SUITES]),
        args("tls-min-version", [TLS_MIN_VERSION]),
        args("config", [paths.SCHEDULER]),
        SCHEDULER.args(plane.scheduler, minor),
        LEADER_ELECTION.args(plane.scheduler.get("leaderElection") or {}, minor),
    )


def scheduler_configuration(plane: ControlPlane) -> dict[str, Any]:
    """The KubeSchedulerConfiguration: the user's own document over the fields of kubeScheduler, over ours."""
    ours: dict[str, Any] = {"clientConnection": {}, "enableProfiling": bool(plane.scheduler.get("enableProfiling"))}
    for key, (section, name) in _PLACES.items():
        if plane.scheduler.get(key) is not None:
            ours[section][name] = _number(plane.scheduler[key])
    theirs = {key: value for key, value in (plane.scheduler_configuration or {}).items() if key != "metadata"}
    merged = _merge(ours, theirs)
    merged["clientConnection"]["kubeconfig"] = f"{paths.KUBERNETES}/scheduler.conf"
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    return head | {key: merged[key] for key in sorted(merged) if key not in head}


def scheduler_environment(plane: ControlPlane) -> list[dict[str, str]]:
    """The one setting that the scheduler reads from its environment."""
    volumes = plane.scheduler.get("maxPersistentVolumes")
    return [] if volumes is None else [{"name": "KUBE_MAX_PD_VOLS", "value": str(volumes)}]


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings joined key by key; anything else of `top` wins."""
    return dict(base) | {
        key: _merge(base[key], value) if isinstance(value, Mapping) and isinstance(base.get(key), Mapping) else value
        for key, value in top.items()
    }


def _number(value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() else number
