#!/usr/bin/env bash
# Makes the names resolve that everything after needs; kops-hosts.timer keeps them so.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
retry "$HERE/bin/kops-hosts"
