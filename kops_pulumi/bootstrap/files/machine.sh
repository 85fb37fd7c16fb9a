# shellcheck shell=bash
# Sourced after lib.sh: what this machine is called and where it is, and the marks in templates that stand for it.
# shellcheck source=/dev/null
. "$HERE/cloud.sh"

machine_facts() { # asks the cloud once a boot
  local id address name=''
  id=$(cloud_instance_id) && address=$(cloud_address) && [[ $id && $address ]] || return
  case $KOPS_NODE_NAME in
  hostname) name=$(hostname) ;;
  *) name=$(cloud_node_name "$KOPS_NODE_NAME") || return ;;
  esac
  [[ $name ]] || return
  printf 'MACHINE_ID=%q\nMACHINE_ADDRESS=%q\nMACHINE_NAME=%q\n' "$id" "$address" "$name" >"$RUN/machine.env.new"
  mv -fT "$RUN/machine.env.new" "$RUN/machine.env"
}

machine() { # sets MACHINE_ID, MACHINE_ADDRESS, MACHINE_NAME, MACHINE_ARCH
  [[ -f $RUN/machine.env ]] || retry machine_facts
  # shellcheck source=/dev/null
  . "$RUN/machine.env"
  case $(uname -m) in
  aarch64 | arm64) MACHINE_ARCH=arm64 ;;
  *) MACHINE_ARCH=amd64 ;;
  esac
}

fill() { # TEMPLATE [TOKEN [CA_HASH]]: prints it with the machine's marks replaced
  local host=$MACHINE_ADDRESS
  [[ $host != *:* ]] || host="[$host]"
  awk -v name="$MACHINE_NAME" -v address="$MACHINE_ADDRESS" -v host="$host" -v id="$MACHINE_ID" -v arch="$MACHINE_ARCH" \
    -v token="${2:-}" -v ca="${3:-}" -v sans="${KOPS_LATE_SANS:-}" -v vip="${KOPS_API_VIP:-}" '
    /^[ ]*(- )?"?@machine\(late-sans\)@"?$/ {
      indent = $0; sub(/[^ ].*/, "", indent); n = split(sans, list, " ")
      for (i = 1; i <= n; i++) if (!seen[list[i]]++) print indent "- \"" list[i] "\""
      next
    }
    {
      gsub(/@machine\(name\)@/, name); gsub(/@machine\(address\)@/, address); gsub(/@machine\(id\)@/, id)
      gsub(/@machine\(url-host\)@/, host); gsub(/@machine\(vip\)@/, vip)
      gsub(/@machine\(arch\)@/, arch); gsub(/@machine\(token\)@/, token); gsub(/@machine\(ca-hash\)@/, ca); print
    }' "$1"
}
