#!/usr/bin/env bash
# Loads the kernel's modules and sets its parameters, from the two files that hold them for later boots too.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
while read -r module; do
  modprobe "$module" || log "this kernel has no module $module"
done <"$ROOT/etc/modules-load.d/kops-pulumi.conf"
# -e: a parameter of a module that this kernel has not is no reason to have no node
sysctl -e -q -p "$ROOT/etc/sysctl.d/99-kops-pulumi.conf"
