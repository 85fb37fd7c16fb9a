"""Machines whose pods stand behind a bridge or a veth pair of the CNI project, with routes kept by somebody else.

containerd fills the template in once the machine's range of pods is known; a unit lets pods out into the world under
their machine's address. https://github.com/containerd/containerd/blob/main/docs/cri/config.md#cni-config-template
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_RANGES = '[{{range $i, $range := .PodCIDRRanges}}{{if $i}}, {{end}}[{"subnet": "{{$range}}"}]{{end}}]'
_ROUTES = '[{{range $i, $route := .Routes}}{{if $i}}, {{end}}{"dst": "{{$route}}"}{{end}}]'
_CHAIN = "KOPS-MASQUERADE"
MASQUERADE_UNIT = "kops-pulumi-masquerade.service"


def template(plugin: str, **options: Any) -> str:
    """A CNI configuration list: the plug-in, addresses of the machine's range, ports of the host."""
    first = {"type": plugin, **options, "ipam": {"type": "host-local", "ranges": "@ranges@", "routes": "@routes@"}}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    text = json.dumps({"cniVersion": "1.0.0", "name": "kops-pulumi", "plugins": [first, ports]}, indent=2)
    return text.replace('"@ranges@"', _RANGES).replace('"@routes@"', _ROUTES) + "\n"


def masquerade(direct: Iterable[str | None]) -> dict[str, str]:
    """The unit that gives traffic of pods to anywhere but `direct` its machine's address. Runs again unharmed."""
    ranges = sorted({cidr for cidr in direct if cidr})
    run = "/usr/sbin/iptables --wait --table nat"
    commands = [
        f"-{run} --new-chain {_CHAIN}",
        f"{run} --flush {_CHAIN}",
        *(f"{run} --append {_CHAIN} --destination {cidr} --jump RETURN" for cidr in ranges),
        f"{run} --append {_CHAIN} --jump MASQUERADE",
        f"-{run} --delete POSTROUTING --match addrtype ! --dst-type LOCAL --jump {_CHAIN}",
        f"{run} --append POSTROUTING --match addrtype ! --dst-type LOCAL --jump {_CHAIN}",
    ]
    starts = "".join(f"ExecStart={command}\n" for command in commands)
    unit = "[Unit]\nDescription=Masquerade what pods send out of the cluster\nBefore=kubelet.service\n"
    service = f"[Service]\nType=oneshot\nRemainAfterExit=yes\n{starts}"
    return {MASQUERADE_UNIT: f"{unit}\n{service}\n[Install]\nWantedBy=multi-user.target\n"}
