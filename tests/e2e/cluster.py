"""A planned cluster on machines that boot: what Pulumi would create, in a `Datacenter` and the stub of the cloud.

Everything that a machine gets is rendered by the pipeline from `cluster.yaml`: user data, bundles, the store's objects.
Only downloads are exchanged: the programs are those that `make e2e` built (kubelet and containerd are stand-ins), so
their digests are others, and packages of the distribution that the machine's image lacks are not installed.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kops_pulumi import bootstrap, clouds, kubeconfig, pipeline
from kops_pulumi.bootstrap import bundle
from kops_pulumi.bootstrap.node import Asset
from kops_pulumi.model import Group, Role
from kops_pulumi.plan.store import CLUSTER_CA
from tests.e2e import pki
from tests.e2e.machines import Datacenter, Failed, Machine, run, until
from tests.e2e.stub_cloud import ASSETS, NAMES, Instance, Volume, World, namespace_file, serve

HERE = Path(__file__).parent
BALANCER = "api.e2e.test"
"""What the cloud would call the API's load balancer."""
_SCRIPT = "#!/bin/sh\n# A stand-in of the end-to-end tests.\n"
_CONTAINERD = """\
#!/usr/bin/python3
# Stands in for containerd: says that it is ready, and waits.
import os, signal, socket
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
    there.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
signal.pause()
"""
_CRICTL = """\
#!/usr/bin/python3
# Stands in for crictl: lists and stops what stub_kubelet.py runs. A container's id is its pod's name and its own.
import os, pathlib, signal, socket, sys
files = {file.stem: file for file in pathlib.Path("/run/e2e-pods").glob("*.pid")}
verb, words = sys.argv[1], sys.argv[2:]
if verb == "ps":
    asked = [word.partition("=")[2] for word in words if word.startswith("io.kubernetes.pod.name=")]
    pods = [pod.removesuffix("-" + socket.gethostname()) for pod in asked]
    names = [words[place + 1] for place, word in enumerate(words) if word == "--name"]
    for identifier in files:
        pod, name = identifier.split("_")
        if pod in (pods or [pod]) and name in (names or [name]):
            print(identifier)
elif verb == "stop":
    for identifier in words:
        os.kill(int(files[identifier].read_text()), signal.SIGTERM)
"""
_STAND_INS: Mapping[str, Mapping[str, str]] = {
    "containerd": {"bin/containerd": _CONTAINERD, "bin/ctr": _SCRIPT, "bin/containerd-shim-runc-v2": _SCRIPT},
    "cni-plugins": {"loopback": _SCRIPT, "bridge": _SCRIPT},
    "crictl": {"crictl": _CRICTL},
    "runc": {"runc": _SCRIPT},
}
_KERNEL = {
    # Kernel settings are this computer's, not the machine's: they are written down instead.
    "/usr/local/sbin/sysctl": (f'{_SCRIPT}echo sysctl "$@" >>/var/log/e2e-kernel\n', 0o755),
    "/usr/local/sbin/modprobe": (f'{_SCRIPT}echo modprobe "$@" >>/var/log/e2e-kernel\n', 0o755),
    "/usr/local/sbin/swapoff": (f'{_SCRIPT}echo swapoff "$@" >>/var/log/e2e-kernel\n', 0o755),
}


