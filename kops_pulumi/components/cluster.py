"""The component that users see: one cluster, on any cloud (`kops:index:Cluster`).

One order for all clouds: network → firewall → identity → PKI → endpoints → leaf certificates → store → instance groups
→ add-ons.
The plan says what; the cloud's leaf components say how; between them travel handles. This module must not know a
cloud's name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypedDict

import pulumi

from kops_pulumi import clouds, kubeconfig
from kops_pulumi.components import late, readiness
from kops_pulumi.components.handles import Handles
from kops_pulumi.components.leaves import Leaves
from kops_pulumi.components.pki import Pki
from kops_pulumi.errors import KopsError
from kops_pulumi.model import CertificateKind, ClusterPlan, Late
from kops_pulumi.pipeline import Planned
from kops_pulumi.plan import given
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.plan.names import logical
from kops_pulumi.plan.store import ADMIN, CLUSTER_CA


class ClusterArgs(TypedDict, total=False):
    """Arguments as plain data, for programs in other languages; give `manifest` or `documents`."""

    manifest: str
    """Path of the manifest file."""
    overlays: list[str]
    """Paths of files that are laid over it, in order."""
    documents: list[dict[str, Any]]
    """The manifest itself: its YAML documents as data."""
    protect: bool
    """Refuse to delete etcd volumes and authorities' keys; as `spec.protect` says (on) unless given."""
    skip: list[str]
    """Parts to leave out: `addons`."""


ClusterSource: TypeAlias = ClusterPlan | Planned | ClusterArgs | str
"""A plan, a planned manifest, arguments, or the path of a manifest."""

ADDONS = "addons"
"""The one part that can be left out."""
_BEFORE_PKI: tuple[clouds.Leaf, ...] = ("network", "firewall", "identity")

_IGNORED_OPTIONS: Mapping[str, str] = {
    "additional_secret_outputs": "secrets are marked where they arise",
    "custom_timeouts": "set timeouts with a transform on the resources inside",
    "ignore_changes": "leave the field out of the manifest, or use a transform on the resources inside",
    "replace_on_changes": "use a transform on the resources inside",
    "retain_on_delete": "use protect, or a transform on the resources inside",
}
"""Options that Pulumi drops silently on components (https://www.pulumi.com/docs/iac/concepts/components/), and what
to do."""


