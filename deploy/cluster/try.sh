#!/usr/bin/env bash
# Walks deploy/cluster/README.md from empty machines to three nodes, on bare Debian 12 that are thrown away afterwards: three
# machines, a restart, a machine killed at once and replaced by a new one, certificates renewed, a key lost, another version
# machine by machine, and from one machine to three by backup. The commands are read from the guide and run as they stand.
#
#   deploy/cluster/try.sh RELEASE [--mirror URL] [--base DIR] [--keep DIR]
#
#   RELEASE            a release folder, as for deploy/one-machine/try.sh
#   --mirror URL       where debootstrap fetches Debian 12 from (default: what apt on this machine uses, else deb.debian.org)
#   --base DIR         a root that debootstrap made before; it is not changed. Made with:
#                      debootstrap --variant=minbase --include=PACKAGES bookworm DIR
#                      PACKAGES: as ../try/machines.sh names them
#   --keep DIR         leaves the journals there
#
# It needs root, namespaces, bridges and veth pairs (modules of the kernel), some 3 GiB of disk, and neither an engine nor a
# network but for debootstrap. Each machine has systemd as process 1, and a cgroup, a network and a file system of its own,
# made by ../try/machines.sh; the fourth place has no systemd. They are joined by a bridge. To kill a machine its cable goes
# dead, and then all its processes are killed: what was not yet on the disk is not lost by that, as it may be by a power cut.

# What stands in single quotes is for a shell further in.
# shellcheck disable=SC2016
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source-path=SCRIPTDIR source=../try/machines.sh
. "$here/../try/machines.sh"
read_options with-systemd "$@"

