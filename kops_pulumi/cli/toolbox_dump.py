"""`toolbox dump`: what a cluster has in the cloud, its machines, and on demand their logs and its API objects.

For reports of trouble, and for test rigs that read kops's dumps: the same keys where the meaning is the same. Reads
only. Secrets are never in it: of resources only type, name and id are told, and objects of kind Secret are left out.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kops_pulumi.cli.durations import DURATION
from kops_pulumi.cli.engine import rehearsable
from kops_pulumi.cli.live import Live
from kops_pulumi.cli.output import as_json, as_yaml
from kops_pulumi.cli.rolling import api_options
from kops_pulumi.cli.target import FILE, Target, cluster_options
from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from kops_pulumi.automation.kube.session import Session
    from kops_pulumi.model import Machine

_AT_ONCE: Final = 8
_LOGS: Final = {
    "journal.log": "sudo journalctl --no-pager -n 20000",
    "kubelet.log": "sudo journalctl --no-pager -u kubelet",
    "containerd.log": "sudo journalctl --no-pager -u containerd",
    "kops-boot.log": "sudo journalctl --no-pager -u kops-boot",
    "cloud-init.log": "sudo cat /var/log/cloud-init-output.log",
    "pods.log": "sudo sh -c 'tail -n 500 /var/log/pods/kube-system_*/*/*.log'",
    "etcd.log": "sudo sh -c 'tail -n 2000 /var/log/pods/kube-system_etcd*/*/*.log'",
}
_PAGE: Final = 500


@click.command()
@cluster_options()
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="Format.")
@click.option("--cloud-resources/--no-cloud-resources", default=True, help="What the stack has made in the cloud.")
@click.option("--dir", "directory", type=FILE, help="Collect logs of the machines here, over ssh.")
@click.option("--k8s-resources", is_flag=True, help="With --dir: the API's objects too, but for Secrets.")
@click.option("--max-nodes", type=int, default=500, show_default=True, help="Logs of at most so many machines.")
@click.option(
    "--node-dump-timeout", "timeout", type=DURATION, default="1m", show_default=True, help="For each machine."
)
@click.option("--private-key", type=FILE, default=Path("~/.ssh/id_rsa"), show_default=True, help="Key for ssh.")
@click.option("--ssh-user", default="ubuntu", show_default=True, help="User for ssh.")
@api_options
@rehearsable
def dump(target: Target, kubeconfig: Path | None, api_server: str | None, **given: Any) -> None:
    """Tell all of a cluster that is not secret: resources, machines, and with --dir their logs."""
    live = Live(target, target.load(), kubeconfig, api_server)
    machines = [machine for group in live.fleet.groups() for machine in group.machines]
    roles = {group.name: group.role.value for group in live.plan.groups}
    told = {"clusterName": live.plan.name, "instances": [_instance(m, roles, given["ssh_user"]) for m in machines]}
    if given["cloud_resources"]:
        told["resources"] = _resources(live)
    click.echo(as_json(told) if given["output"] == "json" else as_yaml([told]))
    directory = given["directory"]
    if directory is None:
        if given["k8s_resources"]:
            raise KopsError("--k8s-resources needs a directory", hint="say where: --dir DIR")
        return
    _logs(machines[: given["max_nodes"]], directory, given["ssh_user"], given["private_key"], given["timeout"])
    if given["k8s_resources"]:
        count = _objects(live.session, directory / "cluster-info")
        click.echo(f"wrote {count} lists of objects to {directory / 'cluster-info'}", err=True)


def _instance(machine: Machine, roles: dict[str, str], user: str) -> dict[str, Any]:
    return {
        "name": machine.name or machine.id,
        "id": machine.id,
        "instanceGroup": machine.group,
        "roles": [roles.get(machine.group, "node")],
        "state": machine.state.value,
        "machineType": machine.machine_type,
        "zone": machine.zone,
        "privateAddresses": list(machine.addresses),
        "sshUser": user,
    }


def _resources(live: Live) -> list[dict[str, Any]]:
    found = [item for item in live.stack.export().get("resources") or () if item.get("custom") and item.get("id")]
    rows = [
        {"type": item["type"], "name": item["urn"].rpartition("::")[2], "id": item["id"]}
        for item in found
        if not item["type"].startswith("pulumi:")
    ]
    return sorted(rows, key=lambda row: (row["type"], row["name"]))


def _logs(machines: list[Machine], directory: Path, user: str, key: Path, timeout: float) -> None:
    """Several machines at a time; one that does not answer keeps no other waiting."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = pool.map(lambda machine: _log(machine, directory, user, key.expanduser(), timeout), machines)
        for machine, problem in zip(machines, results, strict=True):
            said = f"no logs of {machine.name or machine.id}: {problem}" if problem else f"logs of {machine.name}"
            click.echo(said, err=True)


def _log(machine: Machine, directory: Path, user: str, key: Path, timeout: float) -> str | None:
    """The logs of one machine, each a file; None, or why there are none."""
    import subprocess
    import time

    if not machine.addresses:
        return "it has no address"
    place = directory / (machine.name or machine.id)
    place.mkdir(parents=True, exist_ok=True)
    options = ("BatchMode=yes", "ConnectTimeout=10", "StrictHostKeyChecking=accept-new")
    ssh = ["ssh", "-i", str(key), *(word for option in options for word in ("-o", option))]
    ends = time.monotonic() + timeout
    for name, command in _LOGS.items():
        try:
            answer = subprocess.run(
                [*ssh, f"{user}@{machine.addresses[0]}", command],
                capture_output=True,
                timeout=max(1.0, ends - time.monotonic()),
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it took longer than {timeout:.0f} s"
        except OSError as error:
            return f"ssh cannot be run: {error.strerror}"
        if answer.returncode == 255:  # ssh's own failures; others are the command's
            return (answer.stderr.decode(errors="replace").strip().splitlines() or ["ssh failed"])[-1]
        (place / name).write_bytes(answer.stdout)
    return None


def _objects(session: Session, directory: Path) -> int:
    """Every kind that can be listed, a file each, by page; what may not be read is skipped."""
    groups = session.get("/apis").get("groups") or ()
    versions = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]
    count = 0
    directory.mkdir(parents=True, exist_ok=True)
    for version in versions:
        for kind in session.get(version).get("resources") or ():
            if "list" in kind.get("verbs", ()) and "/" not in kind["name"] and kind["kind"] != "Secret":
                items = _listed(session, f"{version}/{kind['name']}")
                name = "_".join(filter(None, (version.partition("/apis/")[2].replace("/", "_"), kind["name"])))
                (directory / f"{name}.json").write_text(as_json(items) + "\n", encoding="utf-8")
                count += 1
    return count


def _listed(session: Session, path: str) -> list[Any]:
    items: list[Any] = []
    token = ""
    while True:
        page = session.get(f"{path}?limit={_PAGE}" + (f"&continue={token}" if token else ""))
        items += page.get("items") or ()
        token = (page.get("metadata") or {}).get("continue") or ""
        if not token:
            return items
