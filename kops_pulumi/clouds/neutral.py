"""What clouds share that have no options of their own: the neutral plan says all about their clusters. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup


class NeutralCloud:
    """The parts of `plugins.Cloud` that are the same wherever a cloud adds nothing."""

    def cluster_options(self, full: FullSpec) -> Any:  # noqa: ARG002 - the protocol's signature
        """None: the neutral plan says all about a cluster here."""
        return

    def group_options(self, full: FullSpec, group: InstanceGroup) -> Any:  # noqa: ARG002 - the protocol's signature
        """None: the neutral plan says all about a group here."""
        return

    def external_api(self, cluster: Cluster) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nobody brings a load balancer where the cloud has them."""
        return False

    def issuer_url(self, discovery_store: str, region: str = "") -> str:  # noqa: ARG002 - a store has one address
        """The public URL of a store that is reached by https under its own name."""
        store = urlsplit(discovery_store)
        return "/".join(part for part in (f"https://{store.netloc}", store.path.strip("/")) if part)