# --- The guide --------------------------------------------------------------------------------------------------------------
guide=$here/README.md
# The block of commands that has these words in it.
block() {
  awk -v words="$1" '
    /^```sh$/ { inside = 1; text = ""; next }
    /^```$/ { if (inside && index(text, words)) { printf "%s", text; found = 1; exit } inside = 0 }
    inside { text = text $0 "\n" }
    END { exit !found }' "$guide" || die "the guide has no commands with: $1"
}
# A command within a line, in both languages.
written() {
  local language
  for language in "$guide" "$here/README.vi.md"; do grep -qF -- "\`$1\`" "$language" || die "$language does not say: $1"; done
  printf '%s\n' "$1"
}
# All commands of a guide, without what they say to people.
commands() {
  awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$1" | sed 's/--why "[^"]*"//; s/ *#.*//' | grep .
}
# Runs commands on a machine, in a folder, if there are any: MACHINE FOLDER COMMANDS
type_in() { [ -n "$3" ] && on "$1" bash -euc "cd $2"$'\n'"$3"; }
# The guide's `c`, from deploy/one-machine.
c() {
  local machine=$1
  shift
  on "$machine" runuser -u concord -- concord "$@" --config /etc/concord/concord.toml
}

# --- Machines ---------------------------------------------------------------------------------------------------------------
machines=(nats-1 nats-2 nats-3)
declare -A address=([fourth]=10.0.0.10 [nats-1]=10.0.0.11 [nats-2]=10.0.0.12 [nats-3]=10.0.0.13 [one]=10.0.0.21)
boot() {
  start_machine "$1" systemd "${address[$1]}" && until_it 120 is_up "$1" && return 0
  sed 's/^/              /' "$work/$1/namespace.log"
  die "$1 does not start"
}
# An empty machine with the release folder.
new_machine() {
  empty_machine "$1"
  boot "$1"
  on "$1" mkdir -p /var/log/journal
  on "$1" systemctl kill --kill-whom=main --signal=SIGUSR1 systemd-journald
  bring "$release" "$1" /opt/release
}
keep_journal() { if [ -n "$keep" ]; then on "$1" journalctl --no-pager >"$keep/$2$1.txt"; fi; }
journal() { on "$1" journalctl --no-pager --quiet -u "$2" -n "${3:-12}" | sed 's/^/              /'; }
options='--without-time-check --min-free 5'
# What a person does before the first command of step 2: in a namespace no clock is synchronised.
in_a_namespace() { sed "s#^\(\./install\.sh.*\)#\1 $options#"; }

api=http://127.0.0.1:8080
is_ready() { [ "$(on "$1" curl -s -o /dev/null -w '%{http_code}' "$api/readyz" || true)" = 200 ]; }
ready() {
  if until_it "${3:-60}" is_ready "$1"; then ok "$2"; else
    bad "$2"
    journal "$1" concord-nats
    journal "$1" concord
  fi
}
# Step 3: from the fourth place to a machine.
keys_to() {
  on "$1" install -d -m 700 /root/came
  on fourth tar -C /root/cluster -cf - "$1" credentials | on "$1" tar -C /root/came -xf -
  type_in "$1" /root/came "$(block 'what came lies in' | sed "s/nats-1/$1/g")"
}
# What the editor does in step 6: the keys of the cluster's concord.toml go into the machine's.
configured() {
  on "$1" python3 -c '
import re
key = re.compile(r"^(# )?(\w+) = ")
section, wanted = "", {}
for line in open("/opt/release/deploy/cluster/concord.toml"):
    if line.startswith("["):
        section = line.strip()
    elif key.match(line) and not line.startswith("#"):
        wanted[section, key.match(line)[2]] = line
section, lines = "", []
for line in open("/etc/concord/concord.toml"):
    if line.startswith("["):
        section = line.strip()
    found = key.match(line)
    lines.append(wanted.pop((section, found[2]), line) if found else line)
if wanted:
    raise SystemExit(f"no place for {wanted}")
open("/etc/concord/concord.toml", "w").write("".join(lines))'
}
# What a server has, by its monitor: each stream with its messages and its last sequence.
held() {
  on fourth curl -sS -m 5 --cacert /root/cluster/tls/ca.pem "https://${address[$1]}:8222/jsz?acc=\$G&streams=true" 2>/dev/null |
    awk -F '[ :",]+' '
      $2 == "name" { name = $3 }
      $2 == "created" { stream = name }
      $2 == "messages" { messages = $3 }
      $2 == "last_seq" && stream { print stream "=" messages "/" $3; stream = "" }' | LC_ALL=C sort | paste -sd ' '
}
alike() {
  local first
  first=$(held nats-1) && [ -n "$first" ] && [ "$first" = "$(held nats-2)" ] && [ "$first" = "$(held nats-3)" ]
}
# Whether all copies are current, as the fourth place sees it.
current() { [ "$(type_in fourth /root "$(block '| grep replicas')" 2>/dev/null | grep -c 'two copies are current')" = 7 ]; }
# What doctor says on a machine; its lines that are not ok are shown.
doctor() {
  on "$1" concord doctor --config /etc/concord/concord.toml >"$work/said" 2>&1 || true
  grep -v '^ok ' "$work/said" | grep . | sed 's/^/              /' || true
}
copies() {
  if until_it 120 current; then ok "$1"; else
    bad "$1"
    type_in fourth /root "$(block '| grep replicas')" | sed 's/^/              /' || true
  fi
}

# --- Cases ------------------------------------------------------------------------------------------------------------------
token='' call=''
make_call() {
  local now
  now=$(date +%s)
  call='{"state_secret": false, "channel": "phone", "raiser": "SNNMT", "urgency": "hoa-toc",
    "title": "Thủy sản nuôi lồng bè chết hàng loạt", "topic": "agriculture",
    "summary": "Thủy sản nuôi lồng bè chết nhiều trong đêm, chưa rõ nguyên nhân.",
    "call": {"caller": {"office": "Trưởng phòng Thủy sản", "name": "Nguyễn Văn Mẫu", "number": "0258 382 2268"},
      "started_at": "'$(date -u -d "@$((now - 720))" +%FT%TZ)'", "ended_at": "'$(date -u -d "@$((now - 240))" +%FT%TZ)'",
      "key_facts": {"what": "Cá nuôi lồng bè chết hàng loạt", "where": "Vùng nuôi ven vịnh", "since_when": "Từ khoảng 20 giờ 30",
        "scale": "Khoảng 40 lồng", "actions_taken": "Đã cử tổ kiểm tra và lấy mẫu nước", "request": "Đề nghị phối hợp thông tin"}}}'
}
make_token() { token=$(c "$1" token create --officer btg.truc-ban --name trial 2>/dev/null | sed -n '/^Token /{n;p}' | head -n 1); }
# MACHINE ARGUMENTS: the answer, and its status in a line of its own.
ask() {
  local machine=$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$token" | on "$machine" curl -s -m 5 -K - -w '\n%{http_code}\n' "$@"
}
# MACHINE KEY: raises a case, and prints its id.
raise() {
  local said
  said=$(ask "$1" "$api/api/v1/cases" -H 'Content-Type: application/json' -H "Idempotency-Key: $2" -d "$call") || return 1
  case $said in *$'\n'200 | *$'\n'201) ;; *)
    printf '%s\n' "$said" >>"$work/not-taken"
    return 1
    ;;
  esac
  printf '%s\n' "$said" | sed -n 's#.*"id" *: *"\([0-9a-f-]\{36\}\)".*#\1#p' | head -n 1
}
reads() { [ "$(ask "$1" -o /dev/null "$api/api/v1/cases/$2?at_least=1" | tail -n 1)" = 200 ]; }
raised() {
  case_id=$(raise "$1" "$3") || case_id=''
  if [ -n "$case_id" ]; then ok "$2"; else
    bad "$2: $(tail -n 1 "$work/not-taken" 2>/dev/null)"
  fi
}
shown() { if [ -n "$case_id" ] && until_it 10 reads "$1" "$case_id"; then ok "$2"; else bad "$2"; fi; }

