"""Who may do what: cloud permissions, service-account identities, authentication and authorization of the API."""

from typing import Any

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.types import Arn, Bool, Count, Quantity


class AwsPermissions(SpecModel):
    """AWS permissions of one service account: managed policies, or one inline policy."""

    policy_arns: list[Arn] | None = opt("Managed policies to attach.", key="policyARNs")
    inline_policy: str | None = opt("JSON array of IAM statements.")


class ServiceAccountPermission(SpecModel):
    """A cloud role for a Kubernetes service account."""

    name: str = req("Name of the service account.")
    namespace: str = req("Its namespace; a * matches any text.")
    aws: AwsPermissions | None = opt("What the role may do on AWS.")


class Iam(SpecModel):
    """Cloud permissions of machines and add-ons."""

    legacy: Bool | None = opt("Wide permissions of the first releases.", dead="permissions are always strict")
    allow_container_registry: Bool | None = opt("Let machines pull from the cloud's own container registry.")
    permissions_boundary: Arn | None = opt("Permissions boundary of every role made for the cluster (AWS).")
    use_service_account_external_permissions: Bool | None = opt(
        "Give built-in add-ons their own roles instead of the machine's; needs serviceAccountIssuerDiscovery (AWS)."
    )
    service_account_external_permissions: list[ServiceAccountPermission] | None = opt(
        "Cloud roles for service accounts of your own (AWS)."
    )


class DiscoveryService(SpecModel):
    """An experimental discovery server."""

    url: str | None = opt("Address of the server.")


class ServiceAccountIssuerDiscovery(SpecModel):
    """Publication of the service-account issuer, so that others can verify the cluster's tokens."""

    discovery_store: str | None = opt("Object-store path that receives the OpenID documents; its URL is the issuer.")
    discovery_service: DiscoveryService | None = opt("Discovery server to use instead of a store (experimental).")
    enable_aws_oidc_provider: Bool | None = opt(
        "Register the issuer as an IAM OIDC provider (AWS).", key="enableAWSOIDCProvider"
    )
    additional_audiences: list[str] | None = opt("Further audiences of service-account tokens.")


class PodIdentityWebhook(SpecModel):
    """The webhook that hands service-account roles to pods (AWS)."""

    enabled: Bool | None = opt("Install it; needs cert-manager.")
    replicas: Count | None = opt("Number of replicas; 2 by default.")


class IdentityMapping(SpecModel):
    """An IAM identity's user and groups in Kubernetes."""

    arn: str | None = opt("ARN of the IAM user or role.")
    username: str | None = opt("Kubernetes user.")
    groups: list[str] | None = opt("Kubernetes groups.")


class AwsAuthentication(SpecModel):
    """AWS IAM Authenticator."""

    image: str | None = opt("Container image to use instead of the default.")
    backend_mode: str | None = opt("Where mappings come from: CRD, MountedFile, EKSConfigMap; comma list.")
    cluster_id: str | None = opt("Identifier in the tokens; the cluster's name by default.", key="clusterID")
    identity_mappings: list[IdentityMapping] | None = opt("Mappings to create; only with backend mode CRD.")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    memory_limit: Quantity | None = opt("Memory limit of the pod.")
    cpu_limit: Quantity | None = opt("CPU limit of the pod.")


class KopeioAuthentication(SpecModel):
    """The kopeio authenticator; no options."""


class Authentication(SpecModel):
    """Extra ways to authenticate to the API."""

    kopeio: KopeioAuthentication | None = opt("Historic kopeio authenticator.")
    aws: AwsAuthentication | None = opt("AWS IAM Authenticator.")


class AlwaysAllow(SpecModel):
    """Every request is allowed; no options."""


class Rbac(SpecModel):
    """Role-based access control; no options."""


class Authorization(SpecModel):
    """How the API decides what a caller may do: one of the two."""

    always_allow: AlwaysAllow | None = opt("Allow everything; never for production.")
    rbac: Rbac | None = opt("Role-based access control, the default.")


class NodeAuthorization(SpecModel):
    """The node-authorizer of old releases."""

    node_authorizer: Any = opt("Its options.", dead="nodes are authorized by their instance identity")
