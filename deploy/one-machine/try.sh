#!/usr/bin/env bash
# Tries the installation on a bare Debian 12 that is thrown away afterwards: install, run, raise a case, restart, kill, audit,
# backup, drill, TLS, restoration, upgrade, going back, uninstall, a server of its own.
#
#   deploy/one-machine/try.sh RELEASE [--mirror URL] [--base DIR] [--keep DIR] [--without-systemd]
#
#   RELEASE            a release folder, as `cargo xtask release` leaves it beside the archive; with --program FILE it takes a program that was built before
#   --mirror URL       where debootstrap fetches Debian 12 from (default: what apt on this machine uses, else deb.debian.org)
#   --base DIR         a root that debootstrap made before; it is not changed. Made with:
#                      debootstrap --variant=minbase --include=PACKAGES bookworm DIR
#                      PACKAGES: as ../try/machines.sh names them
#   --keep DIR         leaves the journal there
#   --without-systemd  does not boot systemd, and starts what the units start by hand
#
# It needs root and namespaces, and neither an engine nor a network but for debootstrap. The machine is made by
# ../try/machines.sh: no port of this machine is used, and what is started ends with the namespace. Where systemd cannot be
# process 1 of a namespace, it goes on without, and says so.

# What stands in single quotes is for a shell further in.
# shellcheck disable=SC2016
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../try/machines.sh
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../try/machines.sh"
read_options may-be-without-systemd "$@"
make_base

# --- The machine ------------------------------------------------------------------------------------------------------------
inside() { on concord-try "$@"; }
if [ "$systemd" = yes ]; then
  if start_machine concord-try systemd && until_it 30 is_up concord-try; then
    ok "systemd $(inside systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') is process 1 of a namespace: $state"
  else
    note "systemd does not start in a namespace here; on without it. It said:"
    sed 's/^/        /' "$work/concord-try/namespace.log" | tail -n 3
    stop_machine concord-try
    empty_machine concord-try
    systemd=no
  fi
fi
if [ "$systemd" = no ]; then
  start_machine concord-try bare || die "no namespace can be made here: $(tail -n 1 "$work/concord-try/namespace.log")"
  ok "a bare Debian 12 in namespaces, without systemd"
fi
bring "$release" concord-try /opt/release

# --- Helpers ----------------------------------------------------------------------------------------------------------------
as_concord() { inside runuser -u concord -- "$@"; }
api=http://127.0.0.1:8080
ready() {
  local give_up=$((SECONDS + ${1:-60})) scheme=${2:-$api}
  while [ "$SECONDS" -lt "$give_up" ]; do
    [ "$(inside curl -ks -o /dev/null -w '%{http_code}' "$scheme/readyz" || true)" = 200 ] && return 0
    sleep 0.3
  done
  return 1
}
journal() {
  if [ "$systemd" = yes ]; then inside journalctl --no-pager --quiet -u "${1:-concord}" -n 15; else inside tail -n 15 /tmp/concord.log; fi |
    sed 's/^/              /'
}
by_hand=''
start() {
  if [ "$systemd" = yes ]; then
    inside systemctl start concord
  else
    inside runuser -u concord -- bash -c 'umask 077; cd /var/lib/concord; exec '"$command_line"' >>/tmp/concord.log 2>&1' &
    by_hand=$!
  fi
}
main_process() {
  if [ "$systemd" = yes ]; then inside systemctl show --property=MainPID --value concord; else inside cat /var/lib/concord/run.json | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; fi
}
stop() {
  if [ "$systemd" = yes ]; then
    inside systemctl stop concord
  else
    inside kill -TERM "$(main_process)"
    wait "$by_hand" || true
  fi
}
# What the unit says, without what only systemd does.
command_line=$(sed -n 's/^ExecStart=//p' "$release/systemd/concord.service")
listing() { inside find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/log -o -path /opt \) -prune -o -printf '%p %m %u %g %s\n' | LC_ALL=C sort; }

