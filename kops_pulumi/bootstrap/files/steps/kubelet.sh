#!/usr/bin/env bash
# Runs the kubelet, restarted when what it is told changed. It is never enabled: at a reboot it must not start the etcd
# pods before this machine's volumes are mounted, so only the steps before this one start it.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
machine
mkdir -p "$KUBERNETES/manifests" "$ROOT/var/lib/kubelet"
chmod 700 "$KUBERNETES/manifests" "$ROOT/var/lib/kubelet"
fill "$HERE/kubelet.env" | put_text "$KUBERNETES/kubelet.env" 0600
if [[ $KOPS_ROLE == control-plane ]]; then
  # Elsewhere kubeadm join wrote the kubelet's configuration
  done=$ROOT/opt/kops-pulumi/kubelet.done
  want=$(stamp "$KUBERNETES/kubeadm.yaml" "$KUBERNETES"/patches/* "$ROOT/opt/kops-pulumi/installed/kubeadm")
  if [[ ! -s $ROOT/var/lib/kubelet/config.yaml || $(cat "$done" 2>/dev/null) != "$want" ]]; then
    kubeadm init phase kubelet-start --config "$KUBERNETES/kubeadm.yaml"
    printf '%s\n' "$want" | put_text "$done" 0600
  fi
fi
for file in "$ROOT"/var/lib/kubelet/{config.yaml,kubeadm-flags.env} "$KUBERNETES"/*.conf; do
  if [[ -f $file ]]; then chmod go= "$file"; fi
done
if [[ -d $ROOT/var/lib/cni/networks ]]; then find "$ROOT/var/lib/cni/networks" -type f -exec chmod go= {} +; fi
find "$ROOT/etc/cni/net.d" -type f -exec chmod go= {} +
running kubelet.service "$ROOT/var/lib/kubelet/config.yaml" "$KUBERNETES/kubelet.env" \
  "$ROOT"/etc/systemd/system/kubelet.service{,.d/*} "$ROOT/opt/kops-pulumi/installed/kubelet"
