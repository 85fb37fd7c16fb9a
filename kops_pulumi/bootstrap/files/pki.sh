# shellcheck shell=bash
# Sourced after lib.sh: leaf certificates made on the machine with openssl, and the question when to make them anew.
# KOPS_NOW (seconds since 1970) stands in for the clock in tests.
LEAVES=$ROOT/opt/kops-pulumi/leaves

due() { # CERTIFICATE: two thirds of its life are over, or it cannot be read
  local from until now=${KOPS_NOW:-$(date +%s)}
  from=$(openssl x509 -in "$1" -noout -startdate 2>/dev/null) && until=$(openssl x509 -in "$1" -noout -enddate) || return 0
  from=$(date -d "${from#*=}" +%s) until=$(date -d "${until#*=}" +%s)
  ((now - from >= (until - from) * 2 / 3))
}

leaf() { # NAME AUTHORITY SUBJECT USAGE NAMES: NAME.crt and NAME.key, unless they are as asked for and not due; else false
  local name=$1 authority=$2 subject=$3 usage=$4 names=$5 want work
  want="$subject $usage $names $(stamp "$authority.crt")"
  if [[ -f $name.key && $(cat "$LEAVES/${name//\//_}" 2>/dev/null) == "$want" ]] && ! due "$name.crt"; then
    return 1
  fi
  mkdir -p "$LEAVES" "${name%/*}"
  work=$(mktemp -d "$RUN/leaf.XXXXXX")
  (
    umask 077
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/key" 2>/dev/null
    openssl req -new -key "$work/key" -subj "$subject" -out "$work/csr"
    printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' "extendedKeyUsage=$usage" \
      ${names:+"subjectAltName=$names"} >"$work/extensions"
    # From 5 minutes ago, as far as openssl lets us: other machines' clocks may be behind
    openssl x509 -req -in "$work/csr" -CA "$authority.crt" -CAkey "$authority.key" -sha256 -days 365 \
      -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/extensions" -out "$work/crt" 2>/dev/null
  )
  put "$work/key" "$name.key" 0600 || true
  put "$work/crt" "$name.crt" 0644 || true
  printf '%s\n' "$want" | put_text "$LEAVES/${name//\//_}" 0600 || true
  rm -rf "$work"
}

etcd_leaves() { # makes what is missing or due for every etcd cluster; true when one was made
  local name member clients peers host local4='IP:127.0.0.1,IP:::1' made=1
  while IFS=$'\t' read -r name member _ _ clients peers _; do
    if [[ $name != cilium ]]; then
      leaf "$PKI/apiserver-etcd-client" "$PKI/etcd/$clients" /CN=kube-apiserver clientAuth '' && made=0
    fi
    [[ $member != - ]] || continue
    host=$(awk -F '\t' -v name="$name" -v member="$member" '$1 == name && $2 == member { print $3 }' "$HERE/etcd.tsv")
    leaf "$PKI/etcd/$name/server" "$PKI/etcd/$clients" "/CN=$host" serverAuth,clientAuth \
      "DNS:$host,DNS:localhost,DNS:$KOPS_API_NAME,IP:$MACHINE_ADDRESS,$local4" && made=0
    leaf "$PKI/etcd/$name/peer" "$PKI/etcd/$peers" "/CN=$host" serverAuth,clientAuth "DNS:$host,IP:$MACHINE_ADDRESS" && made=0
    leaf "$PKI/etcd/$name/client" "$PKI/etcd/$clients" /CN=kops-pulumi clientAuth '' && made=0
  done <"$HERE/etcd-clusters.tsv"
  return "$made"
}
