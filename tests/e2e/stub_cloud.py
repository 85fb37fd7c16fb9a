"""A stand-in for the parts of AWS that machines call while they boot: IMDSv2, S3 and EC2's volumes and instances.

It listens inside the cluster's network namespace, at the addresses and names that the real ones have, over TLS with an
authority of its own. Who calls is told by the source address, as IMDS does. Every signature (SigV4) is checked; what
a role may do in the store is a table: what is not in it is refused. Asset downloads come from here too.
"""

from __future__ import annotations

import ctypes
import hashlib
import hmac
import json
import os
import secrets
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

REGION = "eu-central-1"
DOMAIN = "amazonaws.com"
ASSETS = "assets.e2e.test"
NAMES = (f"s3.{REGION}.{DOMAIN}", f"ec2.{REGION}.{DOMAIN}", ASSETS)
METADATA = "169.254.169.254"
_CLONE_NEWNET = 0x40000000

ALLOWED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "control-plane": (
        ("GET", "nodes/control-plane/"),
        ("GET", "secrets/control-plane/"),
        ("GET", "join/"),
        ("LIST", "join/"),
        ("PUT", "join/"),
        ("PUT", "backups/"),
        ("LIST", "backups/etcd/main/initialized/"),
        ("LIST", "backups/etcd/events/initialized/"),
    ),
    "node": (("GET", "nodes/node/"), ("GET", "join/"), ("LIST", "join/addresses/")),
}
"""By role, what it may do in the store and where: docs/contracts/bootstrap.md."""


@dataclass
class Instance:
    """One machine, as EC2 sees it."""

    id: str
    group: str
    role: str
    address: str
    attach: Callable[[str, Volume], None]
    """Makes a volume's block device appear on the machine."""
    state: str = "running"
    launched: int = 0


@dataclass
class Volume:
    """One block device; attached to one machine at a time."""

    id: str
    file: Path
    instance: str | None = None
    device: str = ""
    """As it was attached: /dev/sdf. Machines of the Xen generation see it as /dev/xvdf."""


@dataclass
class World:
    """All state. Handlers run in threads: changes are made under the lock."""

    cluster: str
    base: str
    """Of the store: s3://bucket/prefix."""
    instances: dict[str, Instance] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    """By address without s3://."""
    assets: dict[str, Path] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """What was asked for and not allowed: ROLE VERB ADDRESS."""
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By access key id: secret, session token."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, path: str, content: bytes) -> None:
        """Store an object below the base, as Pulumi does."""
        self.objects[f"{self.base.removeprefix('s3://')}/{path}"] = content

    def get(self, path: str) -> bytes | None:
        """An object below the base."""
        return self.objects.get(f"{self.base.removeprefix('s3://')}/{path}")

    def caller(self, address: str) -> Instance | None:
        """The running machine at an address."""
        with self.lock:
            return next((i for i in self.instances.values() if i.address == address and i.state == "running"), None)

    def allows(self, instance: Instance, verb: str, key: str) -> bool:
        """Whether the machine's role may do that; remembers when not."""
        path = key.removeprefix(f"{self.base.removeprefix('s3://')}/")
        allowed = any(verb == v and path.startswith(prefix) for v, prefix in ALLOWED[instance.role])
        if not allowed:
            self.refused.append(f"{instance.role} {verb} {key}")
        return allowed


