"""Defaults of stores, identities and who may do what."""

from __future__ import annotations

from typing import Any

from kops_pulumi.resolve.defaults.facts import Facts
from kops_pulumi.resolve.fill import fill


def identity(spec: Any, facts: Facts) -> None:  # noqa: ARG001 - every section has this signature
    """Where secrets lie, and the machines' own rights: none that the manifest does not ask for."""
    if spec.config_base:
        base = spec.config_base.rstrip("/")
        fill(spec, {"secret_store": f"{base}/secrets", "key_store": f"{base}/pki"})
    fill(
        spec,
        {
            "channel": "stable",
            # `create cluster` writes true; a manifest without it never had the right, and a tool must not widen rights.
            "iam": {
                "legacy": False,
                "allow_container_registry": False,
                "use_service_account_external_permissions": False,
            },
        },
    )
    if spec.service_account_issuer_discovery is not None:
        fill(spec, {"service_account_issuer_discovery": {"enable_aws_oidc_provider": False}})
        # A set, written in the machines' own files: reordering it in the manifest must replace no machine.
        discovery = spec.service_account_issuer_discovery
        discovery.additional_audiences = sorted(set(discovery.additional_audiences or ())) or None
