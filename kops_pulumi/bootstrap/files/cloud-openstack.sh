# shellcheck shell=bash
# Sourced: a cluster's machines on OpenStack; docs/contracts/bootstrap.md says what each function does. The engine
# attaches volumes and writes down which machines there are, so that no machine needs to ask Nova for anything.
# shellcheck source=identity-openstack.sh
. "$HERE/identity.sh"

cloud_put() { # FILE ADDRESS
  swift PUT "$2" /dev/null "$1" && return
  log "could not put $2"
  return 1
}

cloud_list() { # ADDRESS: of swift://container/prefix; prints swift://container/object. Names are one a line, in pages
  local place=${1#swift://} page last=''
  local container=${place%%/*} prefix=${place#*/}
  page=$(mktemp "$RUN/swift.XXXXXX")
  while :; do
    if ! swift GET "swift://$container?prefix=$prefix${last:+&marker=$last}" "$page"; then
      rm -f "$page"
      return 1
    fi
    [[ -s $page ]] || break
    sed "s|^|swift://$container/|" "$page"
    last=$(tail -n 1 "$page")
  done
  rm -f "$page"
}

cloud_instance_id() { fact uuid; }

cloud_address() { # where packets to the metadata service leave; it need not be there
  ip -4 -o route get 169.254.169.254 | sed -n 's/.* src \([0-9.]*\).*/\1/p' | grep .
}

cloud_node_name() { # instance-id|private-dns: the server's own name, which the cloud controller knows it by
  case $1 in
  instance-id) cloud_instance_id ;;
  private-dns) fact hostname | cut -d . -f 1 ;;
  *) return 1 ;;
  esac
}

cloud_peers() { # every machine that the engine made; its name is all that tells it apart
  local answer
  answer=$(mktemp "$RUN/peers.XXXXXX")
  cloud_get "$KOPS_STORE_JOIN/peers" "$answer" && cat "$answer" && rm -f "$answer" && return
  rm -f "$answer"
  return 1
}

cloud_attach() { # VOLUME: the engine attaches it; done when it is here
  cloud_device "$1" >/dev/null && return
  log "$1 is not attached yet"
  return 1
}

cloud_device() { # VOLUME: by its id, of which a virtio disk has the first 20 characters
  local device
  for device in "$ROOT/dev/disk/by-id/"{"virtio-${1:0:20}","scsi-0QEMU_QEMU_HARDDISK_$1"}; do
    [[ ! -e $device ]] || { readlink -f "$device" && return; }
  done
  return 1
}
