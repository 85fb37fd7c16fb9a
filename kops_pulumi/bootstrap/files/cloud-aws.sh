# shellcheck shell=bash
# Sourced: a cluster's machines on AWS; docs/contracts/bootstrap.md says what each function does. Signed requests come
# from identity.sh; answers are XML, read by a parser small enough for any awk.
# shellcheck source=identity-aws.sh
. "$HERE/identity.sh"

xml_values() { # <XML: a line PATH<tab>text for each text, and PATH/<tab> at each end of an element; PATH from the root
  awk 'BEGIN { RS = "<" }
    function unescape(s) {
      gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&apos;/, "\047", s)
      gsub(/&amp;/, "\\&", s); return s
    }
    NR == 1 || /^[?!]/ { next }
    /^\// { print path "/\t"; sub(/\/[^\/]*$/, "", path); next }
    {
      tag = $0; sub(/>.*/, "", tag); text = substr($0, length(tag) + 2)
      if (tag ~ /\/$/) next
      sub(/[ \t\r\n].*/, "", tag); path = path "/" tag
      gsub(/[ \t\r\n]+$/, "", text); gsub(/[\t\r\n]/, " ", text)
      if (text != "") print path "\t" unescape(text)
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

ec2() { # OUT KEY=VALUE…: one request; the answer in OUT, an error too
  local out=$1 pair query=() endpoint=${KOPS_EC2_ENDPOINT:-}
  shift
  [[ $endpoint ]] || endpoint=https://ec2.$KOPS_REGION.$(aws_domain) || return
  for pair in "$@" Version=2016-11-15; do query+=("$(encoded "${pair%%=*}")=$(encoded "${pair#*=}")"); done
  query=("$(printf '%s\n' "${query[@]}" | LC_ALL=C sort | paste -sd '&')")
  aws GET ec2 "$KOPS_REGION" "$endpoint/?${query[0]}" "$out"
}

asked() { # KEY=VALUE…: ec2, its answer as xml_values prints it; what it says when it refuses goes to the log
  local out
  out=$(mktemp "$RUN/ec2.XXXXXX")
  if ec2 "$out" "$@"; then
    xml_values <"$out"
    rm -f "$out"
  else
    log "$1: $(xml_values <"$out" | sed -n 's|.*/Message\t||p')"
    rm -f "$out"
    return 1
  fi
}

cloud_put() { # FILE ADDRESS
  local answer
  answer=$(mktemp "$RUN/s3.XXXXXX")
  s3 PUT "$2" "$answer" "$1" && rm -f "$answer" && return
  log "could not put $2: $(xml_values <"$answer" | sed -n 's|.*/Message\t||p')"
  rm -f "$answer"
  return 1
}

cloud_list() { # ADDRESS: of s3://bucket/prefix; prints s3://bucket/key
  local place=${1#s3://} answer values more=''
  local bucket=${place%%/*} prefix=${place#*/}
  answer=$(mktemp "$RUN/s3.XXXXXX")
  while :; do
    if ! s3 GET "s3://$bucket?${more:+continuation-token=$(encoded "$more")&}list-type=2&prefix=$(encoded "$prefix")" "$answer"; then
      rm -f "$answer"
      return 1
    fi
    values=$(xml_values <"$answer")
    sed -n "s|^/ListBucketResult/Contents/Key\t|s3://$bucket/|p" <<<"$values"
    more=$(sed -n 's|^/ListBucketResult/NextContinuationToken\t||p' <<<"$values")
    [[ $more ]] || break
  done
  rm -f "$answer"
}

cloud_instance_id() { imds meta-data/instance-id; }

cloud_address() {
  if [[ $KOPS_IPV6 == yes ]]; then
    imds meta-data/ipv6
  else
    imds meta-data/local-ipv4
  fi
}

cloud_node_name() { # instance-id|private-dns
  case $1 in
  instance-id) cloud_instance_id ;;
  private-dns) imds meta-data/local-hostname | cut -d ' ' -f 1 ;;
  *) return 1 ;;
  esac
}

cloud_peers() { # GROUP ID ADDRESS[,ADDRESS…] NAME of every machine of the cluster that runs, oldest first
  local answer more=''
  while :; do
    answer=$(asked Action=DescribeInstances MaxResults=1000 ${more:+"NextToken=$more"} \
      Filter.1.Name=tag:KubernetesCluster "Filter.1.Value.1=$KOPS_CLUSTER" \
      Filter.2.Name=instance-state-name Filter.2.Value.1=pending Filter.2.Value.2=running) || return
    awk -F '\t' -v v6="$KOPS_IPV6" '
      function join(a, b) { return a == "" ? b : b == "" ? a : a "," b }
      { key = $1; if (!sub(/^\/DescribeInstancesResponse\/reservationSet\/item\/instancesSet\/item/, "", key)) next }
      key == "/instanceId" { id = $2 }
      key == "/launchTime" { time = $2 }
      key == "/privateIpAddress" { v4 = $2 }
      key == "/ipAddress" { public = $2 }
      key == "/privateDnsName" { name = $2 }
      key == "/networkInterfaceSet/item/ipv6AddressesSet/item/ipv6Address" { six = join(six, $2) }
      key == "/networkInterfaceSet/item/privateIpAddressesSet/item/privateIpAddress" && $2 != v4 { more = join(more, $2) }
      key == "/tagSet/item/key" { tag = $2 }
      key == "/tagSet/item/value" && tag == "kops.k8s.io/instancegroup" { group = $2 }
      key == "/" {
        first = v6 == "yes" ? join(six, v4) : join(v4, six)
        if (group != "" && first != "") print time, group, id, join(join(first, more), public), (name == "" ? "-" : name)
        id = time = v4 = public = name = six = more = tag = group = ""
      }' <<<"$answer"
    more=$(sed -n 's|^/DescribeInstancesResponse/nextToken\t||p' <<<"$answer")
    [[ $more ]] || break
  done | sort | cut -d ' ' -f 2-
}

cloud_attach() { # VOLUME
  local me answer holder letter
  me=$(cloud_instance_id) || return
  answer=$(asked Action=DescribeVolumes "VolumeId.1=$1") || return
  holder=$(sed -n 's|^/DescribeVolumesResponse/volumeSet/item/attachmentSet/item/instanceId\t||p' <<<"$answer")
  [[ $holder != "$me" ]] || return 0
  [[ ! $holder ]] || { log "$1 is still held by $holder"; return 1; }
  for letter in f g h i j k l m n o p; do
    if asked Action=AttachVolume "VolumeId=$1" "InstanceId=$me" "Device=/dev/sd$letter" >/dev/null 2>"$RUN/attach.log"; then
      log "attached $1"
      return
    fi
    grep -q 'already in use' "$RUN/attach.log" || break
  done
  cat "$RUN/attach.log" >&2
  return 1
}

cloud_device() { # VOLUME: by its serial (NVMe), or by the name it was attached as (Xen)
  local disk serial answer device
  for disk in "$ROOT"/sys/block/nvme*; do
    [[ -r $disk/device/serial ]] || continue
    serial=$(tr -d ' \n' <"$disk/device/serial")
    if [[ $serial == "${1//-/}" ]]; then
      printf '%s\n' "$ROOT/dev/${disk##*/}"
      return
    fi
  done
  answer=$(asked Action=DescribeVolumes "VolumeId.1=$1") || return
  device=$(sed -n 's|^/DescribeVolumesResponse/volumeSet/item/attachmentSet/item/device\t/dev/sd|/dev/xvd|p' <<<"$answer")
  [[ $device && -e $ROOT$device ]] && printf '%s\n' "$ROOT$device"
}

cloud_warming() { # this machine is being prepared for its group's warm pool
  [[ $(imds meta-data/autoscaling/target-lifecycle-state) == Warmed:* ]]
}

cloud_warmed() { # its preparation is over; a pool without the hook waits for nobody
  local group=$KOPS_GROUP.$KOPS_CLUSTER endpoint=${KOPS_AUTOSCALING_ENDPOINT:-} me out
  [[ $KOPS_ROLE != apiserver ]] || group=$KOPS_GROUP.apiservers.$KOPS_CLUSTER
  [[ $endpoint ]] || endpoint=https://autoscaling.$KOPS_REGION.$(aws_domain) || return
  me=$(cloud_instance_id) && out=$(mktemp "$RUN/warmed.XXXXXX") || return
  if aws GET autoscaling "$KOPS_REGION" "$endpoint/?Action=CompleteLifecycleAction&AutoScalingGroupName=$(
    encoded "$group"
  )&InstanceId=$me&LifecycleActionResult=CONTINUE&LifecycleHookName=kops-warmpool&Version=2011-01-01" "$out" ||
    grep -q 'No active Lifecycle Action' "$out"; then
    rm -f "$out"
    return
  fi
  log "CompleteLifecycleAction: $(xml_values <"$out" | sed -n 's|.*/Message\t||p')"
  rm -f "$out"
  return 1
}