# --- Installing -------------------------------------------------------------------------------------------------------------
options=(--min-free 5)
if [ "$systemd" = yes ]; then
  if inside /opt/release/install.sh --dry-run --min-free 5 >"$work/said" 2>&1; then
    note "the clock of this machine is synchronised"
  elif grep -q 'clock is not synchronised' "$work/said"; then
    ok "a clock that is not synchronised is refused (and from here on allowed: --without-time-check)"
    options+=(--without-time-check)
  fi
else
  options+=(--without-time-check)
fi
before=$(listing)
expect "install.sh --dry-run" inside /opt/release/install.sh --dry-run "${options[@]}"
if [ "$before" = "$(listing)" ]; then ok "the dry run changed nothing"; else bad "the dry run changed something"; fi
inside bash -c 'cp -a /opt/release /opt/damaged && echo "# changed" >>/opt/damaged/concord.toml'
refused "a release with a changed file is refused" "damaged or was changed" inside /opt/damaged/install.sh "${options[@]}"
refused "too little room is refused" "GiB are free" inside /opt/release/install.sh "${options[@]}" --min-free 1000000
inside python3 -c '
import socket, time
taken = socket.create_server(("127.0.0.1", 8080)); time.sleep(6)' &
taken=$!
sleep 1
refused "a port that is taken is refused" "another program listens on port 8080" inside /opt/release/install.sh "${options[@]}"
wait "$taken"
if [ "$before" = "$(listing)" ]; then ok "what was refused changed nothing"; else bad "what was refused changed something"; fi
expect "install.sh" inside /opt/release/install.sh "${options[@]}"
sed 's/^/              /' "$work/said"
expect "install.sh again" inside /opt/release/install.sh "${options[@]}"
if grep -q 'nothing was changed' "$work/said"; then ok "the second run changed nothing"; else bad "the second run changed something"; fi
expect "concord policy check" as_concord concord policy check /etc/concord/policy

# --- Working ----------------------------------------------------------------------------------------------------------------
if [ "$systemd" = yes ]; then
  expect "systemd-analyze verify: the units as they are installed" inside bash -c 'systemd-analyze verify --man=no /etc/systemd/system/concord*.service /etc/systemd/system/concord*.timer'
  if ! grep -qa NOTIFY_SOCKET "$release/concord"; then
    note "THIS BINARY DOES NOT SPEAK sd_notify: Type=exec and no watchdog for this trial, by a drop-in"
    inside bash -c 'mkdir -p /etc/systemd/system/concord.service.d && printf "[Service]\nType=exec\nWatchdogSec=0\n" >/etc/systemd/system/concord.service.d/try.conf && systemctl daemon-reload'
  fi
fi
start || true
if ready 60; then ok "Concord answers on /readyz"; else
  bad "Concord does not answer"
  journal
fi
facts() { inside bash -c "tr '\0' '\n' </proc/$1/status | grep -E '^(Seccomp|NoNewPrivs|CapEff|CapBnd|Uid)'" | tr -s ' \t\n' ' '; }
if [ "$systemd" = yes ]; then
  for process in $(inside cat "/sys/fs/cgroup$(inside systemctl show --property=ControlGroup --value concord)/cgroup.procs"); do
    program=$(inside cat "/proc/$process/comm")
    state=$(facts "$process")
    case $state in
      *"CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2"*) ok "sandbox of $program: no capability, no new privileges, system calls filtered" ;;
      *) bad "sandbox of $program: $state" ;;
    esac
  done
  main=$(main_process)
  # Through the file systems as the service sees them; by root, who may do more than it.
  sees=/proc/$main/root
  refused "in the service's view /etc cannot be written" "Read-only file system" inside bash -c "echo x >$sees/etc/concord/x"
  refused "nor anything beside its data" "Read-only file system" inside bash -c "echo x >$sees/var/backups/x"
  inside bash -c "cp /usr/bin/true $sees/var/lib/concord/spool/x"
  refused "what it writes cannot be run" "Permission denied" inside bash -c "$sees/var/lib/concord/spool/x"
  inside rm "/var/lib/concord/spool/x"
  refused "nor a shell or the other programs of the system" "No such file\|Permission denied" inside bash -c "$sees/usr/bin/true"
  if [ -n "$(inside ls -A /root)" ] && [ -z "$(inside ls -A "$sees/root")" ]; then ok "homes are empty to it"; else bad "it sees a home"; fi
  if inside systemctl show --property=NRestarts --value concord | grep -qx 0; then ok "it started once"; else bad "it was started more than once"; fi