# Acts that go on in the background, one after the other: a repeat with the same key goes to the next machine, as a proxy does it.
wanted() { [ -e "$work/acts" ] && [ ! -e "$work/acts.stop" ]; }
acts_go_on() {
  rm -f "$work/acts.stop" "$work/not-taken"
  : >"$work/acts"
  (
    trap - EXIT
    set +e
    number=0
    while wanted; do
      number=$((number + 1)) attempt=$number
      until id=$(raise "${machines[attempt % 3]}" "$1-$number" 2>/dev/null) && [ -n "$id" ]; do
        attempt=$((attempt + 1))
        wanted || break 2
        sleep 0.1
      done
      printf '%s %s\n' "$EPOCHREALTIME" "$id" >>"$work/acts"
      sleep 0.3
    done
  ) &
  acting=$!
  until_it 20 test -s "$work/acts" || bad "acts do not begin"
}
# What it was meanwhile, and how many seconds no act was answered at most.
acts_have_gone_on() {
  local count gap
  sleep 1
  touch "$work/acts.stop"
  wait "$acting" || true
  count=$(wc -l <"$work/acts")
  gap=$(awk 'NR > 1 && $1 - before > most { most = $1 - before } { before = $1 } END { printf "%.1f", most }' "$work/acts")
  cut -d' ' -f2 "$work/acts" >>"$work/acknowledged"
  if awk -v gap="$gap" -v most="$2" 'BEGIN { exit !(gap <= most) }'; then ok "$1: $count acts answered, at most $gap s without an answer"; else
    bad "$1: $count acts answered, but $gap s without an answer"
  fi
}
# Everything that was acknowledged since the beginning is there, on each machine.
all_there() {
  local machine missing
  for machine in "${machines[@]}"; do
    missing=$({
      printf 'header = "Authorization: Bearer %s"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$token"
      while read -r id; do printf 'url = "%s/api/v1/cases/%s"\noutput = "/dev/null"\n' "$api" "$id"; done <"$work/acknowledged"
    } | sed '2d' | on "$machine" curl -s -K - | grep -vc '^200$' || true)
    if [ "$missing" = 0 ]; then ok "on $machine all $(wc -l <"$work/acknowledged") acknowledged cases are there"; else bad "on $machine $missing acknowledged cases are missing"; fi
  done
}
verified() {
  expect "$1" on fourth bash -euc 'cd /root && concord audit verify --live --key cluster/credentials/checkpoints/1.pub "$@" --config cluster/concord.toml' -- "${@:2}"
}

