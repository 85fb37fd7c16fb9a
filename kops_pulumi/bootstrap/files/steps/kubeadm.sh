#!/usr/bin/env bash
# Runs kubeadm's phases for certificates, kubeconfigs and static pods, the same on every control plane: none is the
# first. kubeadm keeps what it finds, so what no longer fits (other authority, other names) is removed before.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
machine
config=$KUBERNETES/kubeadm.yaml
done=$ROOT/opt/kops-pulumi/kubeadm.done

fill "$HERE/kubeadm/init.yaml" | put_text "$config" 0600
for patch in "$HERE"/kubeadm/patches/*; do
  if [[ -f $patch ]]; then fill "$patch" | put_text "$KUBERNETES/patches/${patch##*/}" 0600; fi
done
want=$(stamp "$config" "$KUBERNETES"/patches/* "$PKI/ca.crt" "$PKI/front-proxy-ca.crt" "$PKI/sa.pub" \
  "$KUBERNETES/encryption/config.yaml" "$ROOT/opt/kops-pulumi/installed/kubeadm")
complete() {
  local file
  for file in "${made[@]}"; do [[ -s $file ]] || return 1; done
}

if [[ $KOPS_ROLE == apiserver ]]; then
  made=("$KUBERNETES/manifests/kube-apiserver.yaml")
  if ! complete || [[ $(cat "$done" 2>/dev/null) != "$want" ]]; then
    kubeadm init phase control-plane apiserver --config "$config"
    printf '%s\n' "$want" | put_text "$done" 0600
  fi
  exit 0
fi

made=("$PKI"/{apiserver,apiserver-kubelet-client,front-proxy-client}.{crt,key}
  "$KUBERNETES"/{admin,controller-manager,scheduler,kubelet}.conf
  "$KUBERNETES"/manifests/{kube-apiserver,kube-controller-manager,kube-scheduler}.yaml)
if ! complete || [[ $(cat "$done" 2>/dev/null) != "$want" ]]; then
  rm -f "$PKI"/apiserver.{crt,key} # its names may be others
  openssl verify -CAfile "$PKI/ca.crt" "$PKI/apiserver-kubelet-client.crt" >/dev/null 2>&1 ||
    rm -f "$PKI"/apiserver-kubelet-client.{crt,key}
  openssl verify -CAfile "$PKI/front-proxy-ca.crt" "$PKI/front-proxy-client.crt" >/dev/null 2>&1 ||
    rm -f "$PKI"/front-proxy-client.{crt,key}
  authority=$(base64 -w 0 "$PKI/ca.crt")
  for name in admin controller-manager scheduler kubelet; do
    grep -qsF "$authority" "$KUBERNETES/$name.conf" || rm -f "$KUBERNETES/$name.conf"
  done
  for phase in 'certs apiserver' 'certs apiserver-kubelet-client' 'certs front-proxy-client' \
    'kubeconfig admin' 'kubeconfig controller-manager' 'kubeconfig scheduler' 'kubeconfig kubelet' 'control-plane all'; do
    # shellcheck disable=SC2086
    kubeadm init phase $phase --config "$config"
  done
  printf '%s\n' "$want" | put_text "$done" 0600
fi
find "$PKI" -name '*.key' -exec chmod 600 {} +
