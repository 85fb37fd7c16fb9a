#!/usr/bin/env bash
# Mounts the volumes of the manifest's volumeMounts. A file system is made only on a device that shows none.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

present() { [[ -b $ROOT$1 || -e $ROOT$1 ]]; }

while IFS=$'\t' read -r device filesystem path format options <&3; do
  mountpoint -q "$ROOT$path" && continue
  retry present "$device"
  found=$(blkid -p -o value -s TYPE "$ROOT$device") || { code=$?; ((code == 2)) || fail "cannot tell what is on $device"; }
  if [[ ! $found ]]; then
    read -ra format <<<"${format#-}"
    "mkfs.$filesystem" "${format[@]}" "$ROOT$device"
  fi
  mkdir -p "$ROOT$path"
  options=${options#-}
  mount -t "$filesystem" ${options:+-o "$options"} "$ROOT$device" "$ROOT$path"
done 3<"$HERE/mounts.tsv"
