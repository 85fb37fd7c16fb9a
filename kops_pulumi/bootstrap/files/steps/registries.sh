#!/usr/bin/env bash
# Brings the user's credentials of container registries (the secret dockerconfig) from the secret channel to where the
# kubelet looks for them before it starts, and to root's home for tools that people run by hand, as kops does.
# https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
umask 077

received() { # FILE
  cloud_get "$KOPS_STORE_SECRETS/dockerconfig.json" "$1" && [[ -s $1 ]]
}

file=$RUN/dockerconfig.json
retry received "$file"
mkdir -p "$ROOT/var/lib/kubelet" "$ROOT/root/.docker"
chmod 700 "$ROOT/var/lib/kubelet" "$ROOT/root/.docker"
put "$file" "$ROOT/var/lib/kubelet/config.json" 0600
put "$file" "$ROOT/root/.docker/config.json" 0600
rm -f "$file"