fi
mode=$(inside stat -c '%a %U' /var/lib/concord /var/lib/concord/credentials /var/lib/concord/credentials/ledger.nk | tr '\n' ',')
if [ "$mode" = "700 concord,700 concord,600 concord," ]; then ok "data and keys are for the user concord alone"; else bad "modes: $mode"; fi

token=$(as_concord concord token create --officer btg.truc-ban --name trial --config /etc/concord/concord.toml 2>/dev/null | sed -n '/^Token /{n;p}' | head -n 1)
if [ -n "$token" ]; then ok "concord token create"; else bad "concord token create"; fi
inside bash -c 'umask 077; printf "header = \"Authorization: Bearer %s\"\n" "$1" >/root/curlrc' -- "$token"
now=$(inside date +%s)
inside bash -c 'cat >/root/call.json' <<JSON
{
  "state_secret": false, "channel": "phone", "raiser": "SNNMT", "urgency": "hoa-toc",
  "title": "Thủy sản nuôi lồng bè chết hàng loạt",
  "summary": "Thủy sản nuôi lồng bè chết nhiều trong đêm, chưa rõ nguyên nhân.",
  "topic": "agriculture",
  "call": {
    "caller": { "office": "Trưởng phòng Thủy sản", "name": "Nguyễn Văn Mẫu", "number": "0258 382 2268" },
    "started_at": "$(date -u -d "@$((now - 720))" +%FT%TZ)", "ended_at": "$(date -u -d "@$((now - 240))" +%FT%TZ)",
    "key_facts": { "what": "Cá nuôi lồng bè chết hàng loạt", "where": "Vùng nuôi ven vịnh", "since_when": "Từ khoảng 20 giờ 30",
      "scale": "Khoảng 40 lồng", "actions_taken": "Đã cử tổ kiểm tra và lấy mẫu nước", "request": "Đề nghị phối hợp thông tin" }
  }
}
JSON
raise() { inside curl -ks -K /root/curlrc -D /root/headers -o /root/answer -w '%{http_code}' "$api/api/v1/cases" -d @/root/call.json -H 'Content-Type: application/json' -H 'Idempotency-Key: trial-1'; }
code=$(raise)
if [ "$code" = 201 ]; then ok "a case is raised: 201"; else
  bad "raising a case: $code"
  inside cat /root/answer
fi
code=$(raise)
if [ "$code" = 200 ] && inside grep -qi 'idempotency-replayed: true' /root/headers; then ok "the same again is answered as a repeat"; else bad "the same again: $code"; fi
case_id=$(inside sed -n 's#.*"id" *: *"\([0-9a-f-]\{36\}\)".*#\1#p' /root/answer | head -n 1)
read_case() { inside curl -ks -K /root/curlrc -o /root/case -w '%{http_code}' "${1:-$api}/api/v1/cases/$case_id"; }
still_there() { if [ "$(read_case "${2:-}")" = 200 ]; then ok "$1"; else bad "$1: $(inside cat /root/case)"; fi; }
still_there "the case can be read"
sleep 2
mails=$(inside bash -c 'ls /var/lib/concord/mail/ 2>/dev/null | wc -l')
if [ "$mails" -gt 0 ]; then ok "alerts are in the folder of mail: $mails"; else bad "no alert was written"; fi

# --- Stopping, starting, killing --------------------------------------------------------------------------------------------
at=$SECONDS
stop
took=$((SECONDS - at))
if [ "$took" -le 15 ]; then ok "it stops in order, in $took s"; else bad "it took $took s to stop"; fi
if inside test -e /var/lib/concord/run.json; then bad "it did not say farewell: run.json is there"; else ok "it said farewell"; fi
start || true
if ready 60; then ok "it starts again"; else
  bad "it does not start again"
  journal
