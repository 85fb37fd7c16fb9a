"""How people reach the cluster: the API's endpoint and its load balancer."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.topology import LoadBalancerType
from kops_pulumi.spec.types import Address, Bool, Count

LoadBalancerClass = Literal["Network", "Classic"]


class DnsAccess(SpecModel):
    """The API by DNS records of the control-plane machines; no options."""


class AccessLog(SpecModel):
    """Where the API's load balancer writes its access log (AWS)."""

    bucket: str | None = opt("S3 bucket that receives the log.")
    bucket_prefix: str | None = opt("Prefix of the log's objects in the bucket.")
    interval: Count | None = opt(
        "Minutes between two log files of a classic load balancer.", dead="network load balancers write every 5 minutes"
    )


class LoadBalancerSubnet(SpecModel):
    """A subnet in which the API's load balancer listens."""

    name: str = req("Name of one of spec.subnets.")
    private_ipv4_address: Address | None = opt(
        "Fixed address of an internal network load balancer.", key="privateIPv4Address"
    )
    allocation_id: str | None = opt("Elastic IP (eipalloc-…) of a public network load balancer.")


class LoadBalancerAccess(SpecModel):
    """The API through a load balancer."""

    class_: LoadBalancerClass | None = opt("Network; Classic ones are refused since 1.37 (AWS).", key="class")
    type: LoadBalancerType | None = opt("Public or Internal.")
    idle_timeout_seconds: Count | None = opt(
        "Idle timeout in seconds of a classic load balancer.", dead="network load balancers have a fixed idle timeout"
    )
    security_group_override: str | None = opt("Existing security group to use instead of the API's own (AWS).")
    additional_security_groups: list[str] | None = opt("Existing security groups to attach as well (AWS).")
    use_for_internal_api: Bool | None = opt("Publish api.internal through the load balancer as well.")
    ssl_certificate: str | None = opt("ARN of an ACM certificate: TLS on 443, client certificates on 8443 (AWS).")
    ssl_policy: str | None = opt("TLS policy of the listener; needs sslCertificate (AWS).")
    cross_zone_load_balancing: Bool | None = opt("Spread connections over all zones (AWS).")
    subnets: list[LoadBalancerSubnet] | None = opt("Subnets to listen in; chosen by type when absent.")
    access_log: AccessLog | None = opt("Write an access log to S3 (AWS).")


class ApiAccess(SpecModel):
    """How the Kubernetes API is reached: by DNS or through a load balancer."""

    dns: DnsAccess | None = opt("Reach the API by DNS records of the control-plane machines.")
    load_balancer: LoadBalancerAccess | None = opt("Reach the API through a load balancer.")
