#!/usr/bin/env bash
# Starts the timers of this role: what keeps a node a node between boots.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
while read -r unit; do
  systemctl enable --now --quiet "$unit"
done <"$HERE/units"