fi
still_there "after the restart the case is there"
if [ "$systemd" = yes ]; then
  main=$(main_process)
  inside kill -KILL "$main"
  sleep 6
  if ready 30 && [ "$(main_process)" != "$main" ]; then ok "killed, it is started again by systemd"; else
    bad "killed, it does not come back"
    journal
  fi
  still_there "after the kill the case is there"
  server=$(inside pgrep -x nats-server | head -n 1)
  inside kill -KILL "$server"
  sleep 7
  if ready 30; then ok "its nats-server killed, both are started again"; else
    bad "its nats-server killed, it does not come back"
    journal
  fi
  still_there "and the case is there"
  if grep -qa NOTIFY_SOCKET "$release/concord"; then
    main=$(main_process)
    inside kill -STOP "$main"
    note "Concord is frozen: the watchdog has 30 s"
    sleep 38
    if ready 30 && [ "$(main_process)" != "$main" ]; then ok "frozen, the watchdog ends it, and it is started again"; else
      bad "frozen, it is not started again"
      journal
    fi
    state=$(inside systemctl show --property=StatusText --value concord)
    if [ -n "$state" ]; then ok "systemctl status says: $state"; else bad "it says nothing in STATUS="; fi
  fi
fi

# --- Audit, backup, drill ---------------------------------------------------------------------------------------------------
expect "concord audit checkpoint" as_concord concord audit checkpoint --out /tmp/kept.txt --config /etc/concord/concord.toml
verify=(as_concord concord audit verify --live --key /var/lib/concord/credentials/checkpoints/1.pub --checkpoint /tmp/kept.txt --config /etc/concord/concord.toml)
expect "concord audit verify --live" "${verify[@]}"
tail -n 4 "$work/said" | sed 's/^/              /'
if [ "$systemd" = yes ]; then
  expect "concord-backup.service: a backup, and its check" inside systemctl start concord-backup
  grep -q . "$work/said" && journal concord-backup
  expect "concord-drill.service: restored beside it, and thrown away" inside systemctl start concord-drill
  grep -q . "$work/said" && journal concord-drill
  if inside test -e /var/tmp/drill; then bad "the drill left something behind"; else ok "nothing of the drill is left"; fi
  expect "the timers can be switched on" inside systemctl enable --now concord-backup.timer concord-drill.timer
else
  expect "concord backup" as_concord concord backup /var/backups/concord --config /etc/concord/concord.toml
  expect "concord backup --check" as_concord concord backup --check /var/backups/concord
fi

# --- Secrets and TLS --------------------------------------------------------------------------------------------------------
if [ "$systemd" = yes ]; then
  inside bash -euc '
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
      -keyout /etc/concord/secrets/tls.key -out /etc/concord/tls.pem 2>/dev/null
    chmod 600 /etc/concord/secrets/tls.key
    cp -p /etc/concord/concord.toml /root/concord.toml
    sed -i "s/^# \(\[http.tls\]\|certificate = \|key = \)/\1/" /etc/concord/concord.toml
    systemctl restart concord'
  if ready 60 https://localhost:8080; then ok "TLS with a key that only root can read, by LoadCredential="; else
    bad "TLS with a key by LoadCredential="
    journal
  fi
  refused "the user concord cannot read the key itself" "Permission denied" as_concord cat /etc/concord/secrets/tls.key
  inside bash -c 'cp -p /root/concord.toml /etc/concord/concord.toml && rm /etc/concord/secrets/tls.key && systemctl restart concord'
  ready 60 || bad "without TLS it does not come back"
fi

# --- A relay with a password ------------------------------------------------------------------------------------------------
if [ "$systemd" = yes ]; then
  inside bash -c 'cat >/root/relay.py' <<'PYTHON'
# A relay that takes mail only after AUTH with the right password, and writes down whom it was for.
import socket, sys, threading


