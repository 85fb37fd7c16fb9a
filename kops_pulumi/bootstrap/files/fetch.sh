#!/usr/bin/env bash
# Runs at every boot (kops-boot.service): gets this machine's bundle with its own identity, checks the digest that its
# user data names, unpacks it and runs its boot.sh. Tries for ever; what fails the check is never unpacked.
set -euo pipefail
root=${KOPS_ROOT:-} home=$root/opt/kops-pulumi
set -a
# shellcheck source=/dev/null
. "$root/etc/kops-pulumi/node.env"
set +a
# shellcheck source=/dev/null
. "$home/boot/identity.sh"

pause=${KOPS_BACKOFF:-1}
bundle=$home/$KOPS_SHA256
until [[ -d $bundle ]]; do
  work=$(mktemp -d "$home/.fetch.XXXXXX")
  if cloud_get "$KOPS_BUNDLE" "$work/bundle" && sha256sum -c --quiet <<<"$KOPS_SHA256  $work/bundle" &&
    mkdir "$work/tree" && tar -xzf "$work/bundle" -C "$work/tree" --no-same-owner && chmod 700 "$work/tree" &&
    sync -f "$work" && mv -T "$work/tree" "$bundle"; then
    echo "bundle $KOPS_SHA256 is here"
  else
    echo "the bundle did not arrive whole from $KOPS_BUNDLE; again in ${pause} s" >&2
    sleep "$pause"
    pause=$((pause * 2 > 60 ? 60 : pause * 2))
  fi
  rm -rf "$work"
done
if [[ $(readlink "$home/current" || true) != "$KOPS_SHA256" ]]; then
  ln -sfn "$KOPS_SHA256" "$home/current.new"
  mv -T "$home/current.new" "$home/current"
fi
exec "$home/current/boot.sh"
