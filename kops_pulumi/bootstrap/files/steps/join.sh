#!/usr/bin/env bash
# Makes this machine a node, once: kubeadm join with a token that lives two hours and the authority pinned by its hash,
# both from the store. Done again only when the node's certificate has run out.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
machine
umask 077
config=$KUBERNETES/kubeadm-join.yaml
certificate=$ROOT/var/lib/kubelet/pki/kubelet-client-current.pem
trap 'rm -f "$config" "$RUN/token" "$RUN/bootstrap-ca.crt"' EXIT

authority() { cloud_get "$KOPS_STORE_JOIN/ca.crt" "$RUN/bootstrap-ca.crt" && openssl x509 -in "$RUN/bootstrap-ca.crt" -noout; }
retry authority
if [[ -s $KUBERNETES/kubelet.conf ]] && openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null 2>&1; then
  put "$RUN/bootstrap-ca.crt" "$PKI/ca.crt" 0644 # authorities in rotation: the kubelet trusts the new one too
  exit 0
fi

joined() { # one try, with the newest token; nothing is left of it when it fails
  local hash
  cloud_get "$KOPS_STORE_JOIN/token" "$RUN/token" || return
  grep -qE '^[a-z0-9]{6}\.[a-z0-9]{16}$' "$RUN/token" || return
  hash=sha256:$(openssl x509 -in "$RUN/bootstrap-ca.crt" -pubkey -noout | openssl pkey -pubin -outform der | sha256sum |
    cut -d ' ' -f 1) || return
  fill "$HERE/kubeadm/join.yaml" "$(cat "$RUN/token")" "$hash" >"$config" || return
  rm -f "$KUBERNETES"/{kubelet,bootstrap-kubelet}.conf "$certificate"
  systemctl stop kubelet.service || true
  "$HERE/bin/kops-hosts" || return
  kubeadm join --config "$config" --skip-phases=preflight || { rm -f "$KUBERNETES/kubelet.conf" && return 1; }
}
if [[ $KOPS_ROLE == node ]]; then mkdir -p "$PKI"; fi
chmod 755 "$KUBERNETES" "$PKI"
fill "$HERE/kubelet.env" | put_text "$KUBERNETES/kubelet.env" 0600
for patch in "$HERE"/kubeadm/patches/*; do
  if [[ -f $patch ]]; then fill "$patch" | put_text "$KUBERNETES/patches/${patch##*/}" 0600; fi
done
retry joined
put "$RUN/bootstrap-ca.crt" "$PKI/ca.crt" 0644
log "joined the cluster as $MACHINE_NAME"
