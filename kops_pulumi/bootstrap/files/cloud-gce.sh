# shellcheck shell=bash
# Sourced: a cluster's machines on GCE; docs/contracts/bootstrap.md says what each function does. Requests carry the
# machine's token (identity.sh); answers are JSON, read by a parser small enough for any awk.
# shellcheck source=identity-gce.sh
. "$HERE/identity.sh"
: "${KOPS_COMPUTE_ENDPOINT:=https://compute.googleapis.com/compute/v1}"

json_values() { # <JSON: a line PATH<tab>VALUE for each text, number or word; PATH from the root, items of lists by number
  tr -d '\r\n' | sed 's/\\"/\x01/g' | grep -oE '"[^"]*"|[][{},:]|[^][{},:" \t]+' | awk '
    function leave() { path = saved[depth--]; after = 0 }
    function value(text) { print path "/" (list[depth] ? count[depth]++ : key) "\t" text }
    function enter(is_list) {
      saved[depth + 1] = path
      if (depth) path = path "/" (list[depth] ? count[depth]++ : key)
      list[++depth] = is_list; count[depth] = 0; after = 0
    }
    $0 == "{" { enter(0); next }
    $0 == "[" { enter(1); next }
    $0 == "}" || $0 == "]" { leave(); next }
    $0 == "," { after = 0; next }
    $0 == ":" { after = 1; next }
    {
      text = $0
      if (text ~ /^"/) { text = substr(text, 2, length(text) - 2); gsub(/\001/, "\"", text); gsub(/\\\//, "/", text) }
      if (!list[depth] && !after) { key = text; next }
      value(text); after = 0
    }'
}

encoded() { # TEXT: percent-encoded for a query
  local text=$1 out='' i c
  local LC_ALL=C
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
    [A-Za-z0-9._~-]) out+=$c ;;
    *) printf -v c '%%%02X' "'$c" && out+=$c ;;
    esac
  done
  printf '%s' "$out"
}

asked() { # METHOD URL [BODY_FILE]: the answer as json_values prints it; what Google says when it refuses goes to the log
  local out
  out=$(mktemp "$RUN/gce.XXXXXX")
  if google "$1" "$2" "$out" "${@:3}" >/dev/null; then
    json_values <"$out"
    rm -f "$out"
  else
    log "$1 ${2%%\?*}: $(json_values <"$out" | sed -n 's|^/error/message\t||p')"
    rm -f "$out"
    return 1
  fi
}

cloud_put() { # FILE ADDRESS: a name that may not be written again is taken already, by what was put there before
  local answer
  answer=$(mktemp "$RUN/gcs.XXXXXX")
  if gcs PUT "$2" "$answer" "$1" >/dev/null; then
    rm -f "$answer"
    return
  fi
  if grep -q 'storage\.objects\.delete' "$answer"; then
    log "$2 is there already"
    rm -f "$answer"
    return
  fi
  log "could not put $2: $(tr -d '\n' <"$answer" | cut -c 1-300)"
  rm -f "$answer"
  return 1
}

cloud_list() { # ADDRESS: of gs://bucket/prefix; prints gs://bucket/key
  local place=${1#gs://} values more=''
  local bucket=${place%%/*} prefix=${place#*/}
  while :; do
    values=$(asked GET "$KOPS_GCS_ENDPOINT/storage/v1/b/$bucket/o?fields=items/name,nextPageToken&prefix=$(encoded "$prefix")${more:+&pageToken=$(encoded "$more")}") || return
    sed -n "s|^/items/[0-9]*/name\t|gs://$bucket/|p" <<<"$values"
    more=$(sed -n 's|^/nextPageToken\t||p' <<<"$values")
    [[ $more ]] || break
  done
}

cloud_instance_id() { metadata instance/id; }

cloud_address() { metadata instance/network-interfaces/0/ip; }

cloud_node_name() { # instance-id|private-dns
  case $1 in
  instance-id) metadata instance/name ;;
  private-dns) metadata instance/hostname ;;
  *) return 1 ;;
  esac
}

here() { # projects/P/zones/Z of this machine
  local zone project
  zone=$(metadata instance/zone) && project=$(metadata project/project-id) && printf 'projects/%s/zones/%s\n' "$project" "${zone##*/}"
}

