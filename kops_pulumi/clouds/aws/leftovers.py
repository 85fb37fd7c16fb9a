"""What controllers inside a cluster leave on AWS: machines, load balancers, interfaces, volumes, groups (no pulumi).

All are found by the tag `kubernetes.io/cluster/<name>: owned`, which the cloud controller manager, the EBS CSI driver,
the load balancer controller and Karpenter set; interfaces of the VPC network plug-in by a tag of its own.

https://cloud-provider-aws.sigs.k8s.io/prerequisites/ and the reference of EC2, ELB and ELBv2, by the name of each call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from kops_pulumi.clouds.aws.fleet import Calls, translated
from kops_pulumi.model.leftovers import Leftover

_AT_ONCE: Final = 20
"""How many load balancers one call describes the tags of."""
_INTERFACE_TAG: Final = "cluster.k8s.amazonaws.com/name"
_GONE: Final = ("NotFound", "DependencyViolation", "InUse", "ResourceInUse", "IncorrectState")
"""Ends and beginnings of error codes that mean: gone already, or not yet."""


def connect(cluster: str, region: str, settings: Mapping[str, Any]) -> AwsLeftovers:
    """For a cluster in a region; `settings` are those of the Pulumi provider."""
    return AwsLeftovers(cluster, Calls(region, settings))


class AwsLeftovers:
    """`model.leftovers.Leftovers` by boto3."""

    def __init__(self, cluster: str, calls: Calls) -> None:
        self._cluster, self._calls = cluster, calls
        self._tag = f"kubernetes.io/cluster/{cluster}"

    def find(self, known: Collection[str]) -> Sequence[Leftover]:
        """Machines first, then what sends traffic to them, then what these leave, groups last."""
        with translated():
            found = [
                *self._machines(),
                *self._balancers(),
                *self._classic_balancers(),
                *self._target_groups(),
                *self._interfaces(),
                *self._volumes(),
                *self._security_groups(),
            ]
        return tuple(item for item in found if item.id not in known)

    def remove(self, leftover: Leftover) -> None:
        """One call, by the kind."""
        ec2, balancers = self._calls.ec2, self._calls.balancers
        remove = {
            "machine": lambda id_: ec2.terminate_instances(InstanceIds=[id_]),
            "load balancer": lambda id_: balancers.delete_load_balancer(LoadBalancerArn=id_),
            "classic load balancer": lambda id_: self._calls.classic.delete_load_balancer(LoadBalancerName=id_),
            "target group": lambda id_: balancers.delete_target_group(TargetGroupArn=id_),
            "network interface": lambda id_: ec2.delete_network_interface(NetworkInterfaceId=id_),
            "volume": lambda id_: ec2.delete_volume(VolumeId=id_),
            "security group": self._remove_group,
        }[leftover.kind]
        self._tolerant(remove, leftover.id)

    def _tolerant(self, call: Any, id_: str) -> None:
        from botocore.exceptions import ClientError

        with translated():
            try:
                call(id_)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code"))
                if not any(word in code for word in _GONE):
                    raise

    def _remove_group(self, id_: str) -> None:
        """Rules of others that name the group hold it: they go with it."""
        ec2 = self._calls.ec2
        filters = [{"Name": "ip-permission.group-id", "Values": [id_]}]
        for other in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]:
            naming = [p for p in other["IpPermissions"] if any(g["GroupId"] == id_ for g in p["UserIdGroupPairs"])]
            only = [{**p, "UserIdGroupPairs": [{"GroupId": id_}], "IpRanges": [], "Ipv6Ranges": []} for p in naming]
            if only:
                ec2.revoke_security_group_ingress(GroupId=other["GroupId"], IpPermissions=only)
        ec2.delete_security_group(GroupId=id_)

    def _machines(self) -> Iterator[Leftover]:
        states = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
        pages = self._calls.ec2.get_paginator("describe_instances").paginate(Filters=[*self._owned(), states])
        for page in pages:
            for reservation in page["Reservations"]:
                for item in reservation["Instances"]:
                    # Machines of a group go with the group, which is the stack's.
                    if not _tags(item).get("aws:autoscaling:groupName"):
                        yield Leftover("machine", item["InstanceId"], _tags(item).get("Name", ""))

    def _balancers(self) -> Iterator[Leftover]:
        pages = self._calls.balancers.get_paginator("describe_load_balancers").paginate()
        names = {item["LoadBalancerArn"]: item["LoadBalancerName"] for page in pages for item in page["LoadBalancers"]}
        for arn in self._tagged(list(names)):
            yield Leftover("load balancer", arn, names[arn])

    def _target_groups(self) -> Iterator[Leftover]:
        pages = self._calls.balancers.get_paginator("describe_target_groups").paginate()
        names = {item["TargetGroupArn"]: item["TargetGroupName"] for page in pages for item in page["TargetGroups"]}
        for arn in self._tagged(list(names)):
            yield Leftover("target group", arn, names[arn])

    def _tagged(self, arns: Sequence[str]) -> Iterator[str]:
        for start in range(0, len(arns), _AT_ONCE):
            some = list(arns[start : start + _AT_ONCE])
            for item in self._calls.balancers.describe_tags(ResourceArns=some)["TagDescriptions"]:
                if _tags(item).get(self._tag) == "owned":
                    yield item["ResourceArn"]

    def _classic_balancers(self) -> Iterator[Leftover]:
        classic = self._calls.classic
        pages = classic.get_paginator("describe_load_balancers").paginate()
        names = [item["LoadBalancerName"] for page in pages for item in page["LoadBalancerDescriptions"]]
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            for item in classic.describe_tags(LoadBalancerNames=some)["TagDescriptions"]:
                if _tags(item).get(self._tag) == "owned":
                    yield Leftover("classic load balancer", item["LoadBalancerName"], item["LoadBalancerName"])

    def _interfaces(self) -> Iterator[Leftover]:
        """Those that are attached to nothing: others go with what they are attached to."""
        free = {"Name": "status", "Values": ["available"]}
        plugin = [{"Name": f"tag:{_INTERFACE_TAG}", "Values": [self._cluster]}]
        seen = set[str]()
        for mark in (self._owned(), plugin):
            pages = self._calls.ec2.get_paginator("describe_network_interfaces").paginate(Filters=[*mark, free])
            for page in pages:
                for item in page["NetworkInterfaces"]:
                    if item["NetworkInterfaceId"] not in seen:
                        seen.add(item["NetworkInterfaceId"])
                        yield Leftover("network interface", item["NetworkInterfaceId"], item.get("Description", ""))

    def _volumes(self) -> Iterator[Leftover]:
        pages = self._calls.ec2.get_paginator("describe_volumes").paginate(Filters=self._owned())
        for page in pages:
            for item in page["Volumes"]:
                tags = _tags(item)
                # A machine's own disks go with it.
                if not any(attached.get("DeleteOnTermination") for attached in item.get("Attachments", ())):
                    name = tags.get("kubernetes.io/created-for/pvc/name") or tags.get("Name", "")
                    yield Leftover("volume", item["VolumeId"], name, holds_data=True)

    def _security_groups(self) -> Iterator[Leftover]:
        pages = self._calls.ec2.get_paginator("describe_security_groups").paginate(Filters=self._owned())
        for page in pages:
            for item in page["SecurityGroups"]:
                yield Leftover("security group", item["GroupId"], item["GroupName"])

    def _owned(self) -> list[dict[str, Any]]:
        return [{"Name": f"tag:{self._tag}", "Values": ["owned"]}]


def empty(bucket: str, region: str, settings: Mapping[str, Any]) -> int:
    """Delete every version of every object of a bucket; returns how many there were. A bucket that is gone has none."""
    from botocore.exceptions import ClientError

    s3 = Calls(region, settings).s3
    count = 0
    with translated():
        try:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                doomed = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
                if doomed:
                    s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
                    count += len(doomed)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchBucket":
                raise
    return count


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    key = "TagSet" if "TagSet" in item else "Tags"
    return {tag["Key"]: tag["Value"] for tag in item.get(key) or ()}
