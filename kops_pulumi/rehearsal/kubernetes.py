"""The simulated Kubernetes cluster: objects of any kind, Helm releases, YAML decoding.

An object's identity is its API version, kind, namespace and name in its cluster, which the provider's
`clusterIdentifier` tells: one world may hold several clusters. Facts of types:
https://www.pulumi.com/registry/packages/kubernetes/.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, LookupFailed, Package, Question, Values

_IMMUTABLE: Final = {
    "Deployment": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    "Job": ("spec.template", "spec.selector"),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "CSIDriver": ("spec",),
    "Secret": ("type",),
    "PersistentVolumeClaim": ("spec.storageClassName", "spec.accessModes"),
}
"""Fields that the API server refuses to change, so that the provider replaces the object."""
_RELEASE: Final = "kubernetes:helm.sh/v3:Release"


def _identify(birth: Birth) -> str:
    metadata = birth.inputs.get("metadata", {})
    namespace = metadata.get("namespace")
    name = metadata.get("name") or f"{birth.seed.rpartition('::')[2].partition('|')[0]}-{birth.hex(8)}"
    return _in_cluster(birth, f"{namespace}/{name}" if namespace else str(name))


def _in_cluster(birth: Birth, id_: str) -> str:
    """An id that no other cluster of the same world has."""
    return f"{birth.cloud.scope}:{id_}" if birth.cloud.scope else id_


def _object(birth: Birth, id_: str) -> Values:
    metadata = {
        **birth.inputs.get("metadata", {}),
        "name": birth.inputs.get("metadata", {}).get("name") or id_.rpartition("/")[2].rpartition(":")[2],
        "uid": f"{birth.hex(8)}-{birth.hex(4, 'b')}-4{birth.hex(3, 'c')}-8{birth.hex(3, 'd')}-{birth.hex(12, 'e')}",
        "generation": 1,
    }
    return {"metadata": {key: value for key, value in metadata.items() if value is not None}}


def _revise(old: Values, inputs: Values) -> Values:
    before = old.get("metadata", {})
    metadata = {**inputs.get("metadata", {}), "name": before.get("name"), "uid": before.get("uid")}
    return {"metadata": {**metadata, "generation": before.get("generation", 1) + 1}}


def _has_name_or_generates(inputs: Values) -> list[Failure]:
    metadata = inputs.get("metadata", {})
    bad = isinstance(metadata, dict) and metadata.get("name") == ""
    return [("metadata.name", "must not be empty")] if bad else []


def _release_id(birth: Birth) -> str:
    name = birth.inputs.get("name") or f"{birth.seed.rpartition('::')[2].partition('|')[0]}-{birth.hex(8)}"
    return _in_cluster(birth, f"{birth.inputs.get('namespace', 'default')}/{name}")


def _release(birth: Birth, id_: str) -> Values:
    namespace, name = birth.inputs.get("namespace", "default"), id_.rpartition("/")[2]
    return {"name": name, "namespace": namespace, "status": _status(birth.inputs, namespace, name, 1)}


def _status(inputs: Values, namespace: str, name: str, revision: int) -> dict[str, Any]:
    chart = str(inputs.get("chart", "")).rpartition("/")[2]
    return {
        "status": "deployed",
        "name": name,
        "namespace": namespace,
        "revision": revision,
        "chart": chart,
        "version": inputs.get("version", "0.0.0"),
    }


def _revise_release(old: Values, inputs: Values) -> Values:
    status = old.get("status", {})
    revision = int(status.get("revision", 1)) + 1
    return {"status": _status(inputs, str(old.get("namespace")), str(old.get("name")), revision)}


def _known(token: str) -> Kind:
    """Any kind of object: identity and immutable fields by kind."""
    kind = token.rpartition(":")[2]
    return Kind(
        replaces=frozenset({"apiVersion", "kind", "metadata.name", "metadata.namespace", *_IMMUTABLE.get(kind, ())}),
        unique=("metadata.namespace", "metadata.name"),
        identify=_identify,
        compute=_object,
        revise=_revise,
        handles=(),
        rules=(_has_name_or_generates,),
    )


def _decode(question: Question) -> Values:
    text = str(question.args.get("text", ""))
    default = question.args.get("defaultNamespace")
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as error:
        raise LookupFailed(f"not YAML: {error}") from error
    flat = [
        item
        for d in documents
        for item in (d["items"] if str(d.get("kind", "")).endswith("List") and "items" in d else [d])
    ]
    return {"result": [_with_namespace(item, default) for item in flat]}


def _with_namespace(item: dict[str, Any], default: Any) -> dict[str, Any]:
    metadata = item.get("metadata") or {}
    if default in (None, "", "default") or "namespace" in metadata:
        return item
    return {**item, "metadata": {**metadata, "namespace": default}}


KUBERNETES: Final = Package(
    name="kubernetes",
    typed=False,
    scope="clusterIdentifier",
    kinds={
        _RELEASE: Kind(
            replaces=frozenset({"name", "namespace"}),
            unique=("namespace", "name"),
            identify=_release_id,
            compute=_release,
            revise=_revise_release,
            handles=(),
            required=("chart",),
        ),
    },
    known=_known,
    functions={"kubernetes:yaml:decode": _decode},
)
