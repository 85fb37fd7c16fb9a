#!/usr/bin/env bash
# Switches swap off, now and at the next boot, unless the manifest wants it.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
[[ $KOPS_SWAP == no ]] || exit 0
swapoff -a
fstab=$ROOT/etc/fstab
if [[ -f $fstab ]] && grep -qE '^[^#]\S*\s+\S+\s+swap\s' "$fstab"; then
  sed -E 's/^([^#]\S*\s+\S+\s+swap\s)/# \1/' "$fstab" >"$RUN/fstab"
  put "$RUN/fstab" "$fstab" 0644
fi