def talk(line):
    known = False
    file = line.makefile("rwb", buffering=0)
    say = lambda words: file.write(words.encode() + b"\r\n")
    say("220 relay")
    while order := file.readline().decode().strip():
        word = order.split()[0].upper()
        if word == "EHLO":
            say("250-relay\r\n250 AUTH PLAIN")
        elif word == "AUTH":
            known = order.split()[-1] == sys.argv[1]
            say("235 welcome" if known else "535 that is not the password")
        elif word in ("MAIL", "RCPT", "DATA") and not known:
            say("530 who are you?")
        elif word == "RCPT":
            print(order, flush=True)
            say("250 yes")
        elif word == "DATA":
            say("354 go on")
            while file.readline() not in (b".\r\n", b""):
                pass
            say("250 taken")
        elif word == "QUIT":
            say("221 farewell")
            break
        else:
            say("250 yes")
    line.close()


relay = socket.create_server(("127.0.0.1", 2525))
while True:
    threading.Thread(target=talk, args=(relay.accept()[0],), daemon=True).start()
PYTHON
  inside bash -c 'exec python3 /root/relay.py "$(printf "\0phoi-hop\0a word of ours" | base64)" >/tmp/relay.log 2>&1' 2>/dev/null &
  disown $! # It ends with the machine, and nobody waits for it.
  inside bash -euc '
    install -m 600 /dev/null /etc/concord/secrets/smtp-password
    echo "a word of ours" >/etc/concord/secrets/smtp-password
    sed -i "/^# \[mail.smtp\]/,/^\[metrics\]/ {
      s/^# \(\[mail.smtp\]\|username = \|password_file = \)/\1/
      s/^# host = .*/host = \"127.0.0.1\"/
      s/^# port = .*/port = 2525/
      s/^# tls = .*/tls = \"none\"/
    }" /etc/concord/concord.toml
    systemctl restart concord'
  if ready 60; then ok "with a relay, and its password in a file that only root can read"; else
    bad "with a relay it does not come back"
    journal
  fi
  expect "concord mail test: the relay takes it" as_concord concord mail test --to nguoi-truc@tinh.example --config /etc/concord/concord.toml
  code=$(inside curl -s -K /root/curlrc -o /dev/null -w '%{http_code}' "$api/api/v1/cases" -d @/root/call.json -H 'Content-Type: application/json' -H 'Idempotency-Key: trial-2')
  mails() { [ "$(inside grep -c '^RCPT' /tmp/relay.log)" -gt 1 ]; }
  if [ "$code" = 201 ] && until_it 30 mails; then ok "alerts go to the relay: $(inside grep -c '^RCPT' /tmp/relay.log)"; else
    bad "no alert came to the relay: $code"
    journal
  fi
  inside bash -c 'cp -p /root/concord.toml /etc/concord/concord.toml && rm /etc/concord/secrets/smtp-password && systemctl restart concord'
  ready 60 || bad "without the relay it does not come back"
fi

# --- Restoring --------------------------------------------------------------------------------------------------------------
stop
inside bash -euc 'mv /var/lib/concord /var/lib/concord.lost && install -d -o concord -g concord -m 700 /var/lib/concord'
expect "the data are lost, and restored from the backup" as_concord concord restore /var/backups/concord --data /var/lib/concord --config /etc/concord/concord.toml
expect "the keys that sign checkpoints are restored too" inside test -e /var/lib/concord/credentials/checkpoints/1.key
start || true
if ready 60; then ok "Concord answers on the restored data"; else
  bad "Concord does not answer on the restored data"
  journal
fi
still_there "the case is there"
expect "the log agrees with the checkpoint that was kept" "${verify[@]}"
expect "mail that waits is released" as_concord concord mail release --why "tried" --config /etc/concord/concord.toml

# --- Upgrade, going back ----------------------------------------------------------------------------------------------------
inside bash -euc '
  cp -a /opt/release /opt/next && cd /opt/next && printf "\0" >>concord
  find . -type f ! -name SHA256SUMS -printf "%P\n" | LC_ALL=C sort | xargs sha256sum >/tmp/sums && mv /tmp/sums SHA256SUMS
  echo "# of the operator" >>/etc/concord/concord.toml'
