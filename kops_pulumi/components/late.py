"""The one place where values that only deployed resources can give are put in (decision 3).

The plan says `Late("api.endpoint")`, or has `@late(api.endpoint)@` inside a text; here the name is looked up in the
handles. Names: `<endpoint>.endpoint` (host name or address), `<endpoint>.vip` (the one that machines hold),
`network.id`, `subnet.<name>`, `volume.<etcd cluster>/<member>`, `address.<group>/<ordinal>`, `certificate.<key>` (the
public PEM), `leaf.<key>` (that of a leaf), `role.<namespace>/<service account>`, `group.<name>` (the cloud's own
group, as an autoscaler calls it), `queue.url` (of the cloud's announcements), `image.<group>` and
`root-device.<group>` of machines that something else starts. Add-ons know some more (`for_addons`). Private keys and
credentials have no name that user data could ask for (decision 7).
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from kops_pulumi.errors import KopsError
from kops_pulumi.model import Chart, Delivery, Late, Manifest

if TYPE_CHECKING:
    from kops_pulumi.components.handles import Handles
    from kops_pulumi.model import ClusterPlan

IPSEC_NUMBERS, IPSEC_BYTES = 15, 20
_MARK = re.compile(r"@late\(([^()\s]+)\)@")


def known(handles: Handles) -> Mapping[str, pulumi.Output[str]]:
    """Every late value that the handles have so far, by name."""
    values: dict[str, pulumi.Output[str]] = {}
    if handles.network:
        values["network.id"] = handles.network.network_id
        values |= {f"subnet.{name}": id_ for name, id_ in handles.network.subnet_ids.items()}
    if handles.identity:
        values |= {f"role.{key}": role for key, role in handles.identity.service_account_roles.items()}
    if handles.pki:
        values |= {f"certificate.{key}": pem for key, pem in handles.pki.certificates.items()}
    if handles.leaves:
        values |= {f"leaf.{key}": pem for key, pem in handles.leaves.certificates.items()}
    if handles.endpoints:
        values |= {f"{name}.endpoint": address for name, address in handles.endpoints.addresses.items()}
        values |= {f"{name}.vip": address for name, address in handles.endpoints.held.items()}
    if handles.instances:
        values |= {f"group.{name}": id_ for name, id_ in handles.instances.scaling_groups.items()}
        values |= {f"volume.{key}": id_ for key, id_ in handles.instances.volume_ids.items()}
        values |= {f"address.{key}": address for key, address in handles.instances.addresses.items()}
        values |= {f"{name}.endpoint": address for name, address in handles.instances.endpoints.items()}
        values |= {f"image.{name}": id_ for name, id_ in handles.instances.image_ids.items()}
        values |= {f"root-device.{name}": device for name, device in handles.instances.root_devices.items()}
        values |= {"queue.url": handles.instances.queue_url} if handles.instances.queue_url is not None else {}
    return values


def for_addons(plan: ClusterPlan, handles: Handles) -> Mapping[str, pulumi.Output[str]]:
    """What add-ons may ask for: everything, `user-data.<group>` of machines that something else starts, and what is
    `confidential`.
    """
    own = [group for group in plan.groups if not group.managed and group.user_data is not None]
    further = {f"user-data.{group.name}": text(group.user_data.text, handles) for group in own if group.user_data}
    return {**known(handles), **further, **confidential(handles, wanted(plan.deliveries))}


def confidential(handles: Handles, asked: Collection[str]) -> Mapping[str, pulumi.Output[str]]:
    """What Secrets in the cluster may be made of, by name: `private-key.<leaf>`, `ipsec-key.<keyset>`, the files with
    credentials (`cloud-config`, `csi-config`), and what the user gave (`secret.<name>`). What has to be computed is
    there only when it is asked for.
    """
    values = {f"secret.{name}": secret for name, secret in handles.secrets.items()}
    if handles.identity and handles.identity.cloud_config is not None:
        values["cloud-config"] = handles.identity.cloud_config
    if handles.identity and handles.identity.csi_config is not None:
        values["csi-config"] = handles.identity.csi_config
    if handles.leaves:
        values |= {f"private-key.{key}": pem for key, pem in handles.leaves.private_keys.items()}
    for key, generations in (handles.pki.secret_keys if handles.pki else {}).items():
        if f"ipsec-key.{key}" not in asked:
            continue
        number, content = next(iter(generations.items()))
        values[f"ipsec-key.{key}"] = pulumi.Output.secret(content.apply(functools.partial(ipsec_key, number)))
    return values


def is_confidential(name: str) -> bool:
    """Whether a late value of that name is secret."""
    return name in {"cloud-config", "csi-config"} or name.startswith(("private-key.", "ipsec-key.", "secret."))


def ipsec_key(generation: str, content: str) -> str:
    """A key as Cilium reads it: a number that changes with the key, algorithm, 20 bytes (key and salt), tag's bits.

    https://docs.cilium.io/en/v1.18/security/network/encryption-ipsec/#generate-import-the-psk
    """
    number = (int(generation) - 1) % IPSEC_NUMBERS + 1
    return f"{number}+ rfc4106(gcm(aes)) {base64.b64decode(content)[:IPSEC_BYTES].hex()} 128"


def value(late: Late, handles: Handles) -> pulumi.Output[str]:
    """The value of one name; KopsError when nothing deployed has it."""
    return _among(known(handles), late.name)


def names(data: Any) -> frozenset[str]:
    """Every late value that plain data asks for, at any depth."""
    match data:
        case Late(name):
            return frozenset({name})
        case str():
            return frozenset(_MARK.findall(data))
        case Mapping():
            return frozenset().union(*map(names, data.values()))
        case list() | tuple():
            return frozenset().union(*map(names, data))
    return frozenset()


def wanted(deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """Names of the late values that deliveries ask for, sorted."""
    sources = [delivery.source for delivery in deliveries]
    data = [s.values if isinstance(s, Chart) else s.documents for s in sources if isinstance(s, Chart | Manifest)]
    return tuple(sorted(names(data)))


def filled(data: Any, values: Mapping[str, pulumi.Output[Any]]) -> Any:
    """Plain data with its late values put in: an Output in each place that has one, everything else as it was."""
    match data:
        case Late(name):
            return _among(values, name)
        case str() if found := sorted(set(_MARK.findall(data))):
            outputs = pulumi.Output.all(**{name: _among(values, name) for name in found})
            return outputs.apply(lambda known: _MARK.sub(lambda mark: str(known[mark[1]]), data))
        case Mapping():
            return {key: filled(item, values) for key, item in data.items()}
        case list() | tuple():
            return [filled(item, values) for item in data]
    return data


def _among(values: Mapping[str, pulumi.Output[Any]], name: str) -> pulumi.Output[Any]:
    if name not in values:
        raise KopsError(f"no deployed resource gives {name!r}", hint=f"known: {', '.join(sorted(values)) or 'nothing'}")
    return values[name]


def text(template: str, handles: Handles) -> pulumi.Output[str]:
    """A text with its late values put in; a text without any is known at once, in a preview too."""
    names = sorted(set(_MARK.findall(template)))
    if not names:
        return pulumi.Output.from_input(template)
    values = pulumi.Output.all(**{name: value(Late(name), handles) for name in names})
    return values.apply(lambda found: _MARK.sub(lambda mark: str(found[mark[1]]), template))
