"""Machines that boot: a real systemd in namespaces of its own, on a copy-on-write view of this computer's root.

A `Datacenter` is one network namespace with a bridge (the cloud and every machine are on it; nothing is on the host's
network) and a directory. A `Machine` is systemd-nspawn's container in a namespace joined to that bridge: it boots,
cloud-init reads its user data, and it can be killed like a machine that loses power. A volume is a loop device.
All of it is removed by `close`, by the process ids and names that were made here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.stub_cloud import METADATA, NAMES, Volume

GATEWAY = "10.77.0.1"
HIDDEN = ("/root", "/work", "/home", "/mnt", "/var/lib/etcd")
"""Not part of a fresh machine's image: empty there."""
_MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "logrotate.timer", "man-db.timer", "systemd-networkd.service", "systemd-resolved.service",
    "systemd-networkd-wait-online.service", "ssh.service", "console-getty.service", "systemd-udevd.service",
    "systemd-timesyncd.service",
)  # fmt: skip
_CLOUD_INIT = """\
datasource_list: [NoCloud]
network: {config: disabled}
cloud_init_modules: [write_files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts_user]
system_info: {distro: debian}
"""


class Failed(AssertionError):  # noqa: N818 (it reads as a sentence: until … or Failed)
    """A command on a machine failed."""


