"""AWS, the pure side: what it can do, its limits, its dated defaults, and the options and rules that only it has.

`CLOUD` is what the pure stages get. The Pulumi side is in the modules beside this one (network, firewall, identity,
endpoints, instances), imported through `clouds.leaf` only. This module must not import pulumi.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kops_pulumi.clouds.aws import options, partitions, rules
from kops_pulumi.model import Role
from kops_pulumi.plugins import Capabilities, CloudDefaults, CredentialProvider, Machines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kops_pulumi.errors import Finding
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
"""The region at the beginning of a zone: `us-west-2` of `us-west-2b`, of `us-west-2-lax-1a` and of
`us-west-2-wl1-sea-wlz-1`.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
"""

_LIMITS: Mapping[str, int] = {
    "load-balancer": 32,
    "role": 64,
    "instance-profile": 128,
    "policy": 128,
    "event-rule": 64,
    "queue": 80,
    "group": 128,  # its launch template has the same name
    "launch-template": 128,
    "key-pair": 255,
    "security-group": 255,
    "tag": 255,
}
"""Characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, elbv2 CreateLoadBalancer,
EventBridge PutRule, SQS CreateQueue, EC2 CreateLaunchTemplate and CreateSecurityGroup."""

_DEFAULTS: tuple[tuple[str, CloudDefaults], ...] = (
    (
        "2026-11-01",
        CloudDefaults(
            network_cidr="172.20.0.0/16",
            machine_types={
                Role.CONTROL_PLANE: "t3.medium",
                Role.API_SERVER: "t3.medium",
                Role.NODE: "t3.medium",
                Role.BASTION: "t3.micro",
            },
            root_volume_sizes={Role.CONTROL_PLANE: 64, Role.API_SERVER: 128, Role.NODE: 128, Role.BASTION: 32},
            root_volume_type="gp3",
            root_volume_iops=3000,
            root_volume_throughput=125,
            etcd_volume_type="gp3",
            etcd_volume_size=20,
            etcd_volume_iops=3000,
            etcd_volume_throughput=125,
            volume_iops={"io1": 100, "io2": 100},  # what kops takes, and the least that EBS takes
            image="099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20261003",
            cluster={
                # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/releases
                "cloud_config": {"aws_ebs_csi_driver": {"enabled": True, "managed": True, "version": "v1.58.0"}},
            },
            # Session tokens only, and no answer beyond the machine itself, so that pods cannot take its role:
            # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
            group={"instance_metadata": {"http_tokens": "required", "http_put_response_hop_limit": 1}},
        ),
    ),
)
"""By the first day they are in force. Canonical's account and image names: https://documentation.ubuntu.com/aws/."""

_MACHINES = Machines(
    # https://cloud-provider-aws.sigs.k8s.io/prerequisites/#node-names
    node_name="instance-id",
    publishes_names=True,
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html
    time_servers=("169.254.169.123",),
    # A machine's address may be another's before long: https://github.com/kubernetes/kubernetes/issues/23395.
    sysctls={"net.ipv4.neigh.default.gc_thresh1": "0"},
    # https://github.com/kubernetes/cloud-provider-aws/tree/master/cmd/ecr-credential-provider
    credential_provider=CredentialProvider(
        name="ecr-credential-provider",
        version="1.29.0",
        url="https://artifacts.k8s.io/binaries/cloud-provider-aws/v{version}/linux/{arch}/"
        "ecr-credential-provider-linux-{arch}",
        images=(
            "*.dkr.ecr.*.amazonaws.com",
            "*.dkr.ecr.*.amazonaws.com.cn",
            "*.dkr.ecr-fips.*.amazonaws.com",
        ),
        api_version="credentialprovider.kubelet.k8s.io/v1",
    ),
)


@dataclass(frozen=True, slots=True)
class Aws:
    """Amazon Web Services."""

    name: str = "aws"
    store_scheme: str | None = "s3"
    capabilities: Capabilities = Capabilities(  # noqa: RUF009 - a frozen value
        load_balancer=True,
        groups=True,
        security_groups=True,
        instance_identity=True,
        service_account_identity=True,
        managed_dns=True,
        private_dns=True,
        object_store=True,
        zonal_subnets=True,
        ipv6=True,
        network_cidr=True,
        user_data_limit=16 * 1024,
        termination_events=True,
        bastion_balancer=True,
        machines=_MACHINES,
    )

    @property
    def name_limits(self) -> Mapping[str, int]:
        """Longest physical names, in characters."""
        return _LIMITS

    def defaults(self, version: str) -> CloudDefaults:
        """The newest row that was in force on that day; the oldest for days before all rows."""
        in_force = [row for since, row in _DEFAULTS if since <= version]
        return in_force[-1] if in_force else _DEFAULTS[0][1]

    def region(self, cluster: Cluster) -> str:
        """The region of the first subnet that names a zone; empty when none does (validation reports that)."""
        zones = (subnet.zone or "" for subnet in cluster.spec.subnets or ())
        return next((match[0] for zone in zones if (match := REGION.match(zone))), "")

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only AWS can make."""
        return rules.findings(full)

    def cluster_options(self, full: FullSpec) -> options.AwsCluster:
        """The cluster's AWS options."""
        return options.cluster_options(full)

    def group_options(self, full: FullSpec, group: InstanceGroup) -> options.AwsGroup:
        """A group's AWS options."""
        return options.group_options(full, group)

    def external_api(self, cluster: Cluster) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never: groups join load balancers of the user's own beside ours."""
        return False

    def issuer_url(self, discovery_store: str, region: str = "") -> str:
        """The public URL of a discovery store; an S3 bucket is taken to be in `region`, else in us-east-1.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
        """
        store = urlsplit(discovery_store)
        _, domain = partitions.name_and_domain(region)
        host = ".".join(filter(None, (store.netloc, "s3", region, domain))) if store.scheme == "s3" else store.netloc
        return "/".join(filter(None, (f"https://{host}", store.path.strip("/"))))


CLOUD = Aws()
