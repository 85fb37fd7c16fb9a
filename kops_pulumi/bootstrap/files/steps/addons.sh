#!/usr/bin/env bash
# Writes into the cluster what kubeadm has to say there: the administrators' binding, its configuration, the rules for
# bootstrap tokens, kube-proxy and CoreDNS, this node's role. Each control plane does all of it; the last writer agrees
# with the first. super-admin.conf exists only while it is needed.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
machine
config=$KUBERNETES/kubeadm.yaml
trap 'rm -f "$KUBERNETES/super-admin.conf"' EXIT

k() { kubectl --kubeconfig="$KUBERNETES/admin.conf" --request-timeout=20s "$@"; }

k auth can-i '*' '*' >/dev/null 2>&1 || kubeadm init phase kubeconfig super-admin --config "$config"
phase() { kubeadm init phase "$@" --config "$config"; }
retry phase upload-config all
retry phase bootstrap-token --skip-token-print
if [[ $KOPS_KUBE_PROXY == yes ]]; then retry phase addon kube-proxy; fi
# A Corefile of the manifest's making comes first: kubeadm keeps the one it finds
corefile=$HERE/kubeadm/coredns.yaml
if [[ -f $corefile ]]; then retry k apply --server-side --force-conflicts -f "$corefile"; fi
# A kubeadm refuses to touch what a newer one has installed: in the middle of an upgrade that is as it should be
dns() { phase addon coredns || k -n kube-system get deployment coredns -o name >/dev/null; }
retry dns
registered() { k get node "$MACHINE_NAME" -o name >/dev/null 2>&1; }
retry registered
retry phase mark-control-plane
retry phase kubelet-finalize all
if [[ ${KOPS_LATE_LABELS:-} ]]; then
  read -ra labels <<<"$KOPS_LATE_LABELS"
  retry k label node "$MACHINE_NAME" --overwrite "${labels[@]}"
fi
rm -f "$KUBERNETES/super-admin.conf"
retry "$HERE/bin/kops-token"
