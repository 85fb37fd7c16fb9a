# shellcheck shell=bash
# Sourced. A machine's own identity on GCE: its service account's token from the metadata server, and reading the store
# (https://cloud.google.com/compute/docs/access/authenticate-workloads, XML API of Cloud Storage). The token reaches curl
# on its standard input, never as an argument. Needs bash, curl, sed, coreutils.
: "${KOPS_METADATA:=http://metadata.google.internal}" "${KOPS_GCS_ENDPOINT:=https://storage.googleapis.com}"
: "${KOPS_STALL:=30}"

metadata() { # PATH
  curl -gfsS -m 5 -H 'Metadata-Flavor: Google' "$KOPS_METADATA/computeMetadata/v1/$1"
}

google() { # METHOD URL OUT [BODY_FILE]: one request with the machine's token; prints the answer's content type
  local token told
  token=$(metadata instance/service-accounts/default/token | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p') || return
  [[ $token ]] || return 1
  told=$(
    curl -gsS -o "$3" -w '%{http_code} %{content_type}' --connect-timeout "$KOPS_STALL" -y "$KOPS_STALL" -Y 1024 \
      -X "$1" ${4:+-T "$4"} -K - "$2" <<END
header = "Authorization: Bearer $token"
header = "Expect:"
$([[ $1 != POST && $1 != PATCH ]] || echo 'header = "Content-Type: application/json"')
END
  ) || return
  [[ $told == 2* ]] && printf '%s\n' "${told#* }"
}

gcs() { # METHOD ADDRESS OUT [BODY_FILE]
  google "$1" "$KOPS_GCS_ENDPOINT/${2#gs://}" "${@:3}"
}

cloud_get() { # ADDRESS FILE: objects that are base64 say so by their content type
  local type
  type=$(gcs GET "$1" "$2.part") || return
  if [[ $type == application/base64* ]]; then
    base64 -d "$2.part" >"$2.raw" && mv -f "$2.raw" "$2.part" || return
  fi
  mv -f "$2.part" "$2"
}
