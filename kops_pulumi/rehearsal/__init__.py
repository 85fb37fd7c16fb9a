"""Rehearsal: simulated providers behind the real Pulumi engine, so that any stack runs with no account (decision 16).

    command.py ─▶ world.py ─▶ server.py ─▶ provider.py   one gRPC ResourceProvider per package, attached by the engine
                     │                        │
                     │          wire.py  checks.py ◀ sdk.py   property bags; inputs against the SDK's typed arguments
                     │                        │
                     │          lifecycle.py  differ.py      create, update, delete, read; what changed, what replaces
                     │                        │
                     ├────▶ api.py ◀── clusters.py  objects.py   the clusters' own APIs: /readyz, nodes, pods, evictions
                     │                     └── fleet.py      machines after their creation
                     └────▶ store.py ◀── kinds.py ◀ aws/ kubernetes.py tls.py randoms.py   tables of facts per package
                            faults.py  seed.py               injected trouble; what a manifest says exists already

A *world* is one directory: separate runs that open the same world see the same cloud. Nothing here knows a cluster but
`seed.py`; nothing outside the loopback interface is contacted. `tls` and `random` make real values and store nothing.
"""

from __future__ import annotations

from kops_pulumi.rehearsal.command import run
from kops_pulumi.rehearsal.faults import Fault, FaultKind, Operation
from kops_pulumi.rehearsal.seed import seed
from kops_pulumi.rehearsal.store import Record, Store
from kops_pulumi.rehearsal.world import World, default_path, open_store, world

__all__ = [
    "Fault",
    "FaultKind",
    "Operation",
    "Record",
    "Store",
    "World",
    "default_path",
    "open_store",
    "run",
    "seed",
    "world",
]
