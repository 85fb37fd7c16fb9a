#!/usr/bin/python3
"""Stands in for the kubelet on a machine of the end-to-end tests: runs static pods, without a container runtime.

A container gets what the kubelet and a runtime would give it and nothing more: a root of its own with the image's
program, the volumes that its manifest mounts (read-only where it says so), the machine's hosts file as a copy from the
time of its start unless the manifest mounts it, the user and group of its security context, exactly the command line
of the manifest. What ends is started again; what leaves the directory or changes is ended. Liveness probes are obeyed.
Registers its Node with the credentials in its kubeconfig. Runs with the distribution's Python and PyYAML.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import http.client
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import yaml

MANIFESTS = Path("/etc/kubernetes/manifests")
PROGRAMS = Path(os.environ.get("KOPS_E2E_PROGRAMS", "/opt/e2e/bin"))
PODS = Path("/run/e2e-pods")
LOGS = Path("/var/log/pods")
PKI = Path("/var/lib/kubelet/pki")
_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_PRIVATE, _MS_REMOUNT, _MS_RDONLY = 0x20000, 0x1000, 0x4000, 0x40000, 0x20, 0x1
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_PR_CAPBSET_DROP, _LAST_CAPABILITY = 24, 40
_CAPABILITIES = {
    "CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "FSETID": 4, "KILL": 5, "SETGID": 6, "SETUID": 7, "SETPCAP": 8,
    "NET_BIND_SERVICE": 10, "NET_RAW": 13, "SYS_CHROOT": 18, "MKNOD": 27, "AUDIT_WRITE": 29, "SETFCAP": 31,
}  # fmt: skip
"""What a container runtime leaves to root by default, by number."""
_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, flags: int, kind: str = "", options: str = "") -> None:
    if _libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    ):
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}")


class Container:
    """One container of a static pod."""

    def __init__(self, pod: dict, spec: dict) -> None:
        self.pod, self.spec = pod, spec
        self.name = f"{pod['metadata']['name']}_{spec['name']}"
        self.pid_file = PODS / f"{self.name}.pid"
        self.root = PODS / self.name
        self.process: subprocess.Popen[bytes] | None = None
        self.started = self.next_start = self.next_probe = 0.0
        self.starts = self.failures = 0

    def start(self) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        log = (LOGS / f"{self.name}.log").open("ab")
        command = [*self.spec["command"], *self.spec.get("args", [])]
        values = {item["name"]: str(item.get("value", "")) for item in self.spec.get("env", [])}
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOSTNAME": os.uname().nodename, **values}
        command = [expand(word, environment) for word in command]
        self.prepare()
        print(f"start {self.name}: {' '.join(command)}", flush=True)
        order = json.dumps({"pod": self.pod, "container": self.spec["name"], "command": command})
        inside = [sys.executable, __file__, "--enter", order]
        self.process = subprocess.Popen(inside, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.pid_file.write_text(str(self.process.pid))
        self.started = time.monotonic()
        self.starts += 1

    def prepare(self) -> None:
        root = self.root
        for path in ("proc", "dev", "etc", "tmp", "usr/local/bin", *(p.lstrip("/") for p in _LIBRARIES)):
            (root / path).mkdir(parents=True, exist_ok=True)
        (root / "etc/hosts").write_text(Path("/etc/hosts").read_text())
        (root / "etc/resolv.conf").touch()
        (root / "etc/passwd").write_text("root:x:0:0::/:/sbin/nologin\n")
        (root / "tmp").chmod(0o1777)

    def enter(self) -> None:
        """In the container's process: a mount namespace with its file system, and its user."""
        root = self.root
        os.setsid()
        if _libc.unshare(_CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        mount("none", "/", _MS_REC | _MS_PRIVATE)
        mount(str(root), str(root), _MS_BIND)
        for path in (*_LIBRARIES, "/proc", "/dev"):
            if Path(path).is_dir():
                mount(path, f"{root}{path if path == '/lib64' else os.path.realpath(path)}", _MS_BIND | _MS_REC)
        for path in ("/lib", "/lib64"):
            if Path(path).is_symlink():
                mount(os.path.realpath(path), f"{root}{path}", _MS_BIND | _MS_REC)
        mount(str(PROGRAMS), f"{root}/usr/local/bin", _MS_BIND)
        volumes = {volume["name"]: volume for volume in self.pod["spec"].get("volumes", [])}
        context = {**self.pod["spec"].get("securityContext", {}), **self.spec.get("securityContext", {})}
        for item in self.spec.get("volumeMounts", []):
            self.mount_volume(root, volumes[item["name"]], item)
        if context.get("readOnlyRootFilesystem"):
            mount("none", str(root), _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
        os.chroot(root)
        os.chdir(self.spec.get("workingDir", "/"))
        drop_capabilities(context.get("capabilities", {}))
        os.setgroups(context.get("supplementalGroups", []))
        os.setgid(context.get("runAsGroup", 0))
        os.setuid(context.get("runAsUser", 0))

    def mount_volume(self, root: Path, volume: dict, item: dict) -> None:
        target = Path(f"{root}{item['mountPath']}")
        if "hostPath" not in volume:
            target.mkdir(parents=True, exist_ok=True)
            mount("tmpfs", str(target), 0, "tmpfs")
            return
        source, kind = Path(volume["hostPath"]["path"]), volume["hostPath"].get("type", "")
        if kind == "DirectoryOrCreate":
            source.mkdir(parents=True, exist_ok=True)
        if kind == "FileOrCreate" and not source.exists():
            source.touch()
        if (
            not source.exists()
            or (kind.startswith("Directory") and not source.is_dir())
            or (kind.startswith("File") and not source.is_file())
        ):
            raise FileNotFoundError(f"hostPath {source} ({kind})")
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        mount(str(source), str(target), _MS_BIND | _MS_REC)
        if item.get("readOnly"):
            mount("none", str(target), _MS_BIND | _MS_REMOUNT | _MS_RDONLY)

    def tend(self) -> None:
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start:
                try:
                    self.start()
                except (OSError, subprocess.SubprocessError) as error:
                    self.ended(f"cannot start: {error}")
            return
        code = self.process.poll()
        if code is not None:
            self.process = None
            self.ended(f"ended with {code}")
        elif now >= self.next_probe:
            self.probe(now)

    def ended(self, how: str) -> None:
        self.pid_file.unlink(missing_ok=True)
        lived = time.monotonic() - self.started if self.started else 0.0
        pause = 1.0 if lived > 60 else min(10.0, 1.0 * 2 ** min(self.starts, 4))
        self.next_start = time.monotonic() + pause
        print(f"{self.name}: {how}; again in {pause:.0f} s", flush=True)

    def probe(self, now: float) -> None:
        probe = self.spec.get("startupProbe") if not getattr(self, "passed", False) else self.spec.get("livenessProbe")
        probe = probe or self.spec.get("livenessProbe")
        if not probe or "httpGet" not in probe or now - self.started < probe.get("initialDelaySeconds", 0):
            return
        self.next_probe = now + probe.get("periodSeconds", 10)
        if answers(probe["httpGet"], self.spec, probe.get("timeoutSeconds", 1)):
            self.failures, self.passed = 0, True
            return
        self.failures += 1
        if self.failures >= probe.get("failureThreshold", 3):
            print(f"{self.name}: {self.failures} probes failed; killed", flush=True)
            self.failures, self.passed = 0, False
            self.stop(0)

    def stop(self, grace: float) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(grace, 0.1))
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self.pid_file.unlink(missing_ok=True)


def drop_capabilities(wanted: dict) -> None:
    """Leave what the runtime leaves to a container with these settings, from the next program on."""
    dropped, added = wanted.get("drop", []), wanted.get("add", [])
    kept = set() if "ALL" in dropped else {name for name in _CAPABILITIES if name not in dropped}
    numbers = {_CAPABILITIES[name] for name in kept | {name for name in added if name in _CAPABILITIES}}
    for number in range(_LAST_CAPABILITY + 1):
        if number not in numbers:
            _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


def expand(word: str, environment: dict[str, str]) -> str:
    """$(NAME) in a command line, as Kubernetes reads it."""
    for name, value in environment.items():
        word = word.replace(f"$({name})", value)
    return word


def answers(get: dict, container: dict, timeout: float) -> bool:
    ports = {port.get("name"): port["containerPort"] for port in container.get("ports", [])}
    port = ports.get(get["port"], get["port"])
    host = get.get("host", "127.0.0.1")
    if get.get("scheme", "HTTP") == "HTTPS":
        connection = http.client.HTTPSConnection(
            host, int(port), timeout=timeout, context=ssl._create_unverified_context()
        )
    else:
        connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request("GET", get.get("path", "/"))
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Pods:
    """The static pods of the directory."""

    def __init__(self) -> None:
        self.texts: dict[Path, bytes] = {}
        self.containers: dict[Path, list[Container]] = {}

    def read(self) -> None:
        found = (
            {p: p.read_bytes() for p in sorted(MANIFESTS.glob("*.y*ml")) if not p.name.startswith(".")}
            if MANIFESTS.is_dir()
            else {}
        )
        for path in [p for p in self.texts if found.get(p) != self.texts[p]]:
            for container in self.containers.pop(path, []):
                print(f"stop {container.name}", flush=True)
                container.stop(5)
            del self.texts[path]
        for path, text in found.items():
            if path not in self.texts:
                pod = yaml.safe_load(text)
                self.texts[path] = text
                self.containers[path] = [Container(pod, spec) for spec in pod["spec"]["containers"]]

    def tend(self) -> None:
        self.read()
        for containers in self.containers.values():
            for container in containers:
                container.tend()

    def stop(self) -> None:
        for containers in self.containers.values():
            for container in containers:
                container.stop(2)


def credentials(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    """The server's host and port, and the client's certificate, of a kubeconfig."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    if "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
    else:
        with tempfile.NamedTemporaryFile(dir="/run") as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
            pair.flush()
            context.load_cert_chain(pair.name)
    return cluster["server"].removeprefix("https://").split("/")[0], context


class Registration:
    """The Node object, made and kept Ready with the kubelet's own credentials."""

    def __init__(self, options: dict[str, str]) -> None:
        self.options, self.next_try, self.name = options, 0.0, ""

    def run(self) -> None:
        """For ever, beside the pods."""
        while True:
            self.tend()
            time.sleep(0.3)

    def tend(self) -> None:
        now = time.monotonic()
        if now < self.next_try:
            return
        self.next_try = now + 3
        kubeconfig = Path(self.options.get("kubeconfig", ""))
        try:
            if not kubeconfig.is_file():
                self.bootstrap(Path(self.options.get("bootstrap-kubeconfig", "")), kubeconfig)
            elif self.register(kubeconfig):
                self.next_try = now + 30
                self.serving(kubeconfig)
        except (OSError, http.client.HTTPException, KeyError, ValueError, subprocess.SubprocessError) as error:
            print(f"node: {error!r}", flush=True)

    def bootstrap(self, source: Path, kubeconfig: Path) -> None:
        """A client certificate for a bootstrap token, as kubelets ask for it."""
        if not source.is_file():
            return
        config = yaml.safe_load(source.read_text())
        cluster, token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        name = self.options.get("hostname-override") or os.uname().nodename
        pair = self.signed(
            cluster["server"].removeprefix("https://").split("/")[0], context, {"Authorization": f"Bearer {token}"},
            "kubernetes.io/kube-apiserver-client-kubelet", f"/O=system:nodes/CN=system:node:{name}", "", "client auth",
        )  # fmt: skip
        certificate = PKI / "kubelet-client-current.pem"
        certificate.write_text(pair)
        certificate.chmod(0o600)
        user = {"client-certificate": str(certificate), "client-key": str(certificate)}
        config["users"] = [{"name": "default-auth", "user": user}]
        config["contexts"] = [
            {"name": "default", "context": {"cluster": config["clusters"][0]["name"], "user": "default-auth"}}
        ]
        config["current-context"] = "default"
        kubeconfig.write_text(yaml.safe_dump(config))
        kubeconfig.chmod(0o600)

    def serving(self, kubeconfig: Path) -> None:
        """A serving certificate, once: a control plane has to approve it."""
        target = PKI / "kubelet-server-current.pem"
        if target.is_file() or not yaml.safe_load(Path(self.options["config"]).read_text()).get("serverTLSBootstrap"):
            return
        host, context = credentials(kubeconfig)
        name = self.options.get("hostname-override") or os.uname().nodename
        names = f"DNS:{name},IP:{self.address()}"
        target.write_text(
            self.signed(
                host,
                context,
                {},
                "kubernetes.io/kubelet-serving",
                f"/O=system:nodes/CN=system:node:{name}",
                names,
                "server auth",
            )
        )

    def address(self) -> str:
        """The node's own, as in its status."""
        if self.options.get("node-ip"):
            return self.options["node-ip"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("10.77.0.1", 9))
            return str(probe.getsockname()[0])

    def signed(
        self,
        host: str,
        context: ssl.SSLContext,
        headers: dict[str, str],
        signer: str,
        subject: str,
        names: str,
        usage: str,
    ) -> str:
        """A new key and its certificate, signed by the cluster within a minute."""
        PKI.mkdir(parents=True, exist_ok=True)
        key = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            capture_output=True,
            check=True,
        ).stdout
        extension = ["-addext", f"subjectAltName={names}"] if names else []
        request = subprocess.run(
            ["openssl", "req", "-new", "-key", "/dev/stdin", "-subj", subject, *extension],
            input=key,
            capture_output=True,
            check=True,
        ).stdout
        spec = {
            "request": base64.b64encode(request).decode(),
            "signerName": signer,
            "usages": ["digital signature", usage],
        }
        body = {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"generateName": "csr-"},
            "spec": spec,
        }
        path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
        made = self.ask(host, context, "POST", path, headers, json.dumps(body))
        for _ in range(60):
            found = self.ask(host, context, "GET", f"{path}/{made['metadata']['name']}", headers)
            if found.get("status", {}).get("certificate"):
                return key.decode() + base64.b64decode(found["status"]["certificate"]).decode()
            time.sleep(1)
        raise ValueError(f"{signer} did not sign {made['metadata']['name']}")

    def ask(
        self,
        host: str,
        context: ssl.SSLContext,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str | None = None,
    ) -> dict:
        connection = http.client.HTTPSConnection(host, timeout=10, context=context)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ValueError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def register(self, kubeconfig: Path) -> bool:
        host, context = credentials(kubeconfig)
        name = self.options.get("hostname-override") or os.uname().nodename
        status = self.call(host, context, "POST", "/api/v1/nodes", self.node(name))
        if status in {201, 409}:
            addresses = [{"type": "InternalIP", "address": self.address()}, {"type": "Hostname", "address": name}]
            conditions = [{"type": "Ready", "status": "True", "reason": "E2E"}]
            body = json.dumps({"status": {"conditions": conditions, "addresses": addresses}})
            return self.call(host, context, "PATCH", f"/api/v1/nodes/{name}/status", body) == 200
        print(f"registering {name}: {status}", flush=True)
        return False

    def node(self, name: str) -> str:
        labels = dict(pair.split("=", 1) for pair in self.options.get("node-labels", "").split(",") if pair)
        taints = [
            {"key": t.split("=")[0], "value": t.split("=")[1].split(":")[0], "effect": t.split(":")[1]}
            for t in self.options.get("register-with-taints", "").split(",")
            if "=" in t
        ]
        taints += yaml.safe_load(Path(self.options["config"]).read_text()).get("registerWithTaints") or []
        metadata = {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **labels}}
        return json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": taints}})

    def call(self, host: str, context: ssl.SSLContext, method: str, path: str, body: str) -> int:
        kind = "application/strategic-merge-patch+json" if method == "PATCH" else "application/json"
        connection = http.client.HTTPSConnection(host, timeout=10, context=context)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            return connection.getresponse().status
        finally:
            connection.close()


def healthz() -> None:
    """The kubelet's own health endpoint, which kubeadm may wait for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 10248), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def enter(order: dict) -> None:
    """Become a container's program: run in a process of its own, because this one has threads."""
    spec = next(spec for spec in order["pod"]["spec"]["containers"] if spec["name"] == order["container"])
    Container(order["pod"], spec).enter()
    os.execvp(order["command"][0], order["command"])  # noqa: S606 (as a container runtime does)


def main() -> None:
    if sys.argv[1:2] == ["--enter"]:
        enter(json.loads(sys.argv[2]))
    if "--version" in sys.argv:
        print(f"Kubernetes {os.environ.get('KOPS_E2E_VERSION', 'v1.34.2')}")
        return
    options = {key: value for key, _, value in (word.lstrip("-").partition("=") for word in sys.argv[1:])}
    PODS.mkdir(parents=True, exist_ok=True)
    pods, node, running = Pods(), Registration(options), True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    healthz()
    threading.Thread(target=node.run, daemon=True).start()
    while running:
        pods.tend()
        time.sleep(0.3)
    pods.stop()


if __name__ == "__main__":
    main()
