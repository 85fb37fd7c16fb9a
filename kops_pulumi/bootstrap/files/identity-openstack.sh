# shellcheck shell=bash
# Sourced. A machine's own identity on OpenStack: the application credential of its role, from its metadata, and reading
# the store with it (docs/adr/0021). Metadata is read from the config drive, or asked for where there is none or where
# what it has is refused: a drive never changes. Secrets and tokens reach curl on its standard input, never as arguments.
# Bundles lie in Swift as base64. Needs bash, curl, sed, coreutils, mount.
: "${KOPS_METADATA:=http://169.254.169.254}" "${KOPS_STALL:=30}" "${KOPS_DRIVE:=/dev/disk/by-label}"

config_drive() { # prints meta_data.json of the config drive
  local device place found=1
  for device in "${KOPS_ROOT:-}$KOPS_DRIVE"/{config-2,CONFIG-2}; do
    [[ -e $device ]] || continue
    place=$(mktemp -d) || return
    if mount -o ro,nosuid,nodev,noexec "$device" "$place"; then
      cat "$place/openstack/latest/meta_data.json" && found=0
      umount "$place"
    fi
    rmdir "$place"
    return "$found"
  done
  return 1
}

metadata_service() { # prints the same from the metadata service, as it is now
  curl -gfsS -m 5 "$KOPS_METADATA/openstack/latest/meta_data.json"
}

facts() { # sets FACTS
  [[ ${FACTS:-} ]] || FACTS=$(config_drive) || FACTS=$(metadata_service)
}

fact() { # KEY: prints a text of this machine's metadata
  facts || return
  sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$FACTS" | grep .
}

request() { # OUT CURL_OPTION…: one request; false unless it is answered with 2xx. Headers are on standard input, for curl
  local out=$1 insecure=()
  shift
  if fact kops_insecure >/dev/null; then insecure=(-k); fi
  curl -gsS "${insecure[@]}" -o "$out" -w '%{http_code}' --connect-timeout "$KOPS_STALL" -y "$KOPS_STALL" -Y 1024 \
    "$@" | grep -q '^2..$'
}

new_token() { # prints one: https://docs.openstack.org/api-ref/identity/v3/#authenticating-with-an-application-credential
  local url id secret headers token=''
  url=$(fact kops_auth_url) && id=$(fact kops_credential_id) && secret=$(fact security-credentials) || return
  url=${url%/}
  [[ $url == */v3 ]] || url+=/v3
  headers=$(mktemp) || return
  printf '{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "%s", "secret": "%s"}}}}' \
    "$id" "$secret" |
    request /dev/null -D "$headers" -H 'Content-Type: application/json' --data-binary @- "$url/auth/tokens" &&
    token=$(sed -n 's/^x-subject-token: *\([^[:space:]]*\).*/\1/Ip' "$headers")
  rm -f "$headers"
  [[ ${token:-} ]] && printf '%s\n' "$token"
}

swift() { # METHOD ADDRESS OUT [BODY_FILE]: ADDRESS is swift://container/object, its query encoded
  local url
  facts || return
  if [[ ! ${TOKEN:-} ]]; then
    # A credential that was made anew is known to the metadata service before it is on any drive
    TOKEN=$(new_token) || { FACTS=$(metadata_service) && TOKEN=$(new_token); } || { FACTS='' && return 1; }
  fi
  url=$(fact kops_store_url) || return
  request "$3" -X "$1" ${4:+-T "$4"} -K - "${url%/}/${2#swift://}" <<END || { TOKEN='' && return 1; }
header = "X-Auth-Token: $TOKEN"
header = "Expect:"
END
}

cloud_get() { # ADDRESS FILE
  swift GET "$1" "$2.part" || return
  case $1 in
  *.tar.gz) base64 -d <"$2.part" >"$2.new" && mv -f "$2.new" "$2" && rm -f "$2.part" ;;
  *) mv -f "$2.part" "$2" ;;
  esac
}
