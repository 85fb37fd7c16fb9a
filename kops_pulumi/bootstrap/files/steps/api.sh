#!/usr/bin/env bash
# Waits for this machine's API server. It waits for etcd, which waits for the other control planes: no order is needed.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# Anonymous requests are refused, which is an answer too: the API is up. Only control planes have a certificate to ask
# more (readyz).
ready() {
  if [[ $KOPS_ROLE == control-plane ]]; then
    "$HERE/bin/kops-etcd" tend || log 'etcd is not complete yet'
    kubectl --kubeconfig="$KUBERNETES/admin.conf" --request-timeout=10s get --raw /readyz >/dev/null 2>&1 || admitted
  else
    curl -ksS -o /dev/null -m 5 "https://127.0.0.1:$KOPS_API_PORT/livez" 2>/dev/null
  fi
}
# On a new cluster nobody has bound the administrators' group yet: being refused by a ready API is enough here
admitted() {
  local answer
  answer=$(kubectl --kubeconfig="$KUBERNETES/admin.conf" --request-timeout=10s get --raw /readyz 2>&1 || true)
  [[ $answer == *Forbidden* || $answer == *forbidden* ]]
}
retry ready
"$HERE/bin/kops-hosts" || log 'this API is not announced yet; kops-hosts.timer will try again'
