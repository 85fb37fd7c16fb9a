#!/usr/bin/env bash
# A machine that boots into a warm pool has its programs now: it pulls its images and stops here, until it is needed.
# The cloud says which it is (cloud_warming); a cloud without warm pools has no such function.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
[[ $KOPS_WARM_POOL == yes ]] || exit 0
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
machine
if ! declare -F cloud_warming >/dev/null || ! cloud_warming; then exit 0; fi
pull() { ctr -n k8s.io images pull "$1" >/dev/null; }
while read -r image; do
  retry pull "$image"
done <"$HERE/images"
retry cloud_warmed
log 'warm: waiting to be needed'
# The machine is stopped by its group; were it started as a node meanwhile, the next boot finds that out.
while cloud_warming; do sleep 10; done
