#!/usr/bin/env bash
# Runs the container runtime, restarted when its configuration or program changed.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
mkdir -p "$ROOT/etc/containerd/certs.d" "$ROOT/etc/cni/net.d"
systemctl enable --quiet containerd.service
running containerd.service "$ROOT/etc/containerd/config.toml" "$ROOT"/etc/systemd/system/containerd.service{,.d/*} \
  "$ROOT/opt/kops-pulumi/installed/containerd" "$ROOT/opt/kops-pulumi/installed/runc"
