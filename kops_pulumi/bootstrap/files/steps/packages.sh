#!/usr/bin/env bash
# Installs the distribution's packages that are missing, of further repositories with their keys. Images without a package manager (Flatcar) bring what we need.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

gpu() { # is there a device of NVIDIA's?
  grep -qsx 0x10de "$ROOT"/sys/bus/pci/devices/*/vendor
}

missing() { # prints the packages that are not installed
  local package
  while read -r package; do
    case $manager in
    apt-get) dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ;;
    *) rpm -q --whatprovides "$package" >/dev/null 2>&1 ;;
    esac || printf '%s\n' "$package"
  done < <(cat "$HERE/packages" && if gpu; then cat "$HERE/gpu-packages"; fi)
}

keys() { # of the repositories that root/etc/apt/sources.list.d names
  local name url
  while IFS=$'\t' read -r name url; do
    [[ ! -s $ROOT/etc/apt/keyrings/$name.asc ]] || continue
    curl -fsSL --proto '=https' --connect-timeout "$KOPS_STALL" -m 60 -o "$RUN/key" "$url" &&
      grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$RUN/key" || return
    put "$RUN/key" "$ROOT/etc/apt/keyrings/$name.asc" 0644
  done <"$HERE/keyrings.tsv"
}

install() {
  local wanted
  mapfile -t wanted < <(missing)
  ((${#wanted[@]})) || return 0
  log "installing ${wanted[*]}"
  if [[ $manager == apt-get ]]; then
    [[ ! -s $HERE/keyrings.tsv ]] || keys || return
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