@dataclass
class Cluster:
    """The cluster and everything that it runs on."""

    programs: Path
    site: Datacenter
    planned: pipeline.Planned
    world: World
    pki: pki.Pki
    groups: dict[str, Group] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    """The present machine of each group."""
    authority: pki.Authority = field(default_factory=lambda: pki.authority("e2e-cloud"))
    made: int = 0

    @classmethod
    def create(cls, programs: Path) -> Cluster:
        """What an update creates, but for the machines."""
        planned = pipeline.load([HERE / "cluster.yaml"])
        site = Datacenter.open()
        world = World(planned.plan.name, planned.plan.store)
        self = cls(programs, site, planned, world, pki.make(planned.plan))
        try:
            self._store()
            self._serve()
            for etcd in planned.plan.etcd:
                for member in etcd.members:
                    identifier = self.volume_id(etcd.name, member.name)
                    world.volumes[identifier] = site.volume(identifier)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        self.site.close()

    def volume_id(self, etcd: str, member: str) -> str:
        return f"vol-0{etcd}{member}"

    def volumes(self, group: str) -> list[Volume]:
        """The data volumes of a group's machine."""
        members = [(e.name, m.name) for e in self.planned.plan.etcd for m in e.members if m.group == group]
        return [self.world.volumes[self.volume_id(*member)] for member in members]

    def _store(self) -> None:
        plan, full = self.planned.plan, self.planned.full
        cloud = clouds.get(plan.cloud)
        for path, content in self.pki.objects(plan).items():
            self.world.put(path, content)
        for group in plan.groups:
            node = bootstrap.build(plan, full, group, cloud)
            ours = tuple(self._asset(asset) for asset in node.assets)
            image = tuple(package for package in node.packages if package == "openssl")
            content = bundle.bundle(dataclasses.replace(node, assets=ours, packages=image)).archive()
            digest = hashlib.sha256(content).hexdigest()
            assert group.bundle is not None
            assert group.user_data is not None
            text = group.user_data.text.replace(group.bundle.sha256, digest)
            self.world.put(group.bundle.path.replace(group.bundle.sha256, digest), content)
            self.groups[group.name] = dataclasses.replace(
                group, user_data=dataclasses.replace(group.user_data, text=text)
            )

    def _asset(self, asset: Asset) -> Asset:
        content = self._archive(asset) if asset.archive else self._program(asset.name)
        file = self.site.directory / f"asset-{asset.name}"
        file.write_bytes(content)
        self.world.assets[f"/{asset.name}"] = file
        urls = {"amd64": (f"https://{ASSETS}/{asset.name}",)}
        return dataclasses.replace(
            asset, urls=urls, sha256={"amd64": hashlib.sha256(content).hexdigest()}, checksums={}
        )

    def _program(self, name: str) -> bytes:
        if name == "kubelet":
            return (HERE / "stub_kubelet.py").read_bytes()
        stand_in = _STAND_INS.get(name)
        return next(iter(stand_in.values())).encode() if stand_in else (self.programs / name).read_bytes()

    def _archive(self, asset: Asset) -> bytes:
        inside = _STAND_INS.get(asset.name) or dict.fromkeys(asset.members.get("amd64", ()), "")
        buffer = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            for name, text in inside.items():
                content = text.encode() or (self.programs / Path(name).name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o755
                tar.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()

    def _serve(self) -> None:
        server = pki.leaf(self.authority, "stub", names=NAMES)
        file = self.site.directory / "stub.pem"
        file.write_text(server.certificate + server.key)
        serve(self.world, namespace_file(self.site.name), file)

    def boot(self, group: str) -> Machine:
        """The cloud starts a machine of a group, at an address of its own."""
        self.made += 1
        machine = Machine(self.site, f"i-0e2e{self.made:04d}", f"10.77.{self.made}.10")
        plan = self.groups[group]
        assert plan.user_data is not None
        text = re.sub(r"@late\(([^)]*)\)@", lambda mark: self._late(mark[1]), plan.user_data.text)
        machine.image(text, _KERNEL, self.authority.certificate)
        instance = Instance(machine.id, group, plan.role.value, machine.address, machine.attach, launched=self.made)
        self.world.instances[machine.id] = instance
        self.machines[group] = machine
        machine.boot(self.programs)
        return machine

    def _late(self, name: str) -> str:
        kind, _, key = name.partition(".")
        return self.volume_id(*key.split("/")) if kind == "volume" else BALANCER

    def lose(self, group: str) -> None:
        """A machine is gone, and the cloud has noticed: its volumes can be attached elsewhere."""
        machine = self.machines.pop(group)
        machine.kill()
        self.world.instances[machine.id].state = "terminated"

    def group_names(self, role: Role) -> list[str]:
        return [name for name, group in self.groups.items() if group.role is role]

    def wait_ready(self, *groups: str, seconds: float = 420) -> None:
        """Until the boot of these groups' machines is complete."""
        for group in groups:
            machine = self.machines[group]

            def booted(machine: Machine = machine) -> bool:
                return machine.run("systemctl", "is-active", "kops-boot.service", check=False).strip() == "active"

            try:
                until(f"{group} has booted", booted, seconds, 1)
            except Failed as error:
                raise Failed(
                    f"{error}\n{machine.journal('kops-boot.service', 'kubelet.service', 'cloud-final.service')}"
                ) from None

    def admin(self, address: str) -> Path:
        """A kubeconfig as `export kubeconfig --admin` makes it, for the API at an address."""
        client = pki.leaf(self.pki.authorities[CLUSTER_CA], "kops-pulumi-admin", ["system:masters"])
        access = kubeconfig.Access(
            self.planned.plan.name,
            f"https://{address}",
            self.pki.authorities[CLUSTER_CA].certificate,
            client.certificate,
            client.key,
        )
        file = self.site.directory / f"kubeconfig-{address}"
        file.write_text(
            kubeconfig.text(access).replace(
                f"server: https://{address}", f"server: https://{address}\n    tls-server-name: kubernetes"
            )
        )
        return file

    def kubectl(self, address: str, *arguments: str, check: bool = True, data: str | None = None) -> str:
        """kubectl as the administrator, from the cluster's network, against one API server."""
        command = [
            "ip",
            "netns",
            "exec",
            self.site.name,
            self.programs / "kubectl",
            f"--kubeconfig={self.admin(address)}",
        ]
        return run(*command, "--request-timeout=20s", *arguments, check=check, data=data)

    def etcdctl(self, group: str, etcd: str, *arguments: str, check: bool = True) -> str:
        """Etcdctl on a control plane, with its certificates."""
        node = next(e for e in self.planned.plan.etcd if e.name == etcd)
        keys = f"/etc/kubernetes/pki/etcd/{etcd}/client"
        return self.machines[group].run(
            "etcdctl", f"--endpoints=https://127.0.0.1:{node.client_port}",
            "--cacert=/etc/kubernetes/pki/etcd/etcd-clients-ca.crt",
            f"--cert={keys}.crt", f"--key={keys}.key", *arguments, check=check,
        )  # fmt: skip