if [ "$(commands "$guide")" = "$(commands "$here/README.vi.md")" ]; then ok "the guide has the same commands in both languages"; else
  bad "the guide has other commands in Vietnamese"
fi

# --- Empty machines ---------------------------------------------------------------------------------------------------------
make_base
make_switch || die "no bridge can be made here: the kernel has no module for it"
start_machine fourth bare "${address[fourth]}" || die "no namespace can be made here: $(tail -n 1 "$work/fourth/namespace.log")"
bring "$release" fourth /opt/release
for machine in "${machines[@]}"; do new_machine "$machine"; done
# Nobody listens there: that it is refused comes from the other machine.
reaches() { on "$1" curl -s "http://${address[$2]}:1" || [ $? = 7 ]; }
if reaches nats-1 nats-2 && reaches nats-2 nats-3 && reaches nats-3 fourth; then
  ok "three empty machines with systemd as process 1, and a fourth place; they reach each other"
else
  bad "the machines do not reach each other"
fi

# --- Install ----------------------------------------------------------------------------------------------------------------
expect "on the fourth place: install.sh --watchdog" type_in fourth /opt/release "$(written './install.sh --watchdog' | in_a_namespace | sed 's/ --min-free 5//')"
provision() { type_in fourth /root "$(block 'provision cluster' | sed "\$s/\$/ $*/")"; }
# One file of the fourth place to a machine, as step 3 puts it there: MACHINE NAME
file_to() {
  local command
  command=$(block 'what came lies in' | sed "s/nats-1/$1/g" | grep -F "$1/$2")
  on "$1" mkdir -p "/root/came/$1"
  on fourth tar -C /root/cluster -cf - "$1" | on "$1" tar -C /root/came -xf -
  type_in "$1" /root/came "$command" && on "$1" rm -r /root/came
}
reloaded() {
  local machine
  for machine in "${machines[@]}"; do
    file_to "$machine" server.key && file_to "$machine" nats.conf && type_in "$machine" / "$(written 'systemctl reload concord-nats')" || return 1
  done
}
expect "1. the cluster's folder" provision
programs_on() {
  expect "2. the programs: $1" type_in "$1" /opt/release "$(block './install.sh --separate-server' | in_a_namespace)"
  expect "   its units, with what the cluster adds to them, by systemd-analyze verify" on "$1" bash -c 'systemd-analyze verify --man=no /etc/systemd/system/concord*.service'
}
firewall_on() {
  if [ "$firewall" = yes ]; then expect "4. the firewall: $1" type_in "$1" /opt/release "$(block 'nft --check')"; fi
}
firewall=yes
for machine in "${machines[@]}"; do
  programs_on "$machine"
  expect "3. keys and certificates: $machine" keys_to "$machine"
done
on fourth nft --check --file /opt/release/deploy/cluster/nftables.conf >"$work/said" 2>&1 || {
  firewall=no
  note "nft does not work in a namespace here: no firewall"
  said 3
}
for machine in "${machines[@]}"; do firewall_on "$machine"; done
for machine in "${machines[@]}"; do
  expect "5. the server: $machine" type_in "$machine" / "$(written 'systemctl enable --now concord-nats')"
done
expect "   concord provision streams, from the fourth place" type_in fourth /root "$(block 'provision streams')"
if [ "$(grep -c '^made ' "$work/said")" = 8 ]; then ok "   seven streams and a consumer are made"; else
  bad "   not seven streams and a consumer"
  said
fi
expect "   the same again" type_in fourth /root "$(block 'provision streams')"
if grep -q 'All streams are there' "$work/said"; then ok "   changes nothing"; else bad "   changes something"; fi
reach() { on "$1" timeout 3 bash -c "exec 3<>/dev/tcp/${address[$2]}/$3" 2>/dev/null; }
if [ "$firewall" = yes ]; then
  if reach fourth nats-1 4222 && reach fourth nats-1 8222 && reach nats-2 nats-1 6222; then ok "   the firewall lets through what it should"; else bad "   the firewall is too narrow"; fi
  if reach fourth nats-1 6222; then bad "   the fourth place reaches 6222"; else ok "   the fourth place does not reach 6222"; fi
