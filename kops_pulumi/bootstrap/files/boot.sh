#!/usr/bin/env bash
# What a machine does at every boot: the steps of its role, in order. Each can be run again at any time; a failed one
# ends the run, and kops-boot.service starts it anew.
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

exec 9>"$RUN/boot.lock"
flock 9
microseconds() { printf '%s' "${EPOCHREALTIME//[.,]/}"; }

while read -r step <&3; do
  began=$(microseconds)
  log "$step: begins"
  if ! bash "$HERE/steps/$step.sh" </dev/null 3<&- 9>&-; then
    fail "$step: failed after $((($(microseconds) - began) / 1000)) ms"
  fi
  log "$step: done in $((($(microseconds) - began) / 1000)) ms"
done 3<"$HERE/order"
log "this machine is what its bundle $KOPS_SHA256 says"
