"""What a machine is brought by its own configuration (`extra_config`): cloud-init's part and the store's objects. Pure.

cloud-init reads `guestinfo.metadata` (name, network) and `guestinfo.userdata`, both gzip+base64:
https://docs.cloud-init.io/en/latest/reference/datasources/vmware.html. Each object that elsewhere lies in the store is
a key of its own, in as many parts as it needs; `identity-vsphere.sh` reads them (docs/adr/0022).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kops_pulumi.clouds.vsphere.options import VsphereGroup

PART = 32 * 1024
"""Characters of base64 in one value. An answer of VMware Tools holds 64 KiB: GUESTMSG_MAX_IN_SIZE of
https://github.com/vmware/open-vm-tools (guest_msg_def.h)."""
OBJECTS = "guestinfo.kops."
NAME = f"{OBJECTS}name"
METADATA = "guestinfo.metadata"
USER_DATA = "guestinfo.userdata"
ENCODING = "gzip+base64"
_ANYWHERE = "0.0.0.0/0"


def first(name: str, options: VsphereGroup, ordinal: int) -> dict[str, str]:
    """What cloud-init is told before user data, and the machine's name."""
    return {NAME: name, METADATA: packed(metadata(name, options, ordinal)), f"{METADATA}.encoding": ENCODING}


def metadata(name: str, options: VsphereGroup, ordinal: int) -> str:
    """Name and network, as JSON (which is YAML); the machine's one interface has any name."""
    known = ordinal <= len(options.addresses)
    network = {"version": 2, "ethernets": {"primary": _interface(options, ordinal if known else None)}}
    wait = {} if known else {"wait-on-network": {"ipv4": True}}
    return json.dumps({"instance-id": name, "local-hostname": name, "network": network, **wait}, sort_keys=True)


def parts(path: str, content: bytes) -> dict[str, str]:
    """The keys of one object: `<key>.1`, `<key>.2`, …, each says how many there are.

    >>> parts("join/machines", b"a")
    {'guestinfo.kops.join.machines.1': '1:YQ=='}
    """
    text = base64.b64encode(content).decode()
    pieces = [text[start : start + PART] for start in range(0, len(text), PART)] or [""]
    key = f"{OBJECTS}{path.replace('/', '.')}"
    return {f"{key}.{number}": f"{len(pieces)}:{piece}" for number, piece in enumerate(pieces, 1)}


def _interface(options: VsphereGroup, ordinal: int | None) -> dict[str, Any]:
    match = {"match": {"name": "e*"}}
    if ordinal is None:
        return {**match, "dhcp4": True}
    names: Mapping[str, list[str]] = {"addresses": list(options.dns_servers), "search": list(options.dns_search)}
    return {
        **match,
        "dhcp4": False,
        "addresses": [f"{options.addresses[ordinal - 1]}/{options.prefix}"],
        "routes": [{"to": _ANYWHERE, "via": options.gateway}],
        "nameservers": {key: value for key, value in names.items() if value},
    }


def packed(text: str) -> str:
    """As `ENCODING` says, the same for the same text."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
