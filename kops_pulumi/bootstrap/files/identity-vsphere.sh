# shellcheck shell=bash
# Sourced. What vCenter brought this machine: values of its own configuration, guestinfo.kops.*, read by VMware Tools
# (docs/adr/0022). An object of the store is one value, or several where it is too long for one: `.1`, `.2`, …, each
# `PARTS:BASE64`. Values are answers on standard output, never arguments. Needs bash, coreutils, open-vm-tools.

guestinfo() { # KEY
  if command -v vmware-rpctool >/dev/null; then
    vmware-rpctool "info-get guestinfo.$1" 2>/dev/null
  else
    vmtoolsd --cmd "info-get guestinfo.$1" 2>/dev/null
  fi
}

cloud_get() { # ADDRESS FILE
  local key=kops.${1#machine:/} part=1 parts=1 value text=''
  key=${key//\//.}
  while ((part <= parts)); do
    value=$(guestinfo "$key.$part") && [[ $value =~ ^([1-9][0-9]*): ]] || return
    parts=${BASH_REMATCH[1]} text+=${value#*:} part=$((part + 1))
  done
  base64 -d <<<"$text" >"$2.part" && mv -f "$2.part" "$2"
}