fi
services_on() {
  expect "6. policy and configuration: $1" configured "$1"
  expect "   concord policy check" on "$1" concord policy check /etc/concord/policy
  expect "   the services" type_in "$1" / "$(written 'systemctl enable --now concord')"
  ready "$1" "   $(written 'curl -sS http://127.0.0.1:8080/readyz'): ready"
}
for machine in "${machines[@]}"; do services_on "$machine"; done
for machine in "${machines[@]}"; do
  expect "7. $(written 'concord doctor --config /etc/concord/concord.toml'): $machine" on "$machine" concord doctor --config /etc/concord/concord.toml
  doctor "$machine"
done
for process in concord nats-server; do
  state=$(on nats-1 bash -c 'tr "\0" "\n" <"/proc/$(pgrep -x "$1")/status" | grep -E "^(Seccomp|NoNewPrivs|CapEff|CapBnd):"' -- "$process" | tr -s ' \t\n' ' ')
  case $state in
    *"CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2"*) ok "   sandbox of $process: no capability, no new privileges, system calls filtered" ;;
    *) bad "   sandbox of $process: $state" ;;
  esac
done

copies "   doctor on the fourth place shows all copies current"

# --- A case -----------------------------------------------------------------------------------------------------------------
make_call
make_token nats-1
if [ -n "$token" ]; then ok "a token is given on nats-1"; else bad "no token"; fi
raised nats-1 "a case is raised on nats-1" first
printf '%s\n' "$case_id" >"$work/acknowledged"
shown nats-2 "it is read on nats-2"
shown nats-3 "it is read on nats-3"
again=$(raise nats-3 first || true)
if [ "$again" = "$case_id" ]; then ok "the same again on nats-3 is answered as a repeat"; else bad "the same again makes another case: $again"; fi

# --- Every day: a restart ---------------------------------------------------------------------------------------------------
acts_go_on restart
expect "nats-2: $(written 'systemctl stop concord concord-nats')" on nats-2 systemctl stop concord concord-nats
on nats-2 systemctl reboot >/dev/null 2>&1 || true
gone_machine nats-2
boot nats-2
ready nats-2 "nats-2 is started again, and all of it with it"
copies "doctor on the fourth place shows all copies current"
acts_have_gone_on "one machine restarted" 3

# --- A machine killed at once -----------------------------------------------------------------------------------------------
acts_go_on killed
stop_machine nats-3
note "nats-3 is killed"
sleep 20
acts_have_gone_on "one machine killed at once" 15
raised nats-1 "on two machines a case is raised" on-two
shown nats-2 "and read"
doctor nats-1

# --- That machine is lost for good ------------------------------------------------------------------------------------------
acts_go_on replaced
new_machine nats-3
programs_on nats-3
expect "3. keys and certificates: nats-3" keys_to nats-3
firewall_on nats-3
expect "5. the server: nats-3" type_in nats-3 / "$(written 'systemctl enable --now concord-nats')"
services_on nats-3
copies "doctor on the fourth place shows all copies current"
acts_have_gone_on "a new machine in place of the one that was lost" 3
if until_it 60 alike; then ok "the three servers have the same: $(held nats-3)"; else
  bad "the new server does not have what the others have"
  for machine in "${machines[@]}"; do note "$machine: $(held "$machine" || true)"; done
fi
all_there
verified "concord audit verify --live, from the fourth place"
said 4

# --- The servers' certificates are renewed ----------------------------------------------------------------------------------
shown_by() { on fourth bash -c 'openssl s_client -connect "$1:8222" -CAfile /root/cluster/tls/ca.pem </dev/null 2>/dev/null | openssl x509 -noout -serial' -- "${address[$1]}"; }
acts_go_on renewed
before=$(for machine in "${machines[@]}"; do shown_by "$machine"; done)
expect "the certificates are written anew" provision
expect "and brought to the machines, which read them: $(written 'systemctl reload concord-nats')" reloaded
other_certificates() {
  local after
  after=$(for machine in "${machines[@]}"; do shown_by "$machine"; done)
  [ "$(printf '%s\n' "$before" "$after" | grep . | sort -u | wc -l)" = 6 ]
}
if until_it 20 other_certificates; then ok "each server shows another one than before"; else
  bad "the certificates are those of before"
  printf '%s\n' "$before" | sed 's/^/              /'
