#!/usr/bin/env bash
# Brings authorities and keys from the secret channel to where kubeadm and our own scripts look for them. Control planes
# get the authorities' keys and make their certificates themselves; API servers get certificates and no such key.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
umask 077

sound() { # FILE: is what its name says
  case $1 in
  *.crt) openssl x509 -in "$1" -noout 2>/dev/null ;;
  *.key) openssl pkey -in "$1" -noout 2>/dev/null ;;
  *.pub) openssl pkey -pubin -in "$1" -noout 2>/dev/null ;;
  *) [[ -s $1 ]] ;;
  esac
}

received() { # NAME FILE
  cloud_get "$KOPS_STORE_SECRETS/$1" "$2" && sound "$2"
}

secret() { # NAME PATH
  local file=$RUN/${1##*/} mode=0600
  [[ $1 != *.crt ]] || mode=0644
  retry received "$1" "$file"
  put "$file" "$2" "$mode"
  rm -f "$file"
}

both() { # NAME PATH: a certificate and its key
  secret "$1.crt" "$2.crt"
  secret "$1.key" "$2.key"
}

mkdir -p "$PKI/etcd" "$KUBERNETES/encryption"
chmod 755 "$KUBERNETES"
secret service-account.key "$PKI/sa.key"
secret service-account.pub "$PKI/sa.pub"
if [[ $KOPS_ENCRYPT_SECRETS == yes ]]; then secret encryption-config.yaml "$KUBERNETES/encryption/config.yaml"; fi
if [[ $KOPS_ROLE == control-plane ]]; then
  both kubernetes-ca "$PKI/ca"
  # Authorities in rotation: the first is the one that signs, and the controller manager takes no file with two.
  openssl x509 -in "$PKI/ca.crt" | put_text "$PKI/ca-signing.crt" 0644
  both apiserver-aggregator-ca "$PKI/front-proxy-ca"
  while read -r authority; do
    both "$authority" "$PKI/etcd/$authority"
  done < <(cut -f 5,6 "$HERE/etcd-clusters.tsv" | tr '\t' '\n' | sort -u)
else
  secret kubernetes-ca.crt "$PKI/ca.crt"
  secret apiserver-aggregator-ca.crt "$PKI/front-proxy-ca.crt"
  secret etcd-clients-ca.crt "$PKI/etcd/etcd-clients-ca.crt"
  for leaf in apiserver apiserver-kubelet-client apiserver-etcd-client front-proxy-client; do
    both "$leaf" "$PKI/$leaf"
  done
fi
