#!/usr/bin/env bash
# Keeps pods, and whoever is not root, from the cloud's metadata service: it would give them this machine's identity.
# Pods with the machine's own network and root are the machine, as far as anybody can tell.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
[[ ${KOPS_GUARD:-} ]] || exit 0
nft -f - <<END
table inet kops_guard
delete table inet kops_guard
table inet kops_guard {
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    ip daddr $KOPS_GUARD tcp dport 80 drop
  }
  chain output {
    type filter hook output priority filter - 1; policy accept;
    ip daddr $KOPS_GUARD tcp dport 80 meta skuid != 0 drop
  }
}
END
log "$KOPS_GUARD is closed to pods"
