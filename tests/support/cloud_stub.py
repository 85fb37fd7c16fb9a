"""A cloud on a local port, for scripts that run for real: IMDSv2, S3, EC2 and a file server that fails on purpose.

Signatures are checked here by an independent implementation of SigV4; a request that is not signed right gets 403, and
is noted in `refused`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET, SESSION = "AKIATEST", "s3cr3t/with+signs=", "session//token=="  # not keys of anything
REGION = "eu-test-1"


@dataclass
class Cloud:
    """What the stub holds and has seen."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    """By bucket/key."""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By request path, used up from the front: 404, 500, truncated, corrupt, late."""
    facts: dict[str, str] = field(default_factory=dict)
    """IMDS, below /latest/."""
    volumes: dict[str, str | None] = field(default_factory=dict)
    """Which machine holds each volume."""
    machines: list[dict[str, str]] = field(default_factory=list)
    zones: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Hosted zones by id: name, and whether they are private."""
    records: dict[str, list[str]] = field(default_factory=dict)
    """By `<zone id> <type> <name>`."""
    busy_devices: set[str] = field(default_factory=set)
    warmed: list[str] = field(default_factory=list)
    """Groups whose machines said that they are prepared."""
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    page: int = 1000
    """Keys in one answer to a listing."""
    release: threading.Event = field(default_factory=threading.Event)
    """Ends answers that are late."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            "KOPS_IMDS": self.url,
            "KOPS_S3_ENDPOINT": f"{self.url}/s3",
            "KOPS_AUTOSCALING_ENDPOINT": f"{self.url}/autoscaling",
            "KOPS_EC2_ENDPOINT": f"{self.url}/ec2",
            "KOPS_ROUTE53_ENDPOINT": f"{self.url}/route53",
            "KOPS_BACKOFF": "0",
            "KOPS_STALL": "1",
        }


