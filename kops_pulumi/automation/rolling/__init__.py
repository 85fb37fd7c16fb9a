"""Rolling updates: replace machines that differ from their group's description, without the cluster noticing.

    settings.py  options of a roll; maxSurge and maxUnavailable as numbers
    view.py      what is known: nodes and pods as the API's watch tells, machines as the cloud last told
    quorum.py    whether etcd survives the loss of a machine
    drain.py     one node: cordon, deregister, evict within budgets
    gate.py      wait until the cluster is valid again
    group.py     one group: mark, surge, then drain and end the rest
    roll.py      all groups in their order; what ends a roll and what does not
    events.py    what happens, for those who watch; the estimate of what is left
    table.py     which machines would go: what is shown first

Everything that takes time is a *process*: a generator that yields whenever it wants to look again later. `roll.run`
advances processes and sleeps between ticks on a clock that tests replace; cloud and API are behind `model.Fleet` and
`kube.Kube`. The order and the rules are kops's: https://kops.sigs.k8s.io/operations/rolling-update/. This package must
not print, ask a user, or know a cloud.
"""

from __future__ import annotations

from kops_pulumi.automation.rolling.events import Event, What
from kops_pulumi.automation.rolling.roll import Outcome, Roll
from kops_pulumi.automation.rolling.settings import Clock, Options

__all__ = ["Clock", "Event", "Options", "Outcome", "Roll", "What"]
