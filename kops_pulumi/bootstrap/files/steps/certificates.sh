#!/usr/bin/env bash
# Makes this machine's certificates for etcd and for the API's webhook from the authorities, where they are missing, due
# or of other names.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
# shellcheck source=../pki.sh
. "$HERE/pki.sh"
machine
webhook_leaf
made=$MADE
etcd_leaves
[[ $MADE == yes || $made == yes ]] || log 'all certificates are good'
