# shellcheck shell=bash disable=SC2034 # variables are for who sources this
# Sourced after lib.sh: one etcd cluster seen from this machine, and what may be done with this machine's member.
# The decision is etcd_decide, a function of words alone; etcd_view makes two of the words from what etcdctl prints.

etcd_load() { # CLUSTER: sets E_* for it; false when it has no member here
  local name _
  while IFS=$'\t' read -r name E_MEMBER E_CLIENT E_PEER E_CLIENTS_CA _ E_BACKUPS _; do
    [[ $name == "$1" && $E_MEMBER != - ]] || continue
    E_NAME=$name E_MOUNT=$ROOT/mnt/etcd/$name E_MANIFEST=$KUBERNETES/manifests/etcd-$name.yaml
    E_DATA=$E_MOUNT/data E_STATE=$E_MOUNT/state
    E_HOST=$(awk -F '\t' -v n="$name" -v m="$E_MEMBER" '$1 == n && $2 == m { print $3 }' "$HERE/etcd.tsv")
    E_OTHERS=$(awk -F '\t' -v n="$name" -v m="$E_MEMBER" '$1 == n && $2 != m { print $3 }' "$HERE/etcd.tsv")
    # Who was meant to form the cluster: markers of another set belong to a cluster that has been resized
    E_SET=$(awk -F '\t' -v n="$name" '$1 == n { print $2, $3 }' "$HERE/etcd.tsv" | sort | sha256sum | cut -c 1-12)
    return
  done <"$HERE/etcd-clusters.tsv"
  return 1
}

etcdctl_at() { # ENDPOINTS COMMAND…
  local endpoints=$1
  shift
  ETCDCTL_API=3 etcdctl --endpoints="$endpoints" --dial-timeout=3s --command-timeout="${KOPS_ETCD_TIMEOUT:-10s}" \
    --cacert="$PKI/etcd/$E_CLIENTS_CA.crt" --cert="$PKI/etcd/$E_NAME/client.crt" --key="$PKI/etcd/$E_NAME/client.key" "$@"
}

etcd_endpoints() { # HOSTS, one a line: comma-separated client addresses
  local host all=''
  for host in $1; do all+=",https://$host:$E_CLIENT"; done
  printf '%s\n' "${all#,}"
}

etcd_mine() { # MEMBER_LIST: prints the line of the member at this machine's peer address
  awk -F ', *' -v url="https://$E_HOST:$E_PEER" '$4 == url' <<<"$1"
}

etcd_view() { # OWN_PEER_URL MEMBER_LIST HEALTHY: prints "<listed> <quorum>"
  # MEMBER_LIST as `etcdctl member list` prints it: id, status, name, peer addresses, client addresses, is learner.
  # HEALTHY: peer addresses of the other members that answered a read which needs quorum, one a line.
  awk -F ', *' -v own="$1" -v healthy="$3" '
    BEGIN { n = split(healthy, list, "\n"); for (i = 1; i <= n; i++) if (list[i]) up[list[i]] = 1; listed = "absent" }
    NF < 6 { next }
    { members++ }
    $6 != "true" { voters++; if ($4 != own && $4 in up) alive++ }
    $4 == own { listed = $2 == "unstarted" ? "unstarted" : "started" }
    END { print (members ? listed : "unknown"), (voters && alive >= int(voters / 2) + 1 ? "yes" : "no") }' <<<"$2"
}

etcd_decide() { # DATA STATE MARKS LISTED QUORUM: prints what may be done with this machine's member
  # DATA    yes: the volume holds a member's data; no
  # STATE   of the volume: none, forming (never seen running), joining (a repair began), formed
  # MARKS   in the store: fresh (no mark of this member, none of another set of members), mine, foreign, unknown
  # LISTED  by the others: unknown (nobody answers), absent, unstarted, started
  # QUORUM  yes: the others have it without us
  # Prints  run (as it is), form (start as a founding member), repair (have the others replace the member), wait
  case $1:$3 in
  yes:*) echo run ;;
  no:fresh)
    case $4:$5 in
    started:yes | absent:yes) echo repair ;;
    started:no | absent:no) echo wait ;;
    *) echo form ;;
    esac
    ;;
  no:mine)
    case $2:$4:$5 in
    forming:unknown:no | forming:unstarted:*) echo form ;; # the first start was interrupted before etcd wrote anything
    *:yes) echo repair ;;
    *) echo wait ;;
    esac
    ;;
  no:foreign) if [[ $5 == yes ]]; then echo repair; else echo wait; fi ;;
  *) echo wait ;;
  esac
}

etcd_marks() { # prints fresh, mine, foreign or unknown
  local marks
  marks=$(cloud_list "$E_BACKUPS/initialized/") || { echo unknown; return; }
  if grep -q "/$E_MEMBER\$" <<<"$marks"; then
    echo mine
  elif grep -v "/$E_SET/[^/]*\$" <<<"$marks" | grep -q .; then
    echo foreign
  else
    echo fresh
  fi
}

etcd_look() { # sets E_LIST (the others' member list), E_LISTED and E_QUORUM; asks all at once: who is away takes its time
  local host work
  work=$(mktemp -d "$RUN/look.XXXXXX")
  if [[ $E_OTHERS ]]; then
    etcdctl_at "$(etcd_endpoints "$E_OTHERS")" member list >"$work/list" 2>/dev/null &
    for host in $E_OTHERS; do
      if etcdctl_at "https://$host:$E_CLIENT" endpoint health >/dev/null 2>&1; then echo "https://$host:$E_PEER" >"$work/up.$host"; fi &
    done
    wait
  fi
  E_LIST=$(cat "$work/list" 2>/dev/null || true)
  read -r E_LISTED E_QUORUM < <(etcd_view "https://$E_HOST:$E_PEER" "$E_LIST" "$(cat "$work"/up.* 2>/dev/null || true)")
  rm -rf "$work"
}

etcd_state() { # prints the state of the mounted volume
  if mountpoint -q "$E_MOUNT" && [[ -s $E_STATE ]]; then head -n 1 "$E_STATE"; else echo none; fi
}

etcd_has_data() {
  mountpoint -q "$E_MOUNT" && [[ -n $(find "$E_DATA/member/wal" -name '*.wal' -print -quit 2>/dev/null) ]]
}
