"""What is installed in the cluster, and in which order: charts and manifests, as plain values.

`cni/` and `addons/` say what they deliver, `plan/custom.py` adds the user's own, `plan/deliveries.py` puts all in
order, and `components/addons.py` makes Pulumi resources of them. This module must not know a chart's content nor a
cloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

HELM_TIMEOUT = 600
"""Seconds; twice Helm's own, for machines may still be joining."""


class Stage(StrEnum):
    """When something is installed: a stage starts when the one before it (or `Delivery.waits_for`) is there."""

    API = "api"
    """The API answers. Nothing is installed then; `waits_for` may name it."""
    CNI = "cni"
    CLOUD_CONTROLLER = "cloud-controller"
    CSI = "csi"
    STANDARD = "standard"
    CUSTOM = "custom"

    @property
    def order(self) -> int:
        """Its place among the stages, from 0."""
        return tuple(Stage).index(self)


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart; it becomes one `helm.v3.Release`."""

    name: str
    """The chart's name in its repository; with an empty repository a whole `oci://…` address or a local path."""
    repository: str
    version: str
    """Exact, never a range."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Plain values; any leaf may be a `Late`, any text may have `str(Late(…))` in it."""
    release: str | None = None
    """The release's name in the cluster, which many charts put into object names; None: the delivery's name."""
    skip_crds: bool = False
    wait: bool = True
    """The next stage waits until its pods are ready."""
    timeout: int = HELM_TIMEOUT
    """Seconds that Helm waits for it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Kubernetes objects as they are; each becomes a resource of its own. Texts may have `str(Late(…))` in them."""

    documents: tuple[Mapping[str, Any], ...]
    wait: bool = True
    """The next stage waits until its Deployments and the like are ready."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A manifest at an address, read when the program runs."""

    url: str
    sha256: str | None = None
    """What it must give, in lower-case hexadecimal digits; None: whatever is there, as kops does."""


@dataclass(frozen=True, slots=True)
class PythonCode:
    """A callable `package.module:function(cluster)` of the user's that declares resources itself."""

    function: str


Source: TypeAlias = Chart | Manifest | Remote | PythonCode


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to install. Its name is unique in the cluster and names the resources, so it never changes."""

    name: str
    stage: Stage
    source: Source
    namespace: str
    """Where the release lives, and objects that name no namespace of their own."""
    why: str
    """In a few words, for `toolbox addons`: the field that turned it on, or `always on aws`."""
    version: str = ""
    """Of the software, as users say it (`v1.19.5`); empty where there is none."""
    images: tuple[str, ...] = ()
    """Full names (with tag or digest) of every image it runs, as publishers name them: `get assets` lists these and
    says where `spec.assets` mirrors them; in `source` the mirror's names are written already."""
    after: tuple[str, ...] = ()
    """Names of deliveries that must be there first, besides those of earlier stages; absent ones are no obstacle."""
    waits_for: Stage | None = None
    """The last stage that must be there first; None: the one before its own."""
    create_namespace: bool = False
    """Whether `namespace` is its own, to be made with it; namespaces of Kubernetes itself never are."""
