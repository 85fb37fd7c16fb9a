#!/usr/bin/env bash
# Learns from the cloud what this machine is called. Marks in every later step's templates need it.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../machine.sh
. "$HERE/machine.sh"
retry machine_facts
machine
log "$MACHINE_NAME ($MACHINE_ID) at $MACHINE_ADDRESS"
