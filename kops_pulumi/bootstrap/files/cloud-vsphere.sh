# shellcheck shell=bash
# Sourced: a cluster's machines on vSphere; docs/contracts/bootstrap.md says what each function does. A machine asks nobody:
# it was brought a list of all machines, and its disks are attached where its configuration says. What elsewhere goes into
# the store stays on the disk of an etcd member.
# shellcheck source=identity-vsphere.sh
. "$HERE/identity.sh"

declare -A KEPT=([recent]=8 [hourly]=24 [daily]=14) # snapshots: two hours, a day and two weeks

machines() { # ROLE GROUP NAME ADDRESS of every machine of the cluster; an address that nobody plans is `-`
  cloud_get machine:/join/machines "$RUN/machines" && cat "$RUN/machines"
}

kept() { # ADDRESS: where it lies on the etcd member's disk; false for what is not kept there
  local path=${1#machine:/backups/etcd/}
  [[ $path != "$1" && $path != *..* ]] && printf '%s\n' "$ROOT/mnt/etcd/${path%%/*}/backups/${path#*/}"
}

cloud_put() { # FILE ADDRESS
  local path
  path=$(kept "$2") || { log "nothing keeps $2"; return 1; }
  mountpoint -q "${path%%/backups/*}" && mkdir -p "${path%/*}" && cp "$1" "$path.new" && sync "$path.new" &&
    mv -fT "$path.new" "$path" && thinned "${path%/*}"
}

thinned() { # DIRECTORY: of snapshots only the newest are kept; their names sort by time
  local many=${KEPT[${1##*/}]:-} old
  [[ $many ]] || return 0
  find "$1" -name '*.db.gz' | sort | head -n "-$many" | while read -r old; do rm -f "$old"; done
}

cloud_list() { # ADDRESS
  local path
  if [[ $1 == machine:/join/tokens/ ]]; then
    machines | awk '($1 == "node" || $1 == "apiserver") && !seen[$2]++ { print "machine:/join/tokens/" $2 }'
    return
  fi
  path=$(kept "$1") || return
  [[ ! -d $path ]] || find "$path" -type f | sed "s|^$path|$1|" | sort
}

cloud_instance_id() { guestinfo kops.name; }

cloud_address() { # the planned one, else the one that the way out begins at (and not the API's own, which may be here too)
  local me found gateway
  me=$(cloud_instance_id) && found=$(machines | awk -v me="$me" '$3 == me { print $4 }') || return
  if [[ $found && $found != - ]]; then
    printf '%s\n' "$found"
    return
  fi
  gateway=$(ip -4 route show default | awk '{ print $3; exit }') && [[ $gateway ]] || return
  ip -4 route get "$gateway" | awk '{ for (i = 1; i < NF; i++) if ($i == "src") { print $(i + 1); exit } }' | grep .
}

cloud_node_name() { return 1; } # machines are called what their host names say

cloud_peers() { # GROUP ID ADDRESS NAME; the machine that asks knows its own address
  local me
  me=$(cloud_instance_id) || return
  machines | awk -v me="$me" -v own="${MACHINE_ADDRESS:--}" '{ print $2, $3, ($4 == "-" && $3 == me ? own : $4), $3 }'
}

cloud_attach() { # VOLUME: its disks are part of the machine; it has them or is not started
  cloud_device "$1" >/dev/null
}

cloud_device() { # VOLUME: scsi:UNIT, on the machine's first paravirtual controller
  local host block
  for host in "$ROOT"/sys/class/scsi_host/host*; do
    [[ $(cat "$host/proc_name" 2>/dev/null) == vmw_pvscsi ]] || continue
    for block in "$ROOT/sys/bus/scsi/devices/${host##*/host}:0:${1#scsi:}:0/block"/*; do
      [[ -e $block ]] || return
      printf '%s\n' "$ROOT/dev/${block##*/}"
      return
    done
  done
  return 1
}
