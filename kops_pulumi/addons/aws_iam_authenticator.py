"""AWS IAM authenticator: people log in to the API with their AWS identity; checking it needs no permission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class AwsIamAuthenticator(BuiltIn):
    """`spec.authentication.aws`."""

    name = "aws-iam-authenticator"
    clouds = frozenset({"aws"})

    def wanted(self, full: FullSpec) -> bool:
        """When the manifest has the section."""
        authentication = full.cluster.spec.authentication
        return authentication is not None and authentication.aws is not None


ADDON = AwsIamAuthenticator()
