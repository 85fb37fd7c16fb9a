"""What is installed in the cluster, as resources: a release for each chart, one resource for each object.

`kops:index:AddOns` is made by `Cluster`, or by a stack of its own (`Access.of_stack`) where the machine that builds
clusters cannot reach their APIs. Every resource depends on the plan only, so that all of it is in the first preview,
when there is no API yet: for that reason objects are registered here one by one instead of by `yaml.ConfigGroup`,
whose children exist only once the provider is configured (docs/adr). This module must not know any add-on.

https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/ and ../../../provider/.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from kops_pulumi.components import late, remote
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Chart, ClusterPlan, Delivery, Manifest, PythonCode, Remote
from kops_pulumi.plan import custom
from kops_pulumi.plan.deliveries import needed
from kops_pulumi.plan.names import logical

_FIRST = ("Namespace", "CustomResourceDefinition")
"""Kinds that other objects of the same manifest are made in, or are made of."""
_SKIP_WAIT = "pulumi.com/skipAwait"
_KEPT_REVISIONS = 10
"""Helm's own default; the provider's is to keep all, each of them a Secret of up to a megabyte."""


@dataclass(frozen=True, slots=True)
class Access:
    """How add-ons reach the cluster, and what deployed resources tell them."""

    kubeconfig: pulumi.Output[str]
    values: Mapping[str, pulumi.Output[Any]] = field(default_factory=dict)
    """Late values by name."""
    after: Sequence[pulumi.Resource] = ()
    """What must be there before the first add-on and until the last one is gone: machines, permissions, ways in."""

    @classmethod
    def of_stack(cls, stack: pulumi.StackReference, plan: ClusterPlan) -> Access:
        """From the outputs of the stack that made the cluster."""
        deployed = stack.require_output("deployedValues")
        values = {name: _entry(deployed, name) for name in late.wanted(plan.deliveries)}
        return cls(pulumi.Output.secret(stack.require_output("kubeconfig")), values)


@dataclass(frozen=True, slots=True)
class AddOnContext:
    """What the user's Python code gets: the cluster, and where its resources belong."""

    plan: ClusterPlan
    name: str
    """The add-on's name, to begin resource names with."""
    kubeconfig: pulumi.Output[str]
    provider: pulumi.ProviderResource
    """For pulumi_kubernetes; `options` has it already."""
    values: Mapping[str, pulumi.Output[Any]]
    """Late values by name (`network.id`, `role.<namespace>/<service account>`)."""
    options: pulumi.ResourceOptions
    """Give these to every resource: parent, provider, and what must be there first."""


