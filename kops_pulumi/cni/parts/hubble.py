"""Certificates of Hubble, made by cert-manager: servers on every machine, and the relay that asks them.

https://docs.cilium.io/en/v1.18/observability/hubble/configuration/tls/#user-provided-certificates
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kops_pulumi.cni.parts.cilium import RELAY_SECRET, SERVER_SECRET
from kops_pulumi.cni.parts.objects import NAMESPACE, Object, thing
from kops_pulumi.model import Delivery, Manifest, Stage

_API = "cert-manager.io/v1"
_ROOT, _ISSUER = "hubble-ca", "hubble"


def certificates(cluster: str) -> Delivery:
    """An authority of Hubble's own, and the two certificates that it issues; `cluster` is the name in a mesh."""
    servers = f"*.{cluster.replace('.', '-')}.hubble-grpc.cilium.io"
    documents = (
        thing(_API, "Issuer", _ROOT, namespaced=True, spec={"selfSigned": {}}),
        _certificate(_ROOT, _ROOT, issuer=_ROOT, common_name="hubble-ca", isCA=True),
        thing(_API, "Issuer", _ISSUER, namespaced=True, spec={"ca": {"secretName": _ROOT}}),
        _certificate(SERVER_SECRET, SERVER_SECRET, names=[servers]),
        _certificate(RELAY_SECRET, RELAY_SECRET, names=["*.hubble-relay.cilium.io"]),
    )
    why = "networking.cilium.hubble"
    return Delivery("hubble-certificates", Stage.STANDARD, Manifest(documents), NAMESPACE, why, after=("cert-manager",))


def _certificate(
    name: str,
    secret: str,
    *,
    names: Iterable[str] = (),
    issuer: str = _ISSUER,
    common_name: str | None = None,
    **more: Any,
) -> Object:
    wanted = list(names)
    spec = {
        "secretName": secret,
        "commonName": common_name or wanted[0],
        **({"dnsNames": wanted} if wanted else {}),
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {"name": issuer, "kind": "Issuer"},
        **more,
    }
    return thing(_API, "Certificate", name, namespaced=True, spec=spec)
