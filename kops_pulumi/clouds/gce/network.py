"""The network of a cluster on GCE: VPC network, subnetworks, the router with its NAT; or the user's own.

Reads `plan.network` and decides nothing. A network or subnetwork that the manifest names is never made, changed or
looked up: its address follows from its name. In a shared VPC (`networkID: host-project/name`) what we make for the
network is made in the host project. Machines without public addresses reach Google's own services directly (private
Google access) and everything else by NAT.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/network/ and its neighbours subnetwork, router, routernat;
../dns/managedzone/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import compute, dns

from kops_pulumi.clouds.gce import names, zones
from kops_pulumi.clouds.gce.options import PODS_RANGE, SERVICES_RANGE
from kops_pulumi.components.handles import Handles, NetworkHandles
from kops_pulumi.model import ClusterPlan, Subnet, SubnetType
from kops_pulumi.plan.names import logical
from kops_pulumi.plan.network import PRIVATE_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping


class Network(pulumi.ComponentResource):
    """Everything packets need; `handles` has the ids by the plan's own names."""

    handles: NetworkHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:gce:Network", name, None, opts)
        del handles  # the first leaf: nothing is known yet
        self._name, self._plan = name, plan
        self._project = plan.options.network_project
        self._network_id = self._network()
        subnets = {subnet.name: self._subnet_id(subnet) for subnet in plan.network.subnets}
        if plan.network.nat_gateways:
            self._make_nat(subnets)
        if zones.own_zone(plan):
            self._make_zone()
        self.handles = NetworkHandles(self._network_id, subnets, ready=(self,))
        self.register_outputs({"networkId": self._network_id, "subnetIds": subnets})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _network(self) -> pulumi.Output[str]:
        existing = self._plan.network.existing_id
        if existing is not None:
            return pulumi.Output.from_input(f"{self._home()}/global/networks/{existing.rpartition('/')[2]}")
        made = compute.Network(
            logical(self._name, "network"),
            name=names.of_cluster(self._plan.name),
            auto_create_subnetworks=False,
            opts=self._child(),
        )
        return made.id

    def _home(self) -> str:
        """The project that the network is in."""
        return f"projects/{self._project or self._plan.options.project}"

    def _subnet_id(self, subnet: Subnet) -> pulumi.Output[str]:
        if subnet.existing_id is not None:
            return pulumi.Output.from_input(f"{self._home()}/regions/{subnet.region}/subnetworks/{subnet.existing_id}")
        made = compute.Subnetwork(
            logical(self._name, subnet.name),
            name=names.of_cluster(self._plan.name, subnet.name),
            project=self._project,
            network=self._network_id,
            region=subnet.region,
            ip_cidr_range=subnet.cidr,
            secondary_ip_ranges=self._alias_ranges(subnet),
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
            opts=self._child(),
        )
        return made.id

    def _alias_ranges(self, subnet: Subnet) -> list[compute.SubnetworkSecondaryIpRangeArgs] | None:
        """Ranges of pods and services beside the machines' own; utility subnets have no pods."""
        network = self._plan.network
        if not self._plan.options.alias_ranges or subnet.type is SubnetType.UTILITY:
            return None
        ranges = {PODS_RANGE: network.pod_cidr, SERVICES_RANGE: network.service_cidr}
        return [
            compute.SubnetworkSecondaryIpRangeArgs(range_name=name, ip_cidr_range=cidr) for name, cidr in ranges.items()
        ]

    def _make_nat(self, subnets: Mapping[str, pulumi.Output[str]]) -> None:
        """The way out of private subnets of ours."""
        physical = names.of_cluster(self._plan.name, "nat")
        router = compute.Router(
            logical(self._name, "nat"),
            name=physical,
            project=self._project,
            network=self._network_id,
            region=self._plan.region,
            opts=self._child(),
        )
        compute.RouterNat(
            logical(self._name, "nat"),
            name=physical,
            project=self._project,
            router=router.name,
            region=self._plan.region,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                compute.RouterNatSubnetworkArgs(name=subnets[subnet.name], source_ip_ranges_to_nats=["ALL_IP_RANGES"])
                for subnet in self._plan.network.subnets
                if subnet.type in PRIVATE_TYPES and not subnet.adopted
            ],
            opts=self._child(),
        )

    def _make_zone(self) -> None:
        """The cluster's own names, for its network alone."""
        dns.ManagedZone(
            logical(self._name, "zone"),
            name=names.of_cluster(self._plan.name),
            dns_name=f"{self._plan.name}.",
            description=f"Names of cluster {self._plan.name}",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=self._network_id)]
            ),
            opts=self._child(),
        )