route53() { # METHOD PATH OUT [BODY_FILE]
  aws "$1" route53 us-east-1 "${KOPS_ROUTE53_ENDPOINT:-https://route53.amazonaws.com}/2013-04-01/$2" "$3" "${@:4}"
}

hosted_zone() { # NAME: prints the id of the zone that is meant: the one named by id, else the longest that the name is in
  local answer more='' found=''
  if [[ $KOPS_DNS_ZONE =~ ^Z[0-9A-Z]{6,}$ ]]; then
    echo "$KOPS_DNS_ZONE"
    return
  fi
  answer=$(mktemp "$RUN/route53.XXXXXX")
  while :; do
    if ! route53 GET "hostedzone?${more:+marker=$(encoded "$more")&}maxitems=100" "$answer"; then
      log "listing hosted zones: $(xml_values <"$answer" | sed -n 's|.*/Message\t||p')"
      rm -f "$answer"
      return 1
    fi
    found+=$(xml_values <"$answer" | awk -F '\t' -v name="$1." -v private="$KOPS_DNS_PRIVATE" '
      $1 == "/ListHostedZonesResponse/HostedZones/HostedZone/Id" { id = $2; sub(/.*\//, "", id) }
      $1 == "/ListHostedZonesResponse/HostedZones/HostedZone/Name" { zone = $2 }
      $1 == "/ListHostedZonesResponse/HostedZones/HostedZone/Config/PrivateZone" { hidden = $2 == "true" ? "yes" : "no" }
      $1 == "/ListHostedZonesResponse/HostedZones/HostedZone/" {
        at = length(name) - length(zone)
        if (hidden == private && at >= 0 && substr(name, at + 1) == zone && (at == 0 || substr(name, at, 1) == "."))
          print length(zone), id
      }')$'\n'
    more=$(xml_values <"$answer" | sed -n 's|^/ListHostedZonesResponse/NextMarker\t||p')
    [[ $more ]] || break
  done
  rm -f "$answer"
  sort -rn <<<"$found" | awk 'NF == 2 { print $2; exit }' | grep .
}

cloud_publish() { # NAME A|AAAA ADDRESS…
  local name=$1 family=$2 zone body answer address
  shift 2
  zone=$(hosted_zone "$name") || { log "no hosted zone for $name"; return 1; }
  body=$(mktemp "$RUN/route53.XXXXXX") answer=$(mktemp "$RUN/route53.XXXXXX")
  {
    printf '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>'
    printf '<Change><Action>UPSERT</Action><ResourceRecordSet><Name>%s.</Name><Type>%s</Type><TTL>60</TTL>' "$name" "$family"
    printf '<ResourceRecords>'
    for address in "$@"; do printf '<ResourceRecord><Value>%s</Value></ResourceRecord>' "$address"; done
    printf '</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>'
  } >"$body"
  if ! route53 POST "hostedzone/$zone/rrset" "$answer" "$body"; then
    log "publishing $name: $(xml_values <"$answer" | sed -n 's|.*/Message\t||p')"
    rm -f "$body" "$answer"
    return 1
  fi
  rm -f "$body" "$answer"
}
