#!/usr/bin/env bash
# Installs the distribution's packages that are missing. Images without a package manager (Flatcar) bring what we need.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

missing() { # prints the packages that are not installed
  local package
  while read -r package; do
    case $manager in
    apt-get) dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ;;
    *) rpm -q --whatprovides "$package" >/dev/null 2>&1 ;;
    esac || printf '%s\n' "$package"
  done <"$HERE/packages"
}

install() {
  local wanted
  mapfile -t wanted < <(missing)
  ((${#wanted[@]})) || return 0
  log "installing ${wanted[*]}"
  if [[ $manager == apt-get ]]; then
    DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=600 update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=600 install --no-install-recommends "${wanted[@]}"
  else
    "$manager" -qy install "${wanted[@]}"
  fi
}

for manager in apt-get dnf yum ''; do
  if [[ $manager ]] && command -v "$manager" >/dev/null; then break; fi
done
if [[ $manager ]]; then
  retry install
elif [[ -s $HERE/packages ]]; then
  log "no package manager here: $(tr '\n' ' ' <"$HERE/packages")must be part of the image"
fi
