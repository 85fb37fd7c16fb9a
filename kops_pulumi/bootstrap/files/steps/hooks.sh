#!/usr/bin/env bash
# Enables and starts the user's units, and removes those that an earlier bundle had and this one has not.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
known=$ROOT/opt/kops-pulumi/hooks
[[ -f $known ]] || : >"$known"
while read -r unit; do
  grep -qxF "$unit" "$HERE/hooks" && continue
  systemctl disable --now --quiet "$unit" || log "$unit was gone already"
  rm -f "$ROOT/etc/systemd/system/$unit"
done <"$known"
while read -r unit; do
  systemctl enable --quiet "$unit"
  systemctl start --no-block "$unit"
done <"$HERE/hooks"
put "$HERE/hooks" "$known" 0644