def serve(world: World, namespace: Path, certificate: Path) -> list[ThreadingHTTPServer]:
    """Start serving in a network namespace: IMDS on port 80, the rest on 443. Shut each down at the end."""
    servers: list[ThreadingHTTPServer] = []
    started = threading.Event()

    def run() -> None:
        with namespace.open() as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        plain = _Server((METADATA, 80), _handler(world, _imds))
        secure = _Server(("0.0.0.0", 443), _handler(world, _services))  # noqa: S104 (of a namespace of our own)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        servers.extend((plain, secure))
        for server in servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        started.set()

    threading.Thread(target=run, daemon=True).start()
    if not started.wait(10):
        raise RuntimeError("the stub of the cloud did not start")
    return servers


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no event."""


@dataclass(frozen=True)
class _Request:
    method: str
    host: str
    path: str
    query: Mapping[str, list[str]]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes


_Answer = tuple[int, bytes]
_Route = Callable[[World, Instance, _Request], _Answer]


def _handler(world: World, route: _Route) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def answer(self) -> None:
            path, _, raw = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = _Request(
                self.command,
                headers.get("host", ""),
                path,
                urllib.parse.parse_qs(raw, keep_blank_values=True),
                raw,
                headers,
                body,
            )
            instance = world.caller(self.client_address[0])
            status, content = route(world, instance, request) if instance else (403, b"no machine of this cluster")
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = answer  # noqa: N815 (the names that http.server looks for)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

    return Handler


def _imds(world: World, instance: Instance, request: _Request) -> _Answer:
    if request.path == "/latest/api/token":
        return (200, b"token-" + instance.id.encode()) if request.method == "PUT" else (405, b"")
    if request.headers.get("x-aws-ec2-metadata-token") != f"token-{instance.id}":
        return 401, b""
    path = request.path.removeprefix("/latest/")
    credentials = "meta-data/iam/security-credentials/"
    if path == credentials:
        return 200, f"{instance.role}.{world.cluster}".encode()
    if path.startswith(credentials):
        return 200, _credentials(world, instance)
    facts = {
        "meta-data/instance-id": instance.id,
        "meta-data/local-ipv4": instance.address,
        "meta-data/local-hostname": f"{instance.id}.{REGION}.compute.internal",
        "meta-data/services/domain": DOMAIN,
        "meta-data/placement/region": REGION,
        "meta-data/placement/availability-zone": f"{REGION}a",
    }
    return (200, facts[path].encode()) if path in facts else (404, b"")


def _credentials(world: World, instance: Instance) -> bytes:
    key = f"ASIA{instance.id.removeprefix('i-').upper()}"
    with world.lock:
        secret, token = world.keys.setdefault(key, (secrets.token_urlsafe(30), secrets.token_urlsafe(90)))
    document = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key, "SecretAccessKey": secret, "Token": token}
    return json.dumps(document, indent=1).encode()


def _services(world: World, instance: Instance, request: _Request) -> _Answer:
    service = request.host.split(".")[0]
    if service == "assets":
        file = world.assets.get(request.path)
        return (200, file.read_bytes()) if file else (404, b"")
    if not _signed(world, instance, request):
        return 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
    return _s3(world, instance, request) if service == "s3" else _ec2(world, instance, request)


def _s3(world: World, instance: Instance, request: _Request) -> _Answer:
    key = urllib.parse.unquote(request.path.lstrip("/"))
    listing = "list-type" in request.query
    prefix = request.query.get("prefix", [""])[0]
    target = f"{key.rstrip('/')}/{prefix}" if listing else key
    if not world.allows(instance, "LIST" if listing else request.method, target):
        return 403, b"<Error><Code>AccessDenied</Code></Error>"
    with world.lock:
        if listing:
            bucket = f"{key.rstrip('/')}/"
            found = sorted(k.removeprefix(bucket) for k in world.objects if k.startswith(target))
            items = "".join(f"<Contents><Key>{escape(k)}</Key></Contents>" for k in found)
            text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>"
            return 200, text.encode()
        if request.method == "PUT":
            world.objects[key] = request.body
            return 200, b""
        content = world.objects.get(key)
        return (200, content) if content is not None else (404, b"<Error><Code>NoSuchKey</Code></Error>")


def _ec2(world: World, instance: Instance, request: _Request) -> _Answer:
    given = {**request.query, **urllib.parse.parse_qs(request.body.decode())}
    action = given.get("Action", [""])[0]
    with world.lock:
        match action:
            case "AttachVolume":
                return _attach(world, instance, given)
            case "DescribeVolumes":
                return _describe_volumes(world, given)
            case "DescribeInstances":
                return _describe_instances(world)
    return 400, f"<Error><Code>InvalidAction</Code><Message>{escape(action)}</Message></Error>".encode()


def _attach(world: World, instance: Instance, given: Mapping[str, list[str]]) -> _Answer:
    volume = world.volumes.get(given["VolumeId"][0])
    target = given["InstanceId"][0]
    if volume is None or target != instance.id:
        return 400, b"<Error><Code>InvalidVolume.NotFound</Code></Error>"
    holder = world.instances.get(volume.instance or "")
    if holder and holder.state != "terminated":
        return 400, b"<Error><Code>VolumeInUse</Code><Message>already attached to an instance</Message></Error>"
    device = given["Device"][0]
    if any(v.instance == instance.id and v.device == device for v in world.volumes.values()):
        return (
            400,
            f"<Response><Errors><Error><Message>{device} already in use</Message></Error></Errors></Response>".encode(),
        )
    instance.attach(device.replace("/dev/sd", "/dev/xvd"), volume)
    volume.instance, volume.device = instance.id, device
    text = f"<AttachVolumeResponse><volumeId>{volume.id}</volumeId><status>attaching</status></AttachVolumeResponse>"
    return 200, text.encode()


def _describe_volumes(world: World, given: Mapping[str, list[str]]) -> _Answer:
    wanted = {value[0] for key, value in given.items() if key.startswith("VolumeId.")}
    items = "".join(
        f"<item><volumeId>{v.id}</volumeId><status>{'in-use' if v.instance else 'available'}</status><attachmentSet>"
        + (
            f"<item><instanceId>{v.instance}</instanceId><device>{v.device}</device><status>attached</status></item>"
            if v.instance and world.instances[v.instance].state != "terminated"
            else ""
        )
        + "</attachmentSet></item>"
        for v in world.volumes.values()
        if not wanted or v.id in wanted
    )
    return 200, f"<DescribeVolumesResponse><volumeSet>{items}</volumeSet></DescribeVolumesResponse>".encode()


def _describe_instances(world: World) -> _Answer:
    items = "".join(_described(world, i) for i in world.instances.values() if i.state == "running")
    return (
        200,
        f"<DescribeInstancesResponse><reservationSet>{items}</reservationSet></DescribeInstancesResponse>".encode(),
    )


def _described(world: World, instance: Instance) -> str:
    role = {"control-plane": "k8s.io/role/control-plane", "node": "k8s.io/role/node"}[instance.role]
    tags = {"KubernetesCluster": world.cluster, "kops.k8s.io/instancegroup": instance.group, role: "1"}
    tag_set = "".join(f"<item><key>{escape(k)}</key><value>{escape(v)}</value></item>" for k, v in tags.items())
    return (
        f"<item><reservationId>r-{instance.id[2:]}</reservationId><instancesSet><item><instanceId>{instance.id}</instanceId>"
        f"<instanceState><code>16</code><name>{instance.state}</name></instanceState>"
        f"<launchTime>2026-11-23T10:{instance.launched // 60:02d}:{instance.launched % 60:02d}.000Z</launchTime>"
        f"<privateDnsName>{instance.id}.{REGION}.compute.internal</privateDnsName>"
        f"<privateIpAddress>{instance.address}</privateIpAddress><tagSet>{tag_set}</tagSet></item></instancesSet></item>"
    )


def _signed(world: World, instance: Instance, request: _Request) -> bool:
    """Whether the request carries a correct AWS signature (version 4) by this machine's own credentials."""
    header = request.headers.get("authorization", "")
    if not header.startswith("AWS4-HMAC-SHA256 "):
        return False
    parts = dict(part.strip().split("=", 1) for part in header.split(" ", 1)[1].split(","))
    key, day, region, service, _ = parts["Credential"].split("/")
    secret, token = world.keys.get(key, ("", ""))
    digest = hashlib.sha256(request.body).hexdigest()
    if not secret or not key.endswith(instance.id[2:].upper()) or request.headers.get("x-amz-security-token") != token:
        return False
    if request.headers.get("x-amz-content-sha256", digest) != digest:
        return False
    names = parts["SignedHeaders"].split(";")
    query = "&".join(sorted(item if "=" in item else f"{item}=" for item in request.raw_query.split("&") if item))
    canonical = "\n".join(
        [
            request.method,
            request.path,
            query,
            *(f"{n}:{request.headers[n].strip()}" for n in names),
            "",
            ";".join(names),
            digest,
        ]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{hashed}"
    signing = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(signing, text.encode(), "sha256").hex(), parts["Signature"])


def namespace_file(name: str) -> Path:
    """Where `ip netns` keeps a namespace."""
    return Path("/run/netns") / name


def process_alive(pid: int) -> bool:
    """Whether a process that we started still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