fi
copies "all copies are current"
acts_have_gone_on "certificates renewed" 3

# --- A key is lost ----------------------------------------------------------------------------------------------------------
key_lost() {
  local key=$1 machine
  acts_go_on "$key"
  on fourth bash -euc 'cd /root && rm -rf lost && mkdir -m 700 lost && cp -r cluster/credentials lost/ && rm "cluster/credentials/$1.nk" && sed "s#/cluster/credentials#/lost/credentials#" cluster/concord.toml >lost/concord.toml' -- "$key"
  expect "the key $key is lost: another one is made" provision
  for machine in "${machines[@]}"; do expect "it is brought to $machine" keys_to "$machine"; done
  type_in nats-1 / "$(written 'systemctl stop concord')"
  for machine in "${machines[@]}"; do type_in "$machine" / "$(written 'systemctl reload concord-nats')"; done
  type_in nats-1 / "$(written 'systemctl start concord')" || true
  ready nats-1 "nats-1 works with it"
  for machine in nats-2 nats-3; do
    type_in "$machine" / "$(written 'systemctl restart concord')" || true
    ready "$machine" "and so does $machine"
  done
  acts_have_gone_on "the key $key changed" 15
}
key_lost ledger
key_lost audit
refused "the old key is refused" 'refuses the credential' on fourth concord audit status --config /root/lost/concord.toml
expect "the new one is not" on fourth concord audit status --config /root/cluster/concord.toml
raised nats-2 "a case is raised" with-new-keys
shown nats-3 "and read"

# --- Another version --------------------------------------------------------------------------------------------------------
acts_go_on version
for machine in fourth "${machines[@]}"; do
  on "$machine" bash -euc '
    cp -a /opt/release /opt/next && cd /opt/next && printf "\0" >>concord && printf "\0" >>nats-server
    find . -type f ! -name SHA256SUMS -printf "%P\n" | LC_ALL=C sort | xargs sha256sum >/tmp/sums && mv /tmp/sums SHA256SUMS'
done
expect "another version on the fourth place" type_in fourth /opt/next "$(written './install.sh --watchdog' | in_a_namespace | sed 's/ --min-free 5//')"
expect "what it writes" provision
expect "is brought to the machines" reloaded
for machine in "${machines[@]}"; do
  expect "another version on $machine" type_in "$machine" /opt/next "$(written './install.sh --separate-server' | in_a_namespace)"
  type_in "$machine" / "$(written 'systemctl restart concord-nats concord')" || true
  ready "$machine" "works"
  copies "all copies are current"
done
acts_have_gone_on "another version, machine by machine" 5
for machine in "${machines[@]}"; do
  if on "$machine" bash -c 'cmp -s /opt/next/concord "/proc/$(pgrep -x concord)/exe" && cmp -s /opt/next/nats-server "/proc/$(pgrep -x nats-server)/exe"'; then ok "on $machine the new version is at work"; else bad "on $machine the old version is at work"; fi
done
all_there
verified "concord audit verify --live"

# --- Two machines killed at once --------------------------------------------------------------------------------------------
stop_machine nats-2
stop_machine nats-3
if raise nats-1 alone >/dev/null; then bad "one machine alone takes a case"; else ok "two machines killed: one alone takes no case"; fi
boot nats-3
ready nats-3 "one of them is started again, and all of it with it"
taken_again() { case_id=$(raise nats-1 alone) && [ -n "$case_id" ]; }
if until_it 60 taken_again; then ok "the same case, with the same key, is taken now"; else bad "on two machines no case is taken: $(tail -n 1 "$work/not-taken")"; fi
printf '%s\n' "$case_id" >>"$work/acknowledged"
boot nats-2
ready nats-2 "and the other"
copies "all copies are current"
all_there

