"""Keyset documents: the generations of an authority or key; key material lives in the stack's state."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.meta import ObjectMeta


class KeysetKey(SpecModel):
    """One generation of a keyset."""

    id: str = req("Number of the generation, counting from 1 in the order they were made.", pattern=r"^[1-9][0-9]*$")
    distrust_timestamp: str | None = opt("Since when nothing that it signed is accepted; absent: it is trusted.")


class KeysetSpec(SpecModel):
    """The generations of a keyset and which of them signs."""

    type: Literal["Keypair", "Secret"] | None = opt("Kind of the keys; the keyset's name says it already.")
    primary_id: str = req("Number of the generation that signs.", key="primaryID")
    keys: list[KeysetKey] = req("All generations, oldest first.", min_length=1)


class Keyset(SpecModel):
    """A Keyset document: how far the rotation of an authority or key has come."""

    api_version: Literal["kops.k8s.io/v1alpha2"] = req("kops.k8s.io/v1alpha2.")
    kind: Literal["Keyset"] = req("Keyset.")
    metadata: ObjectMeta = req("Name of the authority or key, such as kubernetes-ca, and the label of its cluster.")
    spec: KeysetSpec = req("Its generations.")
