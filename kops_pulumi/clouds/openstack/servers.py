"""One server on OpenStack: image, flavor, port, metadata, user data.

Nova would rebuild a server for another image and resize it for another flavor, in place and without asking Kubernetes;
here every change of what a machine is made of replaces it, in its turn. Metadata changes in place. The machine's
credential is in it, marked secret, and reaches the machine on the config drive. A server that has to go is stopped
first, so that etcd can close its files.

https://www.pulumi.com/registry/packages/openstack/api-docs/compute/instance/
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_openstack import compute

from kops_pulumi.clouds.openstack import lookups, options
from kops_pulumi.components import late
from kops_pulumi.model import Group, PlannedMachine, UserData
from kops_pulumi.plan.machines import DIGEST

if TYPE_CHECKING:
    from kops_pulumi.components.handles import Handles

_REPLACED_FOR = ["flavorId", "flavorName", "imageId", "imageName"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is put."""

    machine: PlannedMachine
    port: pulumi.Output[str]
    server_group: pulumi.Output[str]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server refers to."""

    place: Place
    images: Images
    key_name: pulumi.Input[str] | None
    known: Handles


class Images:
    """Ids of images by what the manifest calls them, each looked up once."""

    def __init__(self, parent: pulumi.Resource) -> None:
        self._parent = parent
        self._found: dict[str, pulumi.Output[str]] = {}

    def id(self, text: str) -> pulumi.Output[str]:
        """An image's id."""
        if text not in self._found:
            self._found[text] = lookups.image(text, self._parent)
        return self._found[text]


def make(name: str, group: Group, parts: Parts, opts: pulumi.ResourceOptions) -> compute.Instance:
    """The server of a planned machine."""
    place = parts.place
    whole = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(replace_on_changes=_REPLACED_FOR))
    volume, flavor_is_id = group.options.boot_from_volume, lookups.is_id(group.machine_type)
    return compute.Instance(
        name,
        name=place.machine.name,
        image_name=None if volume or lookups.is_id(group.image) else group.image,
        image_id=group.image if lookups.is_id(group.image) and not volume else None,
        block_devices=[_boot_volume(group, parts.images)] if volume else None,
        flavor_id=group.machine_type if flavor_is_id else None,
        flavor_name=None if flavor_is_id else group.machine_type,
        availability_zone=place.machine.zone,
        networks=[compute.InstanceNetworkArgs(port=place.port)],
        scheduler_hints=[compute.InstanceSchedulerHintArgs(group=place.server_group)],
        key_pair=parts.key_name,
        config_drive=True,
        metadata=_metadata(group, parts.known),
        user_data=_user_data(group.user_data, parts.known),
        stop_before_destroy=True,
        opts=whole,
    )


def _boot_volume(group: Group, images: Images) -> compute.InstanceBlockDeviceArgs:
    """A root disk in Cinder, which goes with its server."""
    return compute.InstanceBlockDeviceArgs(
        source_type="image",
        destination_type="volume",
        uuid=images.id(group.image),
        volume_size=group.options.boot_volume_size or group.root_volume.size,
        volume_type=group.root_volume.type,
        boot_index=0,
        delete_on_termination=True,
    )


def _metadata(group: Group, known: Handles) -> Mapping[str, pulumi.Input[str]]:
    """The user's labels, kops's own, what fleets compare, and the machine's credential."""
    credentials = known.identity.credentials.get(group.name, {}) if known.identity else {}
    found = {**group.tags, **group.options.tags, DIGEST: options.digest_of(group)}
    return {**dict(sorted(found.items())), **credentials}


def _user_data(data: UserData | None, known: Handles) -> pulumi.Output[str] | None:
    """The plan's text with its late values; compressed where the group asks, with no time in it.

    Nova wants base64; the provider encodes what is not encoded yet.
    """
    if data is None:
        return None
    text = late.text(data.text, known)
    return text.apply(_packed) if data.compress else text


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()
