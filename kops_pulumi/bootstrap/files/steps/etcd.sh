#!/usr/bin/env bash
# Brings the etcd members of this machine as far as possible. What must wait (a volume that another machine still holds,
# lost data while the others have no quorum) does not hold up the kubelet: kops-etcd.timer goes on.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
mkdir -p "$KUBERNETES/manifests"
while IFS=$'\t' read -r name _ <&3; do
  "$HERE/bin/kops-etcd" tend "$name" || log "etcd $name is not complete yet"
done 3< <(etcd_clusters)
systemctl enable --now --quiet kops-etcd.timer
