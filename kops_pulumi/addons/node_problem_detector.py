"""Node problem detector: turns a node's kernel and runtime trouble into conditions and events.

https://github.com/kubernetes/node-problem-detector/tree/master/deployment: there is no chart of the project's own. The
problems it looks for are those of the configurations in its image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen, kube_system
from kops_pulumi.addons.objects import allow, field_env, host_path, mount

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_ACCOUNT = kube_system("node-problem-detector")
_MONITORS = ("kernel-monitor", "readonly-monitor")
_RULES = (
    allow("get", "nodes"),
    allow("patch", "nodes/status"),
    allow("create patch update", "events"),
)


class NodeProblemDetector(BuiltIn):
    """`spec.nodeProblemDetector`."""

    name = "node-problem-detector"
    section = ("node_problem_detector", "nodeProblemDetector")
    summary = "Kernel and runtime trouble of nodes as conditions and events"

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """A pod on every node that reads its logs."""
        pin, settings = self.pin(full), self.settings(full)
        image, images = chosen(pin, settings.image)
        monitors = ",".join(f"/config/{name}.json" for name in _MONITORS)
        pod: Object = {
            "serviceAccountName": _ACCOUNT.name,
            "priorityClassName": pods.NODE_CRITICAL,
            "hostNetwork": True,
            "dnsPolicy": "ClusterFirstWithHostNet",
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": list(pods.ANY_TAINT),
            "containers": [
                {
                    "name": self.name,
                    "image": pods.mirrored(full, image),
                    "command": ["/node-problem-detector"],
                    "args": ["--logtostderr", f"--config.system-log-monitor={monitors}"],
                    "env": [field_env("NODE_NAME", "spec.nodeName")],
                    "resources": pods.resources(settings, cpu_request="20m", memory_request="100Mi"),
                    "securityContext": {"privileged": True},  # the kernel's log is for root only
                    "volumeMounts": [
                        mount("log", "/var/log", readOnly=True),
                        mount("kmsg", "/dev/kmsg", readOnly=True),
                        mount("localtime", "/etc/localtime", readOnly=True),
                    ],
                }
            ],
            "volumes": [
                host_path("log", "/var/log", "Directory"),
                host_path("kmsg", "/dev/kmsg", "CharDevice"),
                host_path("localtime", "/etc/localtime", "FileOrCreate"),
            ],
        }
        documents = [
            objects.account(_ACCOUNT),
            *objects.cluster_role(self.name, *_RULES, who=_ACCOUNT),
            objects.daemon_set("kube-system", self.name, pod, unavailable="10%"),
        ]
        return [self.manifest(full, pin, documents, images=images)]


ADDON = NodeProblemDetector()