class AddOns(pulumi.ComponentResource):
    """Everything that the plan delivers to the cluster."""

    versions: Mapping[str, str]
    """What is installed: versions by name, empty where there is none."""

    def __init__(
        self, name: str, plan: ClusterPlan, access: Access, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:index:AddOns", name, None, opts)
        self._name, self._plan, self._access = name, plan, access
        self._kubernetes = self._own_provider(plan.name)
        self._namespaces = self._own_namespaces()
        made: dict[str, list[pulumi.Resource]] = {}
        for delivery in in_order(plan.deliveries):
            first = [r for other in needed(delivery, plan.deliveries) for r in made[other.name]]
            made[delivery.name] = self._install(delivery, first)
        self.versions = {delivery.name: delivery.version for delivery in plan.deliveries}
        self.register_outputs({"versions": dict(self.versions)})

    def _own_provider(self, cluster: str) -> pulumi.ProviderResource:
        """One for all; the caller's where there is one. It stays the same as long as the cluster does.

        Objects of an API that is gone are dropped from the state: nothing else is left of them.
        """
        given = self.get_provider("kubernetes:index:Provider")
        if given is not None:
            return given
        return kubernetes.Provider(
            logical(self._name, "kubernetes"),
            kubeconfig=self._access.kubeconfig,
            cluster_identifier=cluster,
            delete_unreachable=True,
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._access.after]),
        )

    def _options(self, first: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, provider=self._kubernetes, depends_on=list(first))

    def _own_namespaces(self) -> Mapping[str, pulumi.Resource]:
        """The namespaces that deliveries ask for, each once."""
        names = sorted({d.namespace for d in self._plan.deliveries if d.create_namespace})
        return {
            name: self._object(
                logical(self._name, "namespace", name),
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
                self._options(),
            )
            for name in names
        }

    def _install(self, delivery: Delivery, first: list[pulumi.Resource]) -> list[pulumi.Resource]:
        """The resources of one delivery, which others may wait for."""
        namespace = self._namespaces.get(delivery.namespace)
        options = self._options([*first, *([namespace] if namespace else [])])
        match delivery.source:
            case Chart() as chart:
                return [self._release(delivery, chart, options)]
            case Manifest(documents, wait):
                return self._objects(delivery, documents, options, wait=wait)
            case Remote() as source:
                return self._objects(delivery, fetched(source, delivery.name), options, wait=True)
            case PythonCode(function):
                return self._run(delivery, function, options)

    def _release(self, delivery: Delivery, chart: Chart, options: pulumi.ResourceOptions) -> pulumi.Resource:
        from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

        return Release(
            logical(self._name, delivery.name),
            chart=chart.name,
            name=chart.release or delivery.name,
            namespace=delivery.namespace,
            version=chart.version,
            repository_opts=RepositoryOptsArgs(repo=chart.repository) if chart.repository else None,
            values=late.filled(chart.values, self._access.values),
            skip_crds=chart.skip_crds,
            skip_await=not chart.wait,
            timeout=chart.timeout,
            max_history=_KEPT_REVISIONS,
            opts=options,
        )

    def _objects(
        self,
        delivery: Delivery,
        documents: Iterable[Mapping[str, Any]],
        options: pulumi.ResourceOptions,
        *,
        wait: bool,
    ) -> list[pulumi.Resource]:
        """One resource a document; what the others live in or are made of comes first."""
        placed = [_placed(document, delivery.namespace, wait=wait) for document in documents]
        first = [self._member(delivery, item, options) for item in placed if item["kind"] in _FIRST]
        then = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[*first]))
        return [*first, *(self._member(delivery, item, then) for item in placed if item["kind"] not in _FIRST)]

    def _member(
        self, delivery: Delivery, document: Mapping[str, Any], options: pulumi.ResourceOptions
    ) -> pulumi.Resource:
        """An object of a manifest, named after what the manifest calls it."""
        metadata = document["metadata"]
        parts = (str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
        return self._object(logical(self._name, delivery.name, *parts), document, options)

    def _object(self, name: str, document: Mapping[str, Any], options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """An object of any kind, under the type that the provider's own SDK gives it."""
        version = str(document["apiVersion"])
        group = version if "/" in version else f"core/{version}"
        properties = late.filled(document, self._access.values)
        if document["kind"] == "Secret":
            hidden = [key for key in ("data", "stringData") if key in properties]
            properties |= {key: pulumi.Output.secret(properties[key]) for key in hidden}
            more = pulumi.ResourceOptions(additional_secret_outputs=["data", "stringData"])
            options = pulumi.ResourceOptions.merge(options, more)
        return pulumi.CustomResource(f"kubernetes:{group}:{document['kind']}", name, properties, options)

    def _run(self, delivery: Delivery, function: str, options: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        context = AddOnContext(
            self._plan,
            logical(self._name, delivery.name),
            self._access.kubeconfig,
            self._kubernetes,
            self._access.values,
            options,
        )
        result = _callable(function, delivery.name)(context)
        made = [result] if isinstance(result, pulumi.Resource) else list(result or ())
        wrong = next((item for item in made if not isinstance(item, pulumi.Resource)), None)
        if wrong is not None:
            raise KopsError(
                f"{function} of the add-on {delivery.name} returned {type(wrong).__name__}",
                hint="return the resources it made, in a list, or nothing",
            )
        return made


def _entry(deployed: pulumi.Output[Any], name: str) -> pulumi.Output[Any]:
    return deployed.apply(lambda found: found[name])


def in_order(deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
    """So that everything comes after what it needs; the plan has made sure that there is such an order."""
    waiting, done = list(deliveries), list[Delivery]()
    while waiting:
        ready = [d for d in waiting if not any(other in waiting for other in needed(d, deliveries))]
        done += ready
        waiting = [d for d in waiting if d not in ready]
    return done


def fetched(source: Remote, name: str) -> list[Mapping[str, Any]]:
    """The objects behind an address."""
    import yaml

    try:
        return list(custom.objects(remote.fetch(source)))
    except (yaml.YAMLError, ValueError) as error:
        raise KopsError(f"{source.url} of the add-on {name} is no manifest: {error}") from None


def _placed(document: Mapping[str, Any], namespace: str, *, wait: bool) -> dict[str, Any]:
    """The object in its namespace, marked when nobody shall wait for it."""
    metadata = dict(document["metadata"])
    if "namespace" not in metadata and namespace != "default" and document["kind"] in _NAMESPACED:
        metadata["namespace"] = namespace
    if not wait:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), _SKIP_WAIT: "true"}
    return {**document, "metadata": metadata}


_NAMESPACED = frozenset(
    {
        "ConfigMap",
        "ControllerRevision",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "EndpointSlice",
        "Endpoints",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "Lease",
        "LimitRange",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "ReplicaSet",
        "ResourceClaim",
        "ResourceClaimTemplate",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }
)
"""Kinds of Kubernetes itself that live in a namespace (`kubectl api-resources --namespaced`).

Of kinds that a definition adds nobody knows without an API, so those say their namespace themselves.
"""


def _callable(text: str, name: str) -> Callable[[AddOnContext], Any]:
    module, _, function = text.partition(":")
    try:
        found: Callable[[AddOnContext], Any] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        hint = "modules are looked for beside the program and among the installed packages (PYTHONPATH adds places)"
        raise KopsError(f"cannot load {text} of the add-on {name}: {error}", hint=hint) from None
    return found
