"""kubeconfig files: what one holds for a cluster, and how it joins the user's own file.

Entries are named after the cluster, as kops names them. Pure: texts and values in and out; who writes the file is
`cli/export.py`. The format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from kops_pulumi.errors import KopsError
from kops_pulumi.model import DnsType, Late

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

Document: TypeAlias = dict[str, Any]
_API = "api"
_HTTPS = 443
_LISTS = ("clusters", "contexts", "users")


@dataclass(frozen=True, slots=True)
class Access:
    """How one cluster is called, and as whom."""

    name: str
    server: str
    authority: str
    """PEM of every certificate authority that the server's certificate may be from."""
    certificate: str | None = None
    """PEM of the client's certificate; None: the file says where the cluster is and not who calls."""
    private_key: str | None = None
    user: str | None = None
    """The name of somebody who is in the user's own file already, instead of a certificate."""


def host(plan: ClusterPlan) -> str | Late:
    """The name people call: the API's DNS name; where nothing is published in DNS, the address of what leads there."""
    endpoint = plan.endpoint(_API)
    if endpoint is None:
        raise KopsError("the plan has no API endpoint")
    return Late(f"{_API}.endpoint") if plan.dns.type is DnsType.NONE else endpoint.dns_name


def url(plan: ClusterPlan, name: str) -> str:
    """The API's address at a host name.

    Client certificates need a listener that passes TLS through. Where a certificate of the cloud's ends TLS on 443,
    that is another port (8443), and there the cluster's own authority is the one to trust.
    """
    endpoint = plan.endpoint(_API)
    listeners = [item for item in (endpoint.listeners if endpoint else ()) if not item.tls and item.name == "tcp"]
    port = listeners[0].port if listeners else _HTTPS
    return f"https://{name}" if port == _HTTPS else f"https://{name}:{port}"


def document(access: Access) -> Document:
    """A kubeconfig with this one cluster in it."""
    user = f"{access.name}-admin" if access.certificate else access.user
    context = {"cluster": access.name, **({"user": user} if user else {})}
    found: Document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": access.name,
                "cluster": {"certificate-authority-data": _base64(access.authority), "server": access.server},
            }
        ],
        "contexts": [{"name": access.name, "context": context}],
        "current-context": access.name,
        "users": [],
    }
    if access.certificate and access.private_key:
        credentials = {
            "client-certificate-data": _base64(access.certificate),
            "client-key-data": _base64(access.private_key),
        }
        found["users"] = [{"name": user, "user": credentials}]
    return found


def text(access: Access) -> str:
    """The same as YAML."""
    return dump(document(access))


def dump(found: Document) -> str:
    """A kubeconfig as YAML."""
    return yaml.safe_dump(found, sort_keys=False, default_flow_style=False)


def merged(existing: str, access: Access, *, where: str) -> str:
    """The user's file with this cluster in it: its own entries replaced, all others as they were.

    A context that is there and gets no credentials now keeps the user it had. Raises KopsError when the text is no
    kubeconfig; `where` names it in the message.
    """
    theirs, ours = parse(existing, where=where), document(access)
    for key in _LISTS:
        entries = [entry for entry in theirs.get(key) or () if isinstance(entry, Mapping)]
        mine = {entry["name"]: entry for entry in ours[key]}
        if key == "contexts":
            _keep_user(entries, mine, access)
        kept = [mine.pop(entry.get("name"), entry) for entry in entries]
        theirs[key] = [*kept, *mine.values()]
    theirs["current-context"] = access.name
    return dump({"apiVersion": "v1", "kind": "Config", **theirs})


def without(existing: str, name: str, *, where: str) -> str | None:
    """The user's file without a cluster, its context and its user of ours; None when it has no such context."""
    theirs = parse(existing, where=where)
    if not any(isinstance(entry, Mapping) and entry.get("name") == name for entry in theirs.get("contexts") or ()):
        return None
    for key in _LISTS:
        gone = {name, f"{name}-admin"} if key == "users" else {name}
        theirs[key] = [entry for entry in theirs.get(key) or () if entry.get("name") not in gone]
    if theirs.get("current-context") == name:
        theirs["current-context"] = ""
    return dump(theirs)


def parse(existing: str, *, where: str) -> Document:
    """The text as a kubeconfig; an empty one is an empty kubeconfig."""
    hint = "mend or move it, or write to another file with --kubeconfig"
    try:
        found = yaml.safe_load(existing)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise KopsError(f"{where}:{line}: this is not YAML", hint=hint) from None
    if found is None:
        return {}
    entries = all(isinstance(found.get(key) or [], list) for key in _LISTS) if isinstance(found, dict) else False
    if not entries or found.get("kind", "Config") != "Config":
        raise KopsError(f"{where}: this is not a kubeconfig", hint=hint)
    return dict(found)


@dataclass(frozen=True, slots=True)
class Current:
    """The cluster and the user of a kubeconfig's current context, as they are written."""

    cluster: Mapping[str, Any]
    user: Mapping[str, Any]


def current(found: Document) -> Current:
    """The current context of a kubeconfig; its only one when none is current. Raises KopsError when there is none."""
    contexts = {entry["name"]: entry["context"] for entry in found.get("contexts") or ()}
    chosen = contexts.get(found.get("current-context")) or next(iter(contexts.values()), None)
    clusters = {entry["name"]: entry["cluster"] for entry in found.get("clusters") or ()}
    users = {entry["name"]: entry["user"] for entry in found.get("users") or ()}
    if chosen is None or chosen.get("cluster") not in clusters:
        raise KopsError("this kubeconfig has no current context", hint="kubectl config use-context NAME")
    return Current(clusters[chosen["cluster"]], users.get(chosen.get("user")) or {})


def tls(found: Current) -> ssl.SSLContext | None:
    """TLS with the cluster's authority and the user's certificate; None where the address is not https."""
    if not str(found.cluster["server"]).startswith("https:"):
        return None
    authority = _part(found.cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if certificate := _part(found.user, "client-certificate"):
        key = _part(found.user, "client-key") or b""
        with tempfile.TemporaryDirectory(prefix="kops-pulumi-") as directory:  # mode 0700; Python wants files
            pair = Path(directory) / "client.pem"
            pair.write_bytes(certificate + b"\n" + key)
            context.load_cert_chain(pair)
    return context


def _part(entry: Mapping[str, Any], key: str) -> bytes | None:
    """What is in the file itself (`…-data`), else in the file that it names."""
    if data := entry.get(f"{key}-data"):
        return base64.b64decode(data)
    return Path(entry[key]).read_bytes() if entry.get(key) else None


def _keep_user(entries: list[Mapping[str, Any]], mine: Mapping[str, Document], access: Access) -> None:
    before = next((entry for entry in entries if entry.get("name") == access.name), None)
    if before and not access.certificate:
        mine[access.name]["context"] = {**(before.get("context") or {}), **mine[access.name]["context"]}


def _base64(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
