# shellcheck shell=bash disable=SC2034 # variables are for who sources this
# Sourced by every script: where things are, logging, retries, verified downloads, files put in place atomically.
# KOPS_ROOT is a prefix for all paths, KOPS_BACKOFF the first pause between tries: both for tests.
set -euo pipefail
shopt -s inherit_errexit
umask 022

ROOT=${KOPS_ROOT:-}
HERE=$ROOT/opt/kops-pulumi/current
RUN=$ROOT/run/kops-pulumi
KUBERNETES=$ROOT/etc/kubernetes
PKI=$KUBERNETES/pki
PATH=$PATH:$ROOT/opt/bin:$ROOT/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
: "${KOPS_BACKOFF:=1}" "${KOPS_STALL:=30}"
mkdir -p "$RUN"
chmod 700 "$RUN"
set -a
# shellcheck source=/dev/null
. "$ROOT/etc/kops-pulumi/node.env"
# shellcheck source=/dev/null
. "$HERE/settings.env"
set +a
if [[ ${KOPS_PROXY:-} ]]; then
  export http_proxy=$KOPS_PROXY https_proxy=$KOPS_PROXY no_proxy=${KOPS_NO_PROXY:-} NO_PROXY=${KOPS_NO_PROXY:-}
fi

log() { printf 'kops: %s\n' "$*" >&2; }

fail() {
  log "$*"
  exit 1
}

retry() { # COMMAND…: for ever, pausing twice as long each time, at most a minute. The command must return its own failures
  local pause=$KOPS_BACKOFF
  until "$@"; do
    log "$1 did not succeed; again in $pause s"
    sleep "$pause"
    pause=$((pause * 2 > 60 ? 60 : pause * 2))
  done
}

# Functions are also called where errexit is off (in conditions, by retry): what must not go on says so with && or ||.

put() { # FILE PATH MODE: PATH becomes a copy of FILE, at once or not at all; not touched when it is one. Sets WRITTEN
  local from=$1 path=$2 mode=$3 new
  WRITTEN=no
  if [[ -f $path && ! -L $path && $(stat -c %a "$path") == "${mode#0}" ]] && cmp -s "$from" "$path"; then
    return 0
  fi
  mkdir -p "${path%/*}" && new=$(mktemp "${path%/*}/.${path##*/}.XXXXXX") || return
  if ! { cat "$from" >"$new" && chmod "$mode" "$new" && mv -fT "$new" "$path"; }; then
    rm -f "$new"
    return 1
  fi
  WRITTEN=yes
  log "wrote $path"
}

put_text() { # PATH MODE <text: as put
  local text
  text=$(mktemp "$RUN/text.XXXXXX") && cat >"$text" && put "$text" "$1" "$2" && rm -f "$text"
}

digest_is() { # SHA256 FILE
  [[ $(sha256sum "$2" | cut -d ' ' -f 1) == "$1" ]]
}

download() { # DIGEST FILE URL…: one try of each mirror; FILE appears only when its digest is right
  # DIGEST: SHA-256 in hexadecimal, or the address of the publisher's checksum file
  local digest=$1 file=$2 url wanted
  shift 2
  for url; do
    wanted=$digest
    [[ $wanted != http* ]] || wanted=$(published "$digest" "${url##*/}") || continue
    if curl -fsSL --connect-timeout "$KOPS_STALL" -y "$KOPS_STALL" -Y 1024 -o "$file.part" "$url" &&
      digest_is "$wanted" "$file.part"; then
      mv -fT "$file.part" "$file"
      return
    fi
    log "$url did not give what has digest $wanted"
    rm -f "$file.part"
  done
  return 1
}

published() { # ADDRESS NAME: the digest that a checksum file has for NAME: alone, or on the line that ends with it
  curl -fsSL --connect-timeout "$KOPS_STALL" -m 60 "$1" |
    awk -v name="$2" 'NF == 1 || $2 == name || $2 == "*" name { print $1; found = 1; exit } END { exit !found }' |
    grep -xE '[0-9a-f]{64}'
}

stamp() { # FILE…: one digest of all that exist, with their names
  local file
  for file; do
    [[ ! -f $file ]] || sha256sum "$file"
  done | sha256sum | cut -d ' ' -f 1
}

running() { # SERVICE FILE…: started, and restarted when one of the files changed since it was started here
  local service=$1 now
  now=$(stamp "${@:2}")
  if ! systemctl is-active --quiet "$service"; then
    systemctl start "$service"
  elif [[ $(cat "$RUN/$service.stamp" 2>/dev/null) != "$now" ]]; then
    systemctl restart "$service"
  fi
  printf '%s\n' "$now" >"$RUN/$service.stamp"
}

etcd_clusters() { # prints the rows of etcd clusters that have a member on this machine
  awk -F '\t' '$2 != "-"' "$HERE/etcd-clusters.tsv"
}

hosts_block() { # <lines: our block of the hosts file, written in place (containers have the file itself mounted)
  local hosts=$ROOT/etc/hosts new
  new=$(mktemp "$RUN/hosts.XXXXXX")
  { sed '/^# kops-pulumi begin$/,/^# kops-pulumi end$/d' "$hosts" && echo '# kops-pulumi begin' && sed '/^$/d' &&
    echo '# kops-pulumi end'; } >"$new"
  cmp -s "$new" "$hosts" || cat "$new" >"$hosts"
  rm -f "$new"
}
