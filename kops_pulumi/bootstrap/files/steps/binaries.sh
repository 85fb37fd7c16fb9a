#!/usr/bin/env bash
# Installs the pinned programs of this machine's architecture. A download is unpacked only after its SHA-256 is right,
# and each file is renamed into place, so that a running program may be replaced.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
machine
installed=$ROOT/opt/kops-pulumi/installed
mkdir -p "$installed"

unpack() { # ARCHIVE DESTINATION STRIP MEMBERS
  local tree file members
  mkdir -p "$2"
  tree=$(mktemp -d "$2/.unpack.XXXXXX")
  read -ra members <<<"${4#-}"
  tar -xzf "$1" -C "$tree" --no-same-owner --strip-components="$3" "${members[@]}"
  while IFS= read -r -d '' file; do
    mkdir -p "$2/$(dirname "$file")"
    mv -fT "$tree/$file" "$2/$file"
  done < <(cd "$tree" && find . \( -type f -o -type l \) -print0)
  rm -rf "$tree"
}

while IFS=$'\t' read -r name arch digest destination mode archive strip members urls <&3; do
  [[ $arch == "$MACHINE_ARCH" ]] || continue
  want="$digest $urls $destination"
  if [[ -e $ROOT$destination && $(cat "$installed/$name" 2>/dev/null) == "$want" ]] &&
    { [[ $archive == yes || $digest == http* ]] || digest_is "$digest" "$ROOT$destination"; }; then
    continue
  fi
  read -ra mirrors <<<"$urls"
  retry download "$digest" "$installed/.$name" "${mirrors[@]}"
  if [[ $archive == yes ]]; then
    unpack "$installed/.$name" "$ROOT$destination" "$strip" "$members"
  else
    put "$installed/.$name" "$ROOT$destination" "$mode"
  fi
  rm -f "$installed/.$name"
  printf '%s\n' "$want" | put_text "$installed/$name" 0644
  log "installed $name"
done 3<"$HERE/assets.tsv"
