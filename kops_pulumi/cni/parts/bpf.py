"""What eBPF data planes need of machines."""

from __future__ import annotations

from collections.abc import Mapping

NO_RP_FILTER: Mapping[str, str] = {"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0"}
"""Their interfaces send packets back another way than they came:
https://docs.cilium.io/en/stable/operations/system_requirements/."""

FILE_SYSTEM: Mapping[str, str] = {
    "sys-fs-bpf.mount": (
        "[Unit]\n"
        "Description=BPF file system: what the agents leave there outlives their restarts\n"
        "DefaultDependencies=no\n"
        "Before=local-fs.target umount.target\n"
        "After=swap.target\n"
        "\n"
        "[Mount]\n"
        "What=bpffs\n"
        "Where=/sys/fs/bpf\n"
        "Type=bpf\n"
        "Options=rw,nosuid,nodev,noexec,relatime,mode=700\n"
        "\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n"
    )
}
"""https://docs.cilium.io/en/stable/network/kubernetes/configuration/#mounting-bpffs-with-systemd"""