def run(*command: str | Path, check: bool = True, timeout: float = 60, data: str | None = None) -> str:
    """Run a command here; its output, or Failed with both of its streams."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        text=True,
        timeout=timeout,
        input=data,
        errors="replace",
    )
    if check and done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def until(what: str, true: Callable[[], object], seconds: float, pause: float = 0.5) -> float:
    """Wait until `true` gives something true; how long it took, or Failed with the last error."""
    began, last = time.monotonic(), ""
    while time.monotonic() - began < seconds:
        try:
            if true():
                return time.monotonic() - began
        except (Failed, subprocess.TimeoutExpired, OSError, ValueError) as error:
            last = str(error)
        time.sleep(pause)
    raise Failed(f"not within {seconds:.0f} s: {what}\n{last}")


@dataclass
class Datacenter:
    """The network, the disks and the directory of one test run."""

    directory: Path
    name: str = ""
    machines: list[Machine] = field(default_factory=list)
    loops: dict[str, str] = field(default_factory=dict)
    """Loop device by volume id."""

    @classmethod
    def open(cls) -> Datacenter:
        directory = Path(tempfile.mkdtemp(prefix="kops-e2e-", dir="/var/tmp"))
        self = cls(directory, directory.name)
        run("ip", "netns", "add", self.name)
        for line in (
            "link set lo up",
            f"addr add {METADATA}/32 dev lo",
            "link add br0 type bridge",
            f"addr add {GATEWAY}/16 dev br0",
            "link set br0 up",
        ):
            self.ip(line)
        return self

    def ip(self, line: str) -> None:
        """Configure the cloud's own end of the network."""
        run("ip", "-n", self.name, *line.split())

    def volume(self, identifier: str, megabytes: int = 512) -> Volume:
        """A blank disk, in memory: what is tested is not this computer's disk."""
        file = Path("/dev/shm") / f"{self.name}-{identifier}"
        with file.open("wb") as blank:
            blank.truncate(megabytes << 20)
        self.loops[identifier] = run("losetup", "--find", "--show", file).strip()
        return Volume(identifier, file)

    def wipe(self, volume: Volume) -> None:
        """What a lost disk's replacement has under the same id: nothing."""
        loop = self.loops[volume.id]
        until(f"nobody uses {loop}", lambda: run("blkdiscard", "--force", loop, check=True) is not None, 30)

    def close(self) -> None:
        """End and remove everything."""
        for machine in list(self.machines):
            with contextlib.suppress(Failed, OSError):
                machine.kill()
        for identifier, loop in self.loops.items():
            with contextlib.suppress(Failed):
                run("losetup", "--detach", loop)
            (Path("/dev/shm") / f"{self.name}-{identifier}").unlink(missing_ok=True)
        with contextlib.suppress(Failed):
            run("ip", "netns", "delete", self.name)
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass
class Machine:
    """One machine, from power on to power off."""

    site: Datacenter
    id: str
    address: str
    process: subprocess.Popen[bytes] | None = None
    leader: int = 0

    @property
    def directory(self) -> Path:
        return self.site.directory / self.id

    @property
    def root(self) -> Path:
        return self.directory / "root"

    @property
    def netns(self) -> str:
        return f"{self.site.name}-{self.id}"

    def image(self, user_data: str, files: dict[str, tuple[str, int]], authority: str) -> None:
        """Its disk: this computer's root as it is, and what the cloud gives a new machine."""
        for name in ("root", "upper", "work"):
            (self.directory / name).mkdir(parents=True)
        layers = f"lowerdir=/,upperdir={self.directory}/upper,workdir={self.directory}/work"
        run("mount", "-t", "overlay", "overlay", "-o", layers, self.root)
        shutil.rmtree(self.root / "var/lib/cloud", ignore_errors=True)
        shutil.rmtree(self.root / "etc/kubernetes", ignore_errors=True)
        hosts = f"127.0.0.1 localhost\n::1 localhost\n{GATEWAY} {' '.join(NAMES)}\n"
        given = {
            "/etc/hosts": (hosts, 0o644),
            "/etc/hostname": (f"{self.id}\n", 0o644),
            "/etc/machine-id": ("", 0o644),
            "/etc/fstab": ("", 0o644),
            "/etc/cloud/cloud.cfg.d/99-e2e.cfg": (_CLOUD_INIT, 0o644),
            "/var/lib/cloud/seed/nocloud/user-data": (user_data, 0o600),
            "/var/lib/cloud/seed/nocloud/meta-data": (f"instance-id: {self.id}\n", 0o644),
            **files,
        }
        for path, (text, mode) in given.items():
            self.write(path, text, mode)
        with (self.root / "etc/ssl/certs/ca-certificates.crt").open("a") as bundle:
            bundle.write(authority)
        for unit in _MASKED:
            mask = self.root / "etc/systemd/system" / unit
            mask.parent.mkdir(parents=True, exist_ok=True)
            if not mask.exists():
                mask.symlink_to("/dev/null")

    def write(self, path: str, text: str, mode: int) -> None:
        file = Path(f"{self.root}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def boot(self, programs: Path) -> None:
        """Power on."""
        self._connect()
        console = (self.directory / "console.log").open("ab")
        hidden = [f"--tmpfs={path}" for path in HIDDEN if Path(path).is_dir()]
        self.process = subprocess.Popen(
            [
                "systemd-nspawn", "--quiet", f"--directory={self.root}",
                f"--network-namespace-path=/run/netns/{self.netns}",
                "--register=no", "--keep-unit", f"--machine={self.id}", "--console=read-only", "--resolv-conf=off",
                "--timezone=off", "--link-journal=no", f"--bind-ro={programs}:/opt/e2e/bin", *hidden, "--boot", "--",
                "systemd.unit=multi-user.target",
            ],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_LOG_LEVEL": "warning"},
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
        )  # fmt: skip
        console.close()
        self.site.machines.append(self)
        until(f"{self.id} has started", self._find_leader, 30, 0.1)

    def _connect(self) -> None:
        run("ip", "netns", "add", self.netns)
        port = f"m{self.address.replace('.', '')[-8:]}"
        run(
            "ip", "-n", self.site.name, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", self.netns
        )
        self.site.ip(f"link set {port} master br0 up")
        for line in (
            "link set lo up",
            f"addr add {self.address}/16 dev eth0",
            "link set eth0 up",
            f"route add default via {GATEWAY}",
        ):
            run("ip", "-n", self.netns, *line.split())

    def _find_leader(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise Failed((self.directory / "console.log").read_text())
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                self.leader = int(child)
                return True
        return False

    def command(self, *command: str) -> list[str]:
        """A command line that runs `command` on the machine."""
        return [
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wd",
            *command,
        ]

    def run(self, *command: str, check: bool = True, timeout: float = 60, data: str | None = None) -> str:
        """Run a command on the machine."""
        return run(*self.command(*command), check=check, timeout=timeout, data=data)

    def shell(self, script: str, *, check: bool = True, timeout: float = 60) -> str:
        """Run a script on the machine, as its administrator would."""
        return self.run("bash", "-c", script, check=check, timeout=timeout)

    def attach(self, device: str, volume: Volume) -> None:
        """A disk appears: the same one as this computer's loop device."""
        number = Path(self.site.loops[volume.id]).stat().st_rdev
        node = Path(f"/proc/{self.leader}/root{device}")
        node.unlink(missing_ok=True)
        os.mknod(node, 0o600 | 0o060000, number)

    def journal(self, *units: str, lines: int = 200) -> str:
        """What was logged, for messages of failed tests."""
        chosen = [f"--unit={unit}" for unit in units]
        return self.run(
            "journalctl", "--no-pager", "--output=short-monotonic", f"--lines={lines}", *chosen, check=False
        )

    def kill(self) -> None:
        """Power off, at once: nothing on it gets to say good-bye."""
        if self.process is not None:
            for pid in (self.leader, self.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    if pid:
                        os.kill(pid, signal.SIGKILL)
            self.process.wait(30)
            self.process = None
        run("ip", "netns", "delete", self.netns, check=False)
        run("umount", "--lazy", self.root, check=False)
        if self in self.site.machines:
            self.site.machines.remove(self)


def installed(programs: Sequence[str]) -> list[str]:
    """Those of the programs that this computer lacks."""
    return [program for program in programs if shutil.which(program) is None]