@contextmanager
def serve(cloud: Cloud) -> Iterator[Cloud]:
    """Run the stub; its port is in `cloud.port`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"cloud": cloud}))
    server.daemon_threads = True
    cloud.port = server.server_port
    cloud.facts |= {
        "meta-data/iam/security-credentials/": "the-role",
        "meta-data/iam/security-credentials/the-role": f'{{\n  "Code" : "Success",\n  "AccessKeyId" : "{KEY}",\n'
        f'  "SecretAccessKey" : "{SECRET}",\n  "Token" : "{SESSION}"\n}}',
        "meta-data/services/domain": "amazonaws.com",
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cloud
    finally:
        cloud.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    cloud: Cloud
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Tests look at `requests` instead."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        path = urlsplit(self.path).path
        self.cloud.requests.append(f"{self.command} {self.path}")
        status, content = self._content(path, body)
        fault = self.cloud.faults[path].pop(0) if self.cloud.faults[path] else ""
        if fault.isdigit():
            status, content = int(fault), b"<Error><Message>on purpose</Message></Error>"
        if fault == "corrupt":
            content = bytes(byte ^ 1 for byte in content)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if fault in {"truncated", "late"}:
            self.send_header("Connection", "close")
        self.end_headers()
        if fault == "late":
            self.wfile.write(content[:1])
            self.wfile.flush()
            self.cloud.release.wait(20)
            self.close_connection = True
            return
        self.wfile.write(content[: len(content) // 2] if fault == "truncated" else content)

    def _content(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path.startswith("/latest/"):
            return self._metadata(path.removeprefix("/latest/"))
        if path.startswith("/files/"):
            found = self.cloud.files.get(path.removeprefix("/files/"))
            return (404, b"") if found is None else (200, found)
        service = path.split("/")[1]
        if not self._signed(service, body):
            self.cloud.refused.append(self.path)
            return 403, b"<Error><Code>SignatureDoesNotMatch</Code><Message>bad signature</Message></Error>"
        query = dict(parse_qsl(urlsplit(self.path).query))
        if service == "route53":
            return self._route53(path.removeprefix("/route53/2013-04-01/"), query, body.decode())
        return self._s3(unquote(path.removeprefix("/s3/")), query, body) if service == "s3" else self._ec2(query)

    def _route53(self, path: str, query: dict[str, str], body: str) -> tuple[int, bytes]:
        """https://docs.aws.amazon.com/Route53/latest/APIReference/: two zones a page."""
        if self.command == "GET":
            ids = sorted(self.cloud.zones)
            start = int(query.get("marker", "0"))
            items = "".join(_zone(id_, *self.cloud.zones[id_]) for id_ in ids[start : start + 2])
            more = f"<NextMarker>{start + 2}</NextMarker>" if len(ids) > start + 2 else ""
            head = '<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
            return 200, f"{head}<HostedZones>{items}</HostedZones>{more}</ListHostedZonesResponse>".encode()
        zone = path.split("/")[1]
        if zone not in self.cloud.zones:
            return 404, b"<ErrorResponse><Error><Message>No hosted zone found</Message></Error></ErrorResponse>"
        name, kind = (re.search(f"<{tag}>(.*?)</{tag}>", body) for tag in ("Name", "Type"))
        assert name
        assert kind
        self.cloud.records[f"{zone} {kind[1]} {name[1]}"] = re.findall("<Value>(.*?)</Value>", body)
        return 200, b"<ChangeResourceRecordSetsResponse/>"

    def _metadata(self, path: str) -> tuple[int, bytes]:
        if path == "api/token":
            return (200, b"imds-token") if self.command == "PUT" else (405, b"")
        if self.headers.get("X-aws-ec2-metadata-token") != "imds-token":
            return 401, b""
        found = self.cloud.facts.get(path)
        return (404, b"") if found is None else (200, found.encode())

    def _s3(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.command == "PUT":
            self.cloud.objects[path] = body
            return 200, b""
        if "list-type" not in query:
            found = self.cloud.objects.get(path)
            return (403, b"<Error><Message>Access Denied</Message></Error>") if found is None else (200, found)
        keys = sorted(
            key.removeprefix(f"{path}/")
            for key in self.cloud.objects
            if key.startswith(f"{path}/{query.get('prefix', '')}")
        )
        start = int(query.get("continuation-token", "0 +/=").split()[0])
        shown, rest = keys[start : start + self.cloud.page], len(keys) > start + self.cloud.page
        more = f"<NextContinuationToken>{start + self.cloud.page} +/=</NextContinuationToken>" if rest else ""
        contents = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in shown)
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{path}</Name>{more}<IsTruncated>{str(rest).lower()}</IsTruncated>{contents}</ListBucketResult>"
        )
        return 200, text.encode()

    def _ec2(self, query: dict[str, str]) -> tuple[int, bytes]:
        match query["Action"]:
            case "DescribeVolumes":
                return 200, self._volume(query["VolumeId.1"]).encode()
            case "AttachVolume":
                return self._attach(query)
            case "CompleteLifecycleAction":
                self.cloud.warmed.append(query["AutoScalingGroupName"])
                return 200, b"<CompleteLifecycleActionResponse/>"
            case "DescribeInstances":
                return 200, self._instances().encode()
        return 400, b"<Response><Errors><Error><Message>no such action</Message></Error></Errors></Response>"

    def _volume(self, volume: str) -> str:
        holder = self.cloud.volumes[volume]
        held = (
            f"<item><volumeId>{volume}</volumeId><instanceId>{holder}</instanceId><device>/dev/sdf</device>"
            "<status>attached</status></item>"
            if holder
            else ""
        )
        attached = f"<attachmentSet>{held}</attachmentSet>" if held else "<attachmentSet/>"
        return (
            f"<DescribeVolumesResponse>\n  <volumeSet>\n    <item>\n <volumeId>{volume}</volumeId>{attached}"
            "</item></volumeSet></DescribeVolumesResponse>"
        )

    def _attach(self, query: dict[str, str]) -> tuple[int, bytes]:
        if query["Device"] in self.cloud.busy_devices:
            device = query["Device"]
            message = f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
            return (
                400,
                f"<Response><Errors><Error><Message>{escape(message)}</Message></Error></Errors></Response>".encode(),
            )
        self.cloud.volumes[query["VolumeId"]] = query["InstanceId"]
        return 200, b"<AttachVolumeResponse><status>attaching</status></AttachVolumeResponse>"

    def _instances(self) -> str:
        items = "".join(_instance(machine) for machine in self.cloud.machines)
        return (
            '<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<reservationSet><item><instancesSet>{items}</instancesSet></item></reservationSet></DescribeInstancesResponse>"
        )

    def _signed(self, service: str, body: bytes) -> bool:
        given = self.headers.get("Authorization") or ""
        scheme, _, rest = given.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        signed = parts.get("SignedHeaders", "").split(";")
        unsigned = {name.lower() for name in self.headers if name.lower().startswith("x-amz-")} - set(signed)
        if scheme != "AWS4-HMAC-SHA256" or unsigned or "host" not in signed:
            return False
        if self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return False
        if self.headers["x-amz-security-token"] != SESSION:
            return False
        scope = parts["Credential"].split("/", 1)[1]
        return parts["Credential"].startswith(f"{KEY}/") and parts["Signature"] == self._signature(
            service, scope, signed
        )

    def _signature(self, service: str, scope: str, signed: list[str]) -> str:
        split = urlsplit(self.path)
        pairs = parse_qsl(split.query, keep_blank_values=True)
        query = "&".join(sorted(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in pairs))
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in signed)
        canonical = "\n".join(
            (self.command, split.path, query, headers, ";".join(signed), self.headers["x-amz-content-sha256"])
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{digest}"
        key = f"AWS4{SECRET}".encode()
        region = "us-east-1" if service == "route53" else REGION
        for part in (self.headers["x-amz-date"][:8], region, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _zone(id_: str, name: str, private: bool) -> str:
    flag = str(private).lower()
    return (
        f"<HostedZone><Id>/hostedzone/{id_}</Id><Name>{name}.</Name><CallerReference>x</CallerReference>"
        f"<Config><PrivateZone>{flag}</PrivateZone></Config></HostedZone>"
    )


def _instance(machine: dict[str, str]) -> str:
    """As EC2 answers: nested items and tags around what is looked for."""
    network = (
        "<networkInterfaceSet><item><privateIpAddress>10.9.9.9</privateIpAddress><privateIpAddressesSet>"
        f"<item><privateIpAddress>{machine['address']}</privateIpAddress></item>"
        "<item><privateIpAddress>10.0.0.200</privateIpAddress></item></privateIpAddressesSet></item></networkInterfaceSet>"
    )
    return (
        f"<item><instanceId>{machine['id']}</instanceId><imageId>ami-1</imageId><instanceState><code>16</code>"
        f"<name>running</name></instanceState><privateDnsName>{machine['name']}</privateDnsName><dnsName/>"
        f"<launchTime>{machine['time']}</launchTime><privateIpAddress>{machine['address']}</privateIpAddress>"
        f"{'<ipAddress>' + machine['public'] + '</ipAddress>' if 'public' in machine else ''}"
        "<tagSet><item><key>Name</key><value>a &amp; b</value></item><item>"
        f"<key>kops.k8s.io/instancegroup</key><value>{machine['group']}</value></item></tagSet>{network}</item>"
    )
