# shellcheck shell=bash
# Sourced. A machine's own identity on AWS: IMDSv2 credentials and signed requests (SigV4), and reading the store.
# Signing is done here, not by curl --aws-sigv4, which no stock image older than 2023 does right with session tokens
# (docs/adr/0013). Keys are never in a process's arguments: HMAC is sha256sum, headers reach curl on its standard input.
# Needs bash, curl, sed, coreutils.
: "${KOPS_IMDS:=http://169.254.169.254 http://[fd00:ec2::254]}" "${KOPS_STALL:=30}"

imds() { # PATH
  local base token
  for base in $KOPS_IMDS; do
    token=$(curl -gfsS -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$base/latest/api/token") || continue
    printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token" | curl -gfsS -m 5 -K - "$base/latest/$1" && return
  done
  return 1
}

sha256() { sha256sum | cut -d ' ' -f 1; }

bytes() { printf '%b' "$(sed 's/../\\x&/g')"; } # hexadecimal to bytes

hmac() { # HEX_KEY <message, in hexadecimal
  local key=$1 inner='' outer='' i
  while ((${#key} < 128)); do key="${key}00"; done
  for ((i = 0; i < 128; i += 2)); do
    printf -v inner '%s\\x%02x' "$inner" $((16#${key:i:2} ^ 0x36))
    printf -v outer '%s\\x%02x' "$outer" $((16#${key:i:2} ^ 0x5c))
  done
  { printf '%b' "$outer" && { printf '%b' "$inner" && cat; } | sha256 | bytes; } | sha256
}

aws() { # METHOD SERVICE REGION URL OUT [BODY_FILE]: one signed request; the query must be sorted and encoded
  local method=$1 service=$2 region=$3 url=$4 out=$5 body=${6:-/dev/null}
  local role id secret session now scope host path query digest names canonical key part signature
  if [[ ! ${CREDENTIALS:-} ]]; then
    role=$(imds meta-data/iam/security-credentials/) || return
    CREDENTIALS=$(imds "meta-data/iam/security-credentials/$role") || return
  fi
  id=$(sed -n 's/.*"AccessKeyId" *: *"\([^"]*\)".*/\1/p' <<<"$CREDENTIALS")
  secret=$(sed -n 's/.*"SecretAccessKey" *: *"\([^"]*\)".*/\1/p' <<<"$CREDENTIALS")
  session=$(sed -n 's/.*"Token" *: *"\([^"]*\)".*/\1/p' <<<"$CREDENTIALS")
  [[ $id && $secret && $session ]] || { CREDENTIALS='' && return 1; }
  now=$(date -u +%Y%m%dT%H%M%SZ) scope=${now%T*}/$region/$service/aws4_request
  path=${url#*://} query=''
  [[ $path != *\?* ]] || query=${path#*\?} path=${path%%\?*}
  host=${path%%/*} path=/${path#*/} digest=$(sha256 <"$body")
  names='host;x-amz-content-sha256;x-amz-date;x-amz-security-token'
  canonical=$(printf '%s\n' "$method" "$path" "$query" "host:$host" "x-amz-content-sha256:$digest" "x-amz-date:$now" \
    "x-amz-security-token:$session" '' "$names" "$digest")
  key=$(printf 'AWS4%s' "$secret" | od -An -v -tx1 | tr -d ' \n')
  for part in ${scope//\// }; do key=$(printf %s "$part" | hmac "$key"); done
  signature=$(printf 'AWS4-HMAC-SHA256\n%s\n%s\n%s' "$now" "$scope" "$(printf %s "$canonical" | sha256)" | hmac "$key")
  # What refuses these credentials may accept the next ones
  curl -gsS -o "$out" -w '%{http_code}' --connect-timeout "$KOPS_STALL" -y "$KOPS_STALL" -Y 1024 -X "$method" \
    ${6:+-T "$body"} -K - "$url" <<END | grep -q '^2..$' || { CREDENTIALS='' && return 1; }
header = "x-amz-content-sha256: $digest"
header = "x-amz-date: $now"
header = "x-amz-security-token: $session"
header = "Authorization: AWS4-HMAC-SHA256 Credential=$id/$scope, SignedHeaders=$names, Signature=$signature"
header = "Expect:"
END
}

aws_domain() { # amazonaws.com, or that of another partition
  imds meta-data/services/domain
}

s3() { # METHOD ADDRESS OUT [BODY_FILE]
  local endpoint=${KOPS_S3_ENDPOINT:-} region=${KOPS_STORE_REGION:-$KOPS_REGION}
  [[ $endpoint ]] || endpoint=https://s3.$region.$(aws_domain) || return
  aws "$1" s3 "$region" "$endpoint/${2#s3://}" "$3" "${@:4}"
}

cloud_get() { # ADDRESS FILE
  s3 GET "$1" "$2.part" && mv -f "$2.part" "$2"
}
