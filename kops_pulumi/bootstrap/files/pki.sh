# shellcheck shell=bash disable=SC2034 # MADE is for who sources this
# Sourced after lib.sh: leaf certificates made on the machine with openssl, and the question when to make them anew.
# KOPS_NOW (seconds since 1970) stands in for the clock in tests.
LEAVES=$ROOT/opt/kops-pulumi/leaves

due() { # CERTIFICATE: two thirds of its life are over, or it cannot be read
  local from until now=${KOPS_NOW:-$(date +%s)}
  from=$(openssl x509 -in "$1" -noout -startdate 2>/dev/null) && until=$(openssl x509 -in "$1" -noout -enddate) || return 0
  from=$(date -d "${from#*=}" +%s) until=$(date -d "${until#*=}" +%s)
  ((now - from >= (until - from) * 2 / 3))
}

leaf() { # NAME AUTHORITY SUBJECT USAGE NAMES: NAME.crt and NAME.key, unless they are as asked for and not due; sets MADE=yes
  local name=$1 authority=$2 subject=$3 usage=$4 names=$5 want work made
  made=${name#"$PKI/"} made=$LEAVES/${made//\//_}
  want="$subject $usage $names $(stamp "$authority.crt")"
  if [[ -f $name.key && $(cat "$made" 2>/dev/null) == "$want" ]] && ! due "$name.crt"; then
    return 0
  fi
  MADE=yes
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
  put "$work/key" "$name.key" 0600
  put "$work/crt" "$name.crt" 0644
  printf '%s\n' "$want" | put_text "$made" 0600
  rm -rf "$work"
}

webhook_leaf() { # what the authenticator beside the API server serves with, where the API server asks one; sets MADE
  local place=$ROOT/var/aws-iam-authenticator
  MADE=no
  [[ -f $KUBERNETES/authentication/aws-iam-authenticator.yaml ]] || return 0
  leaf "$place/server" "$PKI/ca" /CN=aws-iam-authenticator serverAuth 'DNS:localhost,IP:127.0.0.1'
  ln -sfn server.crt "$place/cert.pem"
  ln -sfn server.key "$place/key.pem"
}

etcd_leaves() { # makes what is missing or due for every etcd cluster; sets MADE. Not to be called in a condition: it relies on errexit
  local name member clients peers host local4='IP:127.0.0.1,IP:::1'
  MADE=no
  while IFS=$'\t' read -r name member _ _ clients peers _; do
    if [[ $name != cilium ]]; then
      leaf "$PKI/apiserver-etcd-client" "$PKI/etcd/$clients" /CN=kube-apiserver clientAuth ''
    fi
    [[ $member != - ]] || continue
    host=$(awk -F '\t' -v name="$name" -v member="$member" '$1 == name && $2 == member { print $3 }' "$HERE/etcd.tsv")
    leaf "$PKI/etcd/$name/server" "$PKI/etcd/$clients" "/CN=$host" serverAuth,clientAuth \
      "DNS:$host,DNS:localhost,DNS:$KOPS_API_NAME,IP:$MACHINE_ADDRESS,$local4"
    leaf "$PKI/etcd/$name/peer" "$PKI/etcd/$peers" "/CN=$host" serverAuth,clientAuth "DNS:$host,IP:$MACHINE_ADDRESS"
    leaf "$PKI/etcd/$name/client" "$PKI/etcd/$clients" /CN=kops-pulumi clientAuth ''
  done <"$HERE/etcd-clusters.tsv"
}
