#!/usr/bin/env bash
# Starts the timers of this role: what keeps a node a node between boots.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
mapfile -t units <"$HERE/units"
# One call: systemd reads all its units anew for each
systemctl enable --now --quiet "${units[@]}"