class Cluster(pulumi.ComponentResource):
    """A Kubernetes cluster from a kops manifest."""

    plan: ClusterPlan
    outputs: Mapping[str, pulumi.Input[Any]]
    """Ids and addresses for the stack's outputs; secret are `kubeconfig`, and of
    `deployedValues` what add-ons must keep so."""

    def __init__(
        self,
        name: str,
        args: ClusterSource,
        opts: pulumi.ResourceOptions | None = None,
        *,
        skip: Collection[str] = (),
        secrets: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> None:
        """`skip` names parts to leave out, beside those that the arguments name: `addons`.

        `secrets` are the values of the secrets that the manifest declares, by name (`plan.given`).
        """
        _refuse_ignored(opts)
        skipped = {*skip, *(args.get("skip", ()) if isinstance(args, dict) else ())}
        _refuse_unknown(skipped)
        super().__init__("kops:index:Cluster", name, None, opts)
        self.plan = plan_of(args)
        self._name = name
        self._leaves: list[pulumi.Resource] = []
        self._providers_for_leaves = self._own_provider()
        own = args.get("protect") if isinstance(args, dict) else None
        protect = self.plan.protected if own is None else own
        handles = Handles(protect=protect, secrets=_given(self.plan, secrets or {}))
        for part in _BEFORE_PKI:
            handles = self._add(part, handles)
        pki = Pki(logical(name, "pki"), self.plan, handles, pulumi.ResourceOptions(parent=self))
        handles = replace(handles, pki=pki.handles)
        handles = self._add("endpoints", handles)
        leaves = Leaves(logical(name, "leaves"), self.plan, handles, pulumi.ResourceOptions(parent=self))
        handles = replace(handles, leaves=leaves.handles)
        if self.plan.object_store is not None:
            handles = self._add("store", handles)
        handles = self._add("instances", handles)
        self.outputs = _outputs(self.plan, handles)
        if self.plan.deliveries and ADDONS not in skipped:
            self.outputs = {**self.outputs, "addons": self._install(handles)}
        self.register_outputs(dict(self.outputs))

    def _own_provider(self) -> list[pulumi.ProviderResource]:
        """The cloud's provider: the caller's where there is one, else one for the manifest's region."""
        module = clouds.leaf(self.plan.cloud, "provider")
        if self.get_provider(f"{module.PACKAGE}:index:Provider") is not None:
            return []
        return [module.make(logical(self._name, module.PACKAGE), self.plan, self)]

    def _install(self, handles: Handles) -> Mapping[str, str]:
        """The add-ons, once the API answers; versions by name."""
        from kops_pulumi.components.addons import Access, AddOns

        kubeconfig = pulumi.Output.from_input(self.outputs["kubeconfig"])
        machines = tuple(handles.instances.group_ids.values()) if handles.instances else ()
        access = Access(readiness.gated(kubeconfig, machines, self), late.for_addons(self.plan, handles), self._leaves)
        opts = pulumi.ResourceOptions(parent=self)
        return AddOns(logical(self._name, ADDONS), self.plan, access, opts).versions

    def _add(self, part: clouds.Leaf, handles: Handles) -> Handles:
        """One leaf component of the cloud; its handles under the part's own name."""
        leaf = getattr(clouds.leaf(self.plan.cloud, part), part.capitalize())
        opts = pulumi.ResourceOptions(parent=self, providers=self._providers_for_leaves)
        made = leaf(logical(self._name, part), self.plan, handles, opts)
        self._leaves.append(made)
        return replace(handles, **{part: made.handles})


def plan_of(args: ClusterSource) -> ClusterPlan:
    """The plan behind whatever the caller gave."""
    match args:
        case ClusterPlan():
            return args
        case Planned():
            return args.plan
        case str():
            return _load([args], ())
        case {"documents": documents}:
            return _from_documents(documents)
        case {"manifest": path}:
            return _load([path], args.get("overlays", ()))
    raise KopsError(
        "a Cluster needs a manifest", hint="give `manifest` (a path) or `documents` (YAML documents as data)"
    )


def _load(paths: Sequence[str], overlays: Sequence[str]) -> ClusterPlan:
    from kops_pulumi import pipeline

    return pipeline.load(paths, overlays).plan


def _from_documents(documents: Sequence[Mapping[str, Any]]) -> ClusterPlan:
    import yaml

    from kops_pulumi import manifest, pipeline, spec

    text = yaml.safe_dump_all(documents, sort_keys=False)
    return pipeline.run(spec.parse(manifest.loads(text, "documents"))).plan


def _given(plan: ClusterPlan, values: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Output[str]]:
    """The values of the plan's secrets, all of them; others are none of its business."""
    missing = sorted(set(given.of(plan)) - set(values))
    if missing:
        name = missing[0]
        hint = f"`kops-pulumi create secret {name} -f FILE`, or `pulumi config set --secret {name} < FILE`"
        raise KopsError(f"the manifest declares the secret {name}, and the stack does not have it", hint=hint)
    return {name: pulumi.Output.secret(values[name]) for name in sorted(given.of(plan))}


def _refuse_unknown(skipped: Collection[str]) -> None:
    unknown = sorted(set(skipped) - {ADDONS})
    if unknown:
        raise KopsError(f"there is no part {', '.join(unknown)} to skip", hint=f"what can be skipped: {ADDONS}")


def _refuse_ignored(opts: pulumi.ResourceOptions | None) -> None:
    given = [name for name in _IGNORED_OPTIONS if getattr(opts, name, None)] if opts else []
    if given:
        hint = "; ".join(f"{name}: {_IGNORED_OPTIONS[name]}" for name in given)
        raise KopsError(f"Pulumi would silently ignore {', '.join(given)} on a Cluster", hint=hint)


def _outputs(plan: ClusterPlan, handles: Handles) -> dict[str, pulumi.Input[Any]]:
    known = late.known(handles)
    authorities = {item.key for item in plan.certificates if item.kind is CertificateKind.AUTHORITY}
    outputs: dict[str, pulumi.Input[Any]] = {
        "name": plan.name,
        "region": plan.region,
        "kubernetesVersion": plan.kubernetes_version,
        "podNetwork": plan.pod_network.recorded() if plan.pod_network else None,
        "networkId": handles.network.network_id if handles.network else None,
        "instanceGroups": dict(handles.instances.group_ids) if handles.instances else {},
        "certificateAuthorities": {
            key: pem for key, pem in (handles.pki.certificates if handles.pki else {}).items() if key in authorities
        },
    }
    outputs |= _api(plan, handles)
    if names := late.wanted(plan.deliveries):
        values = late.for_addons(plan, handles)
        outputs["deployedValues"] = {name: values[name] for name in names if name in values}
    for endpoint in plan.endpoints:
        outputs[f"{endpoint.name}Name"] = endpoint.dns_name
        if f"{endpoint.name}.endpoint" in known:
            outputs[f"{endpoint.name}Endpoint"] = known[f"{endpoint.name}.endpoint"]
    return outputs


def _api(plan: ClusterPlan, handles: Handles) -> dict[str, pulumi.Input[Any]]:
    """Where the API is called from outside and from within, and the administrator's kubeconfig (secret)."""
    name = kubeconfig.host(plan)
    host = late.value(name, handles) if isinstance(name, Late) else pulumi.Output.from_input(name)
    server = host.apply(lambda found: kubeconfig.url(plan, found))
    outputs: dict[str, pulumi.Input[Any]] = {
        "apiServer": server,
        "apiServerInternal": f"https://{internal_api_name(plan.name)}",
    }
    if handles.pki and handles.leaves:
        parts = (
            server,
            handles.pki.certificates[CLUSTER_CA],
            handles.leaves.certificates[ADMIN],
            handles.leaves.private_keys[ADMIN],
        )
        whole = pulumi.Output.all(*parts).apply(lambda found: kubeconfig.text(kubeconfig.Access(plan.name, *found)))
        outputs["kubeconfig"] = pulumi.Output.secret(whole)
    return outputs
