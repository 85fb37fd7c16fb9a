#!/usr/bin/env bash
# Writes every file of the bundle's root/ that differs, its marks replaced when it has any; then tells systemd.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
[[ ! -f $HERE/identity.sh ]] || machine
units=no
while IFS= read -r -d '' file; do
  path=$ROOT${file#"$HERE/root"} from=$file
  if grep -q '@machine(' "$file"; then
    from=$RUN/filled
    fill "$file" >"$from"
  fi
  put "$from" "$path" "$(stat -c %a "$file")"
  if [[ $WRITTEN == yes && $path == "$ROOT"/etc/systemd/* ]]; then units=yes; fi
done < <(find "$HERE/root" -type f -print0 | sort -z)
rm -f "$RUN/filled"
if [[ $units == yes ]]; then systemctl daemon-reload; fi
