# shellcheck shell=bash
# Sourced. A machine's own identity on GCE: its service account's token from the metadata server, and reading the store
# (https://cloud.google.com/compute/docs/access/authenticate-workloads, XML API of Cloud Storage). The token reaches curl
# on its standard input, never as an argument. Needs bash, curl, sed, coreutils.
: "${KOPS_METADATA:=http://metadata.google.internal}" "${KOPS_GCS_ENDPOINT:=https://storage.googleapis.com}"
: "${KOPS_STALL:=30}"

metadata() { # PATH
  curl -gfsS -m 5 -H 'Metadata-Flavor: Google' "$KOPS_METADATA/computeMetadata/v1/$1"
}

gcs() { # METHOD ADDRESS OUT [BODY_FILE]
  local token
  token=$(metadata instance/service-accounts/default/token | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p') || return
  [[ $token ]] || return 1
  curl -gsS -o "$3" -w '%{http_code}' --connect-timeout "$KOPS_STALL" -y "$KOPS_STALL" -Y 1024 -X "$1" ${4:+-T "$4"} \
    -K - "$KOPS_GCS_ENDPOINT/${2#gs://}" <<<"header = \"Authorization: Bearer $token\"" | grep -q '^2..$'
}

cloud_get() { # ADDRESS FILE
  gcs GET "$1" "$2.part" && mv -f "$2.part" "$2"
}
