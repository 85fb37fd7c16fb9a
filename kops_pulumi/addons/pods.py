"""How add-ons' pods are placed, sized and known to the cloud, whether a chart or a manifest of ours makes them.

A pod that acts in the cloud is one of two: with an identity of its own it runs anywhere and gets a token for it;
without one it is the control planes' identity that counts, which only pods on a control plane's own network can take:
no answer of the metadata service goes further than the machine itself (`docs/security.md`, S1). This module must not
know an add-on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons.objects import Object, mount
from kops_pulumi.model import Late, Role
from kops_pulumi.plan.mirrors import Mirrors, qualified
from kops_pulumi.resolve.traits import of_role

if TYPE_CHECKING:
    from kops_pulumi.plugins import ServiceAccount
    from kops_pulumi.resolve.full import FullSpec

ON_CONTROL_PLANES: Object = {"node-role.kubernetes.io/control-plane": ""}
"""Node selector."""
CONTROL_PLANE_TAINTS: tuple[Object, ...] = (
    {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
)
EARLY_TAINTS: tuple[Object, ...] = (
    *CONTROL_PLANE_TAINTS,
    {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists"},
)
"""What a node has until its cloud controller and its network plug-in have seen it."""
ANY_TAINT: tuple[Object, ...] = ({"operator": "Exists"},)
CLUSTER_CRITICAL = "system-cluster-critical"
NODE_CRITICAL = "system-node-critical"

LOCKED: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
}
"""Security context of a container that needs nothing of the machine."""

_TOKEN = "aws-iam-token"  # noqa: S105 - the name that EKS's webhook gives the volume, so that it leaves ours alone
_PLACE = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
_AUDIENCE = "amazonaws.com"
_LIFETIME = 86400


@dataclass(frozen=True, slots=True)
class CloudIdentity:
    """Whom a pod acts as in the cloud, in the pieces that charts and manifests ask for."""

    own: bool
    """By its service account; else as the control plane that it runs on."""
    env: dict[str, Any] = field(default_factory=dict)
    volumes: tuple[Object, ...] = ()
    mounts: tuple[Object, ...] = ()

    @property
    def env_list(self) -> list[Object]:
        """`env` as containers spell it."""
        return [{"name": name, "value": value} for name, value in self.env.items()]

    @property
    def placement(self) -> Object:
        """Node selector and tolerations; `hostNetwork` where the machine's identity counts."""
        placed: Object = {"nodeSelector": dict(ON_CONTROL_PLANES), "tolerations": list(CONTROL_PLANE_TAINTS)}
        return placed if self.own else {**placed, "hostNetwork": True}


def identity(full: FullSpec, who: ServiceAccount) -> CloudIdentity:
    """The cloud identity of an add-on's pods.

    The token is mounted as the pod identity webhook would do it, which is not there yet when the first add-ons start:
    https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html#_what_the_webhook_does.
    """
    iam = full.cluster.spec.iam
    if not (iam and iam.use_service_account_external_permissions):
        return CloudIdentity(own=False)
    token = {"audience": _AUDIENCE, "expirationSeconds": _LIFETIME, "path": "token"}
    return CloudIdentity(
        own=True,
        env={
            "AWS_ROLE_ARN": Late(f"role.{who.namespace}/{who.name}"),
            "AWS_WEB_IDENTITY_TOKEN_FILE": f"{_PLACE}/token",
        },
        volumes=({"name": _TOKEN, "projected": {"defaultMode": 0o644, "sources": [{"serviceAccountToken": token}]}},),
        mounts=(mount(_TOKEN, _PLACE, readOnly=True),),
    )


def mirrored(full: FullSpec, image: str) -> str:
    """An image's name where this cluster pulls it from."""
    return Mirrors.of(full.cluster.spec.assets).image(qualified(image))


def parts(full: FullSpec, image: str, key: str = "repository") -> dict[str, str]:
    """An image as most charts take it, repository and tag apart. A digest is split at its colon, which joins again."""
    repository, _, tag = mirrored(full, image).rpartition(":")
    return {key: repository, "tag": tag}


def tag(image: str) -> str:
    """The version in an image's name; empty for one that is named by its digest."""
    return "" if "@" in image else qualified(image).rpartition(":")[2]


def resources(settings: Any, **defaults: str) -> Object:
    """Requests and limits from an add-on's section, with defaults by the section's own names (`cpu_request`, …)."""
    found: Object = {}
    for kind in ("request", "limit"):
        for unit in ("cpu", "memory"):
            value = getattr(settings, f"{unit}_{kind}", None) or defaults.get(f"{unit}_{kind}")
            if value is not None:
                found.setdefault(f"{kind}s", {})[unit] = str(value)
    return found


def several(full: FullSpec) -> int:
    """Copies of what should survive a control plane's loss: two where there is more than one."""
    planes = sum(group.spec.min_size or 1 for group in of_role(full.groups, Role.CONTROL_PLANE))
    return 2 if planes > 1 else 1
