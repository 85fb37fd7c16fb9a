#!/usr/bin/env bash
# Makes this machine's etcd certificates from the authorities, where they are missing, due or of other names.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
# shellcheck source=../pki.sh
. "$HERE/pki.sh"
machine
etcd_leaves
[[ $MADE == yes ]] || log 'all certificates are good'
