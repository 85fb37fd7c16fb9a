"""Write the catalogue of EC2 instance types that `toolbox instance-selector` ships.

    python tools/instance_types.py > kops_pulumi/clouds/aws/data/instance_types.tsv

The facts are those of EC2's DescribeInstanceTypes, as moto (a development dependency) keeps them. Only what can be a
node is taken: machines on the Nitro hypervisor, of the two architectures that Kubernetes runs on.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

COLUMNS = ("type", "arch", "vcpus", "memory", "gpus", "gpuMemory", "interfaces", "burst", "ena", "usage", "placement")
ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


def rows() -> list[tuple[object, ...]]:
    """One row a type, sorted by name."""
    import moto

    path = Path(moto.__file__).parent / "ec2" / "resources" / "instance_types.json.gz"
    types: dict[str, dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))
    found: list[tuple[object, ...]] = []
    for name, facts in sorted(types.items()):
        arch = [ARCHITECTURES[a] for a in facts["ProcessorInfo"]["SupportedArchitectures"] if a in ARCHITECTURES]
        if not arch or facts["BareMetal"] or facts.get("Hypervisor") != "nitro" or name.startswith("mac"):
            continue
        gpus = facts.get("GpuInfo") or {}
        found.append(
            (
                name,
                arch[0],
                facts["VCpuInfo"]["DefaultVCpus"],
                facts["MemoryInfo"]["SizeInMiB"],
                sum(gpu["Count"] for gpu in gpus.get("Gpus") or ()),
                gpus.get("TotalGpuMemoryInMiB") or 0,
                facts["NetworkInfo"]["MaximumNetworkInterfaces"],
                int(facts["BurstablePerformanceSupported"]),
                int(facts["NetworkInfo"]["EnaSupport"] != "unsupported"),
                ",".join(facts["SupportedUsageClasses"]),
                ",".join(facts["PlacementGroupInfo"]["SupportedStrategies"]),
            )
        )
    return found


if __name__ == "__main__":
    print("\t".join(COLUMNS))
    for row in rows():
        print("\t".join(map(str, row)))
