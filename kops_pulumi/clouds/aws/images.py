"""Machine images on AWS: from what the manifest says to an id and the name of the root device.

The manifest says `ami-…`, `owner/name` (an account number or a well-known alias) or `ssm:/parameter`. The root disk
can only be sized under the device name that the image has, so every image is looked up, also one that is given by id
(kops does the same). The look-up is of one exact, owned image: it cannot float, and somebody else's image of the same
name does not match.

https://www.pulumi.com/registry/packages/aws/api-docs/ec2/getami/ and ../ssm/getparameter/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pulumi
from pulumi_aws import ec2, ssm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWNERS: Mapping[str, str] = {
    "amazon": "137112412989",
    "amazon.com": "137112412989",
    "debian10": "136693071363",
    "debian11": "136693071363",
    "debian12": "136693071363",
    "debian13": "136693071363",
    "flatcar": "075585003325",
    "redhat": "309956199498",
    "redhat.com": "309956199498",
    "rocky": "792107900819",
    "ubuntu": "099720109477",
}
"""Accounts behind the aliases that kops knows (https://kops.sigs.k8s.io/operations/images/)."""
_CANONICAL_PREFIX = "ubuntu/images/"
"""Canonical's names begin with this themselves, so there the alias is part of the name."""


_Filters: TypeAlias = "pulumi.Output[Sequence[ec2.GetAmiFilterArgs]]"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that machines start from."""

    id: pulumi.Output[str]
    root_device: pulumi.Output[str]


def find(text: str, parent: pulumi.Resource) -> Image:
    """The image that a manifest names; the look-ups are invokes under `parent`."""
    opts = pulumi.InvokeOptions(parent=parent)
    if text.startswith("ssm:"):
        parameter = ssm.get_parameter_output(name=text.removeprefix("ssm:"), opts=opts)
        return _image(_by("image-id", parameter.value), None, opts)
    if text.startswith("ami-"):
        return _image(_by("image-id", text), None, opts)
    owner, name = owner_and_name(text)
    return _image(_by("name", name), owner, opts)


def owner_and_name(text: str) -> tuple[str, str]:
    """The account and the exact name of an `owner/name` image.

    >>> owner_and_name("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260904")[0]
    '099720109477'
    >>> owner_and_name("flatcar/Flatcar-stable-4230.2.3-hvm")
    ('075585003325', 'Flatcar-stable-4230.2.3-hvm')
    """
    owner, _, name = text.partition("/")
    return OWNERS.get(owner, owner), text if text.startswith(_CANONICAL_PREFIX) else name


def _by(field: str, value: pulumi.Input[str]) -> _Filters:
    return pulumi.Output.from_input(value).apply(lambda text: [ec2.GetAmiFilterArgs(name=field, values=[text])])


def _image(filters: _Filters, owner: str | None, opts: pulumi.InvokeOptions) -> Image:
    """Images are marked deprecated after two years and still start; a pinned one must not vanish then."""
    found = ec2.get_ami_output(
        filters=filters, owners=[owner] if owner else None, include_deprecated=True, most_recent=True, opts=opts
    )
    return Image(found.id, found.root_device_name)
