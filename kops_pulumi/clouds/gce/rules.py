"""Findings that only Google Compute Engine can make (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kops_pulumi.clouds.gce.options import needs_hyperdisk
from kops_pulumi.errors import Finding, KeyPath, Severity

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

_IMAGE = re.compile(r"[a-z][\w.:-]*/[\w.-]+|(https://|projects/).+")


def findings(full: FullSpec) -> Iterator[Finding]:
    """All of them, with the document each is about."""
    document = f"Cluster/{full.cluster.metadata.name}"
    yield from (replace(finding, document=document) for finding in _cluster(full.cluster))
    for group in full.groups:
        name = f"InstanceGroup/{group.metadata.name}"
        yield from (replace(finding, document=name) for finding in _group(group, full.region))


def _cluster(cluster: Cluster) -> Iterator[Finding]:
    spec = cluster.spec
    if spec.network_cidr:
        yield Finding(
            ("spec", "networkCIDR"), "a GCE network has no range of its own", "remove it: subnets have ranges"
        )
    if not spec.project:
        yield Finding(("spec", "project"), "GCE needs the id of a project", "set spec.project")
    for index, subnet in enumerate(spec.subnets or ()):
        path: KeyPath = ("spec", "subnets", index)
        if not subnet.region:
            yield Finding((*path, "region"), f"subnet {subnet.name!r} names no region", "GCE subnets are regional")
        if subnet.zone:
            yield Finding((*path, "zone"), "a GCE subnet spans its whole region", "remove it; groups have spec.zones")
    yield from _places(cluster)
    yield from _accounts(cluster)


def _places(cluster: Cluster) -> Iterator[Finding]:
    spec = cluster.spec
    homes = [subnet for subnet in spec.subnets or () if subnet.type != "Utility"]
    if spec.networking and spec.networking.gce is not None and len(homes) != 1:
        hint = "keep one, besides utility subnets"
        yield Finding(("spec", "subnets"), "alias addresses (networking.gce) need exactly one subnet", hint)
    if (spec.network_id or "").count("/") > 1:
        hint = "write the network's name, or host-project/name for a shared VPC"
        yield Finding(("spec", "networkID"), f"{spec.network_id!r} is not a network", hint)
    balancer = spec.api.load_balancer if spec.api else None
    if balancer and balancer.ssl_policy:
        path: KeyPath = ("spec", "api", "loadBalancer", "sslPolicy")
        yield Finding(path, "load balancers on GCE pass TLS through", "remove it")


def _accounts(cluster: Cluster) -> Iterator[Finding]:
    options = cluster.spec.cloud_config
    if options and options.gce_use_startup_script:
        path: KeyPath = ("spec", "cloudConfig", "gceUseStartupScript")
        yield Finding(path, "machines are configured by cloud-init, not by a startup script", "use an image with it")
    if options and options.gce_service_account:
        path = ("spec", "cloudConfig", "gceServiceAccount")
        message = "all machines share one service account: nodes can do and read what control planes can"
        hint = "remove it: each role gets an account of its own, limited to what it needs"
        yield Finding(path, message, hint, Severity.WARNING)


def _group(group: InstanceGroup, region: str) -> Iterator[Finding]:
    spec = group.spec
    if not spec.zones:
        yield Finding(("spec", "zones"), "GCE groups name their zones", f"for example [{region or 'us-east1'}-b]")
    for index, zone in enumerate(spec.zones or ()):
        if region and not zone.startswith(f"{region}-"):
            yield Finding(("spec", "zones", index), f"zone {zone!r} is not in region {region!r} of the subnets")
    if spec.image and not _IMAGE.fullmatch(spec.image):
        yield Finding(("spec", "image"), f"{spec.image!r} is not a GCE image", "write project/image-name")
    if needs_hyperdisk(spec.machine_type or "") and not (spec.root_volume_type or "").startswith("hyperdisk"):
        message = f"machines of type {spec.machine_type} have no disks of type {spec.root_volume_type}"
        hint = "set rootVolumeType: hyperdisk-balanced"
        yield Finding(("spec", "rootVolumeType"), message, hint, Severity.WARNING)
    for index, item in enumerate(spec.guest_accelerators or ()):
        if not item.accelerator_type:
            path = ("spec", "guestAccelerators", index, "acceleratorType")
            yield Finding(path, "the accelerator has no type", "for example nvidia-l4")
    if spec.gcp_provisioning_model not in (None, "STANDARD", "SPOT"):
        hint = "use STANDARD or SPOT"
        yield Finding(("spec", "gcpProvisioningModel"), f"there is no model {spec.gcp_provisioning_model!r}", hint)
