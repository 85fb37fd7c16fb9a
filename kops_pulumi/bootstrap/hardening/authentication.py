"""Who may talk to the API server without a certificate: probes, joining machines, holders of OIDC tokens.

`--anonymous-auth=false` would also refuse the kubelet's probes and the first look of a joining machine at the cluster's
public facts, so anonymous requests are confined to those paths instead; all others get 401. The flags for OIDC cannot
stand beside such a document and become a part of it, just as the API server itself turns them into one
(https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kops_pulumi.bootstrap.node import ControlPlane, File, NodeConfig
from kops_pulumi.errors import Finding

PUBLIC_PATHS = (
    "/healthz",
    "/livez",
    "/readyz",
    "/api/v1/namespaces/kube-public/configmaps/cluster-info",
)
"""Health, and what kubeadm's discovery reads: the API's address and CA certificate, both public anyway."""
_V1 = 34
"""First minor whose AuthenticationConfiguration is v1; v1beta1 before."""


def configuration(node: NodeConfig, minor: int) -> dict[str, Any] | None:
    """The AuthenticationConfiguration; None when the manifest opens the API or brings a file that we cannot see."""
    plane = _plane(node)
    theirs = plane.api_server.get("authenticationConfigFile")
    if theirs:
        document = _document_at(node, str(theirs))
        return None if document is None else document | _anonymous(document, plane)
    if plane.api_server.get("anonymousAuth") and not plane.api_server.get("oidcIssuerURL"):
        return None
    base = {
        "apiVersion": f"apiserver.config.k8s.io/{'v1' if minor >= _V1 else 'v1beta1'}",
        "kind": "AuthenticationConfiguration",
    }
    oidc = {"jwt": [_oidc(node, plane.api_server)]} if plane.api_server.get("oidcIssuerURL") else {}
    return base | oidc | _anonymous(base, plane)


def findings(node: NodeConfig) -> Iterator[Finding]:
    """Files that we would have to see and cannot."""
    settings = _plane(node).api_server
    file = settings.get("authenticationConfigFile")
    if file and _document_at(node, str(file)) is None:
        yield _unseen("authenticationConfigFile", str(file), "anonymous access has to be confined in it")
    authority = settings.get("oidcCAFile")
    if authority and settings.get("oidcIssuerURL") and _content(node, str(authority)) is None:
        yield _unseen("oidcCAFile", str(authority), "its content becomes a part of the AuthenticationConfiguration")


def _unseen(key: str, path: str, why: str) -> Finding:
    message = f"{path} is not in fileAssets as text: {why}"
    return Finding(("spec", "kubeAPIServer", key), message, "put the file into spec.fileAssets, with its content")


def _plane(node: NodeConfig) -> ControlPlane:
    if node.control_plane is None:
        raise ValueError(f"machines of group {node.group} run no API server")
    return node.control_plane


def _anonymous(document: Mapping[str, Any], plane: ControlPlane) -> dict[str, Any]:
    """Confined, unless the user's own document says something about it, or the manifest opens the API."""
    if "anonymous" in document or plane.api_server.get("anonymousAuth"):
        return {}
    return {"anonymous": {"enabled": True, "conditions": [{"path": path} for path in PUBLIC_PATHS]}}


def _oidc(node: NodeConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The authenticator that the API server makes of its --oidc flags."""
    issuer, claim = str(settings["oidcIssuerURL"]), str(settings.get("oidcUsernameClaim") or "sub")
    prefix = settings.get("oidcUsernamePrefix")
    if prefix is None:  # so that no issuer can name somebody of another's; an address is unique by itself
        prefix = "" if claim == "email" else f"{issuer}#"
    authority = _content(node, str(settings["oidcCAFile"])) if settings.get("oidcCAFile") else None
    groups = settings.get("oidcGroupsClaim")
    rules = [_rule(str(text)) for text in settings.get("oidcRequiredClaim") or ()]
    return {
        "issuer": {
            "url": issuer,
            **({"certificateAuthority": authority} if authority else {}),
            "audiences": [str(settings.get("oidcClientID") or "")],
        },
        **({"claimValidationRules": rules} if rules else {}),
        "claimMappings": {
            "username": {"claim": claim, "prefix": "" if prefix == "-" else str(prefix)},
            **(
                {"groups": {"claim": str(groups), "prefix": str(settings.get("oidcGroupsPrefix") or "")}}
                if groups
                else {}
            ),
        },
    }


def _rule(text: str) -> dict[str, str]:
    claim, _, value = text.partition("=")
    return {"claim": claim, "requiredValue": value}


def _document_at(node: NodeConfig, path: str) -> dict[str, Any] | None:
    content = _content(node, path)
    try:
        document = yaml.safe_load(content) if content else None
    except yaml.YAMLError:
        return None
    return document if isinstance(document, dict) else None


def _content(node: NodeConfig, path: str) -> str | None:
    """The text of a file that the manifest brings."""
    file: File | None = next((file for file in node.files if file.path == path), None)
    try:
        return file.content.decode() if file else None
    except UnicodeDecodeError:
        return None