# --- Backup -----------------------------------------------------------------------------------------------------------------
expect "$(written 'systemctl enable --now concord-backup.timer concord-drill.timer')" type_in nats-1 / 'systemctl enable --now concord-backup.timer concord-drill.timer'
expect "concord-backup.service on one of the machines" on nats-1 systemctl start concord-backup
if [ "$failed" != 0 ]; then journal nats-1 concord-backup 3; fi
expect "concord-drill.service there" on nats-1 systemctl start concord-drill
if [ "$failed" != 0 ]; then journal nats-1 concord-drill 3; fi
expect "a backup from the fourth place" type_in fourth /root "$(written 'concord backup DIR --config cluster/concord.toml' | sed 's/DIR/taken/')"
expect "and its check" on fourth concord backup --check /root/taken

# --- From one machine to three ----------------------------------------------------------------------------------------------
for machine in "${machines[@]}"; do
  keep_journal "$machine" before-
  stop_machine "$machine"
done
on fourth mv /root/cluster /root/cluster.before
new_machine one
expect "one machine: install.sh" type_in one /opt/release "./install.sh $options"
expect "   the services" on one systemctl enable --now concord concord-backup.timer concord-drill.timer
ready one "   ready"
make_call
make_token one
raised one "   a case is raised" on-one
printf '%s\n' "$case_id" >"$work/acknowledged"
expect "   checkpoint, backup, the end" type_in one / 'c() { runuser -u concord -- concord "$@" --config /etc/concord/concord.toml; }'$'\n'"$(block 'systemctl disable --now concord concord-backup.timer')"
on one tar -C /var/backups/concord -cf - . | on fourth bash -euc 'install -d -m 700 /root/backup && tar --no-same-owner -C /root/backup -xf -'
on one cat /tmp/kept.txt | on fourth bash -c 'cat >/root/kept.txt'
stop_machine one
expect "its keys are those of the cluster" type_in fourth /root "$(written 'mkdir -m 700 cluster && cp -r backup/keys cluster/credentials')"
expect "1. the cluster's folder, with the right to restore" provision --for-restoration
for machine in "${machines[@]}"; do
  new_machine "$machine"
  programs_on "$machine"
  expect "3. keys and certificates: $machine" keys_to "$machine"
  firewall_on "$machine"
  expect "   the server: $machine" type_in "$machine" / "$(written 'systemctl enable --now concord-nats')"
done
restoring() { type_in fourth /root "$(block 'restore backup --cluster')"; }
expect "concord restore --cluster" restoring
said 16
refused "the same again is refused: the servers are not empty" 'empty servers' restoring
on fourth bash -euc 'cd /root && rm -rf lost && mkdir -m 700 lost && cp -r cluster/credentials lost/ && sed "s#/cluster/credentials#/lost/credentials#" cluster/concord.toml >lost/concord.toml'
expect "the right to restore is taken away" provision
expect "on each machine" reloaded
refused "who kept it is refused" 'refuses the credential' on fourth concord restore /root/backup --cluster --config /root/lost/concord.toml
for machine in "${machines[@]}"; do services_on "$machine"; done
copies "7. doctor on the fourth place shows all copies current"
for machine in "${machines[@]}"; do
  expect "   concord doctor: $machine" on "$machine" concord doctor --config /etc/concord/concord.toml
  doctor "$machine"
done
afterwards() { type_in fourth /root "$(block 'mail release' | grep "$1")"; }
expect "the log agrees with the checkpoint of the one machine" afterwards verify
expect "concord mail status" afterwards 'mail status'
said
expect "concord mail release" afterwards 'mail release'
shown nats-1 "the case of the one machine is there, by the token of the one machine"
raised nats-2 "a case is raised on the three" on-three
shown nats-3 "and read"
verified "the log agrees with the checkpoint of the one machine" --checkpoint kept.txt
if on fourth test -e /root/cluster/credentials/restore.nk || on nats-1 test -e /var/lib/concord/credentials/restore.nk; then bad "the right to restore is left"; else ok "nothing of the right to restore is left"; fi
for machine in "${machines[@]}"; do keep_journal "$machine" after-; done

say ""
say "Tried on three machines with systemd as process 1 of a namespace each, on the kernel $(uname -r)."
say "$passed passed, $failed failed, after $((SECONDS - began)) s"
[ "$failed" -eq 0 ]