expect "an upgrade: install.sh of the next release" inside /opt/next/install.sh "${options[@]}"
if inside cmp -s /opt/next/concord /usr/local/bin/concord && inside cmp -s /opt/release/concord /usr/local/bin/concord.previous; then ok "the old program is concord.previous"; else bad "the old program was not kept"; fi
if inside tail -n 1 /etc/concord/concord.toml | grep -q 'of the operator' && inside test -e /etc/concord/concord.toml.new; then ok "the configuration is left as it is, the new one lies beside it"; else bad "the configuration was touched"; fi
stop
start || true
if ready 60; then ok "the new version is at work"; else bad "the new version does not start"; fi
still_there "after the upgrade the case is there"
stop
inside cp -p /usr/local/bin/concord.previous /usr/local/bin/concord
start || true
if ready 60; then ok "back to the version before"; else bad "going back does not work"; fi
still_there "after going back the case is there"
expect "and the log agrees with the checkpoint that was kept" "${verify[@]}"

# --- Taking it away ---------------------------------------------------------------------------------------------------------
[ "$systemd" = yes ] || stop
kept=$(inside find /var/lib/concord/nats/jetstream /var/lib/concord/credentials -type f | wc -l)
expect "install.sh --uninstall" inside /opt/release/install.sh --uninstall
sed 's/^/              /' "$work/said"
if inside test -e /usr/local/bin/concord || inside test -e /etc/systemd/system/concord.service; then bad "something of the program is left"; else ok "programs and units are gone"; fi
if [ "$(inside find /var/lib/concord/nats/jetstream /var/lib/concord/credentials -type f | wc -l)" -ge "$kept" ] && inside test -e /etc/concord/concord.toml && inside test -e /var/backups/concord; then ok "data, keys, configuration and backups are there: $kept files"; else bad "something was taken away that must stay"; fi
if [ -z "$(inside pgrep -x concord || true)$(inside pgrep -x nats-server || true)" ]; then ok "nothing runs any more"; else bad "something still runs"; fi
expect "install.sh once more" inside /opt/release/install.sh "${options[@]}"
start || true
if ready 60; then ok "it goes on where it stood"; else
  bad "it does not start on the old data"
  journal
fi
still_there "the case is there"
expect "and the log agrees with the checkpoint that was kept" "${verify[@]}"
stop || true

# --- The server as a service of its own -------------------------------------------------------------------------------------
if [ "$systemd" = yes ]; then
  expect "install.sh --separate-server" inside /opt/release/install.sh --separate-server "${options[@]}"
  inside bash -euc '
    sed -n "/^authorization {/,\$p" /var/lib/concord/nats/nats.conf | install -m 640 -g nats /dev/stdin /etc/concord/nats/users.conf
    cp -a /var/lib/concord/nats/jetstream /var/lib/concord-nats/ && chown -R nats:nats /var/lib/concord-nats
    sed -i "s/^# \(url = \|monitor_url = \)/\1/" /etc/concord/concord.toml'
  start || true
  if ready 60; then ok "Concord works with concord-nats.service"; else
    bad "Concord does not work with concord-nats.service"
    journal concord-nats
    journal
  fi
  if inside curl -s http://127.0.0.1:8222/varz | grep -q '"sync_always": true'; then ok "that server says sync_always"; else bad "that server does not say sync_always"; fi
  still_there "the case is there"
  expect "and the log agrees with the checkpoint that was kept" "${verify[@]}"
  expect "the server can be told to read its configuration again" inside systemctl reload concord-nats
  inside systemctl restart concord-nats
  sleep 2
  if ready 30; then ok "the server is started anew, and Concord connects again by itself"; else bad "Concord does not come back to the server"; fi
  expect "all of it is stopped" inside systemctl stop concord concord-nats
fi

if [ -n "$keep" ]; then
  if [ "$systemd" = yes ]; then inside journalctl --no-pager >"$keep/journal.txt"; else inside cat /tmp/concord.log >"$keep/concord.log"; fi
fi
say ""
if [ "$systemd" = yes ]; then say "Tried with systemd as process 1 of a namespace, on the kernel $(uname -r)."; else say "Tried without systemd: units, sandbox, watchdog, timers and credentials were not."; fi
say "$passed passed, $failed failed, after $((SECONDS - began)) s"
[ "$failed" -eq 0 ]