cloud_peers() { # GROUP ID ADDRESS[,ADDRESS…] NAME of every machine of the cluster that runs, oldest first
  local project more='' answer label
  local wanted='items/*/instances(id,name,status,creationTimestamp,labels,networkInterfaces(networkIP,accessConfigs/natIP))'
  project=$(metadata project/project-id) && label=$(cluster_label) || return
  while :; do
    answer=$(asked GET "$KOPS_COMPUTE_ENDPOINT/projects/$project/aggregated/instances?maxResults=500&fields=$(encoded "$wanted,nextPageToken")&filter=$(encoded "labels.k8s-io-cluster-name=$label")${more:+&pageToken=$(encoded "$more")}") || return
    awk -F '\t' '
      function join(a, b) { return a == "" ? b : b == "" ? a : a "," b }
      function told() {
        if (group != "" && first != "" && state ~ /^(PROVISIONING|STAGING|RUNNING)$/) print time, group, id, join(first, more), (name == "" ? "-" : name)
        id = time = name = group = first = more = state = ""
      }
      { at = $1; if (!sub(/^\/items\/zones\/[^\/]*\/instances\//, "", at)) next
        number = at; sub(/\/.*/, "", number); sub(/^[0-9]+\//, "", at)
        whole = $1; sub(/\/instances\/.*/, "", whole); whole = whole "/" number
        if (whole != last) { told(); last = whole } }
      at == "id" { id = $2 }
      at == "name" { name = $2 }
      at == "status" { state = $2 }
      at == "creationTimestamp" { time = $2 }
      at == "labels/k8s-io-instance-group" { group = $2 }
      at == "networkInterfaces/0/networkIP" { first = $2 }
      at ~ /^networkInterfaces\/[1-9][0-9]*\/networkIP$/ || at ~ /\/natIP$/ { more = join(more, $2) }
      END { told() }' <<<"$answer"
    more=$(sed -n 's|^/nextPageToken\t||p' <<<"$answer")
    [[ $more ]] || break
  done | sort | cut -d ' ' -f 2-
}

cluster_label() { # the value of k8s-io-cluster-name: the one this machine itself has
  metadata instance/attributes/kops-k8s-io-cluster-label
}

cloud_attach() { # VOLUME: projects/P/zones/Z/disks/NAME
  local place me body name=${1##*/} users
  place=$(here) && me=$(metadata instance/name) || return
  users=$(asked GET "$KOPS_COMPUTE_ENDPOINT/$1?fields=users" | sed -n 's|^/users/[0-9]*\t||p') || return
  [[ $users != *"/$place/instances/$me" ]] || return 0
  [[ ! $users ]] || { log "$name is still held by ${users##*/}"; return 1; }
  body=$(mktemp "$RUN/attach.XXXXXX")
  printf '{"source": "%s", "deviceName": "%s", "mode": "READ_WRITE", "autoDelete": false}' "$1" "$name" >"$body"
  if asked POST "$KOPS_COMPUTE_ENDPOINT/$place/instances/$me/attachDisk" "$body" >/dev/null; then
    rm -f "$body"
    log "attaching $name"
    return
  fi
  rm -f "$body"
  return 1
}

cloud_device() { # VOLUME: by the name it was attached as
  local link=$ROOT/dev/disk/by-id/google-${1##*/}
  [[ -e $link ]] && readlink -f "$link"
}

dns_zones() { # the project's managed zones in Cloud DNS
  local project
  project=$(metadata project/project-id) || return
  printf '%s/projects/%s/managedZones' "${KOPS_CLOUD_DNS_ENDPOINT:-https://dns.googleapis.com/dns/v1}" "$project"
}

managed_zone() { # NAME: prints the zone that is meant: the one that is named, else the longest that the name is in
  local place answer more='' found=''
  place=$(dns_zones) || return
  while :; do
    answer=$(asked GET "$place${more:+?pageToken=$(encoded "$more")}") || return
    found+=$(awk -F '\t' -v wanted="$KOPS_DNS_ZONE" -v name="$1." -v private="$KOPS_DNS_PRIVATE" '
      function told(at) {
        if (zone == "") return
        if (zone == wanted) print 1000, zone
        at = length(name) - length(domain)
        if (hidden == private && at >= 0 && substr(name, at + 1) == domain && (at == 0 || substr(name, at, 1) == "."))
          print length(domain), zone
        zone = domain = ""; hidden = "no"
      }
      BEGIN { hidden = "no" }
      !/^\/managedZones\// { next }
      { split($1, part, "/"); if (part[3] != last) { told(); last = part[3] } field = part[4] }
      NF && $1 ~ /\/name$/ && field == "name" { zone = $2 }
      field == "dnsName" { domain = $2 }
      field == "visibility" { hidden = $2 == "private" ? "yes" : "no" }
      END { told() }' <<<"$answer")$'\n'
    more=$(sed -n 's|^/nextPageToken\t||p' <<<"$answer")
    [[ $more ]] || break
  done
  sort -rn <<<"$found" | awk 'NF == 2 { print $2; exit }' | grep .
}

cloud_publish() { # NAME A|AAAA ADDRESS…
  local name=$1 family=$2 place zone body known status=0
  shift 2
  place=$(dns_zones) || return
  if ! zone=$(managed_zone "$name"); then
    log "no managed zone for $name"
    return 1
  fi
  place+=/$zone/rrsets
  known=$(asked GET "$place?name=$(encoded "$name.")&type=$family") || return
  body=$(mktemp "$RUN/dns.XXXXXX")
  printf '{"name": "%s.", "type": "%s", "ttl": 60, "rrdatas": ["%s"]}' "$name" "$family" "$(printf '%s\n' "$@" |
    paste -sd '|' | sed 's/|/", "/g')" >"$body"
  if grep -q '^/rrsets/0/' <<<"$known"; then
    asked PATCH "$place/$name./$family" "$body" >/dev/null || status=1
  else
    asked POST "$place" "$body" >/dev/null || status=1
  fi
  rm -f "$body"
  return "$status"
}
