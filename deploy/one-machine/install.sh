#!/usr/bin/env bash
# Installs Concord on one machine, without Docker: Debian 12 or later, with systemd. Run it as root from the release folder.
#
#   ./install.sh                    installs, or upgrades what is there
#   ./install.sh --dry-run          says what it would do, and changes nothing
#   ./install.sh --separate-server  also a nats-server as a service of its own: only for several processes on one machine
#   ./install.sh --watchdog         instead: the watchdog, on another machine than the one that runs Concord
#   ./install.sh --uninstall        takes programs and units away; data, keys, configuration and backups stay
#
#   --root DIR             into another root than /, for images and tests; starts and stops nothing there
#   --min-free GIB         how much room the data must find (25)
#   --without-time-check   goes on although the clock is not synchronised
#   --any-system           goes on although this is not Debian 12 or later
#
# It may be run again at any time: it changes only what differs, never overwrites a configuration, and starts nothing.
set -euo pipefail
umask 022

root='' dry_run=no action=install separate=no watchdog=no min_free=25 time_check=yes any_system=no
usage() { sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
say() { printf '%s\n' "$*"; }
warn() { printf '!  %s\n' "$*"; }
die() {
  printf 'install.sh: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '            %s\n' "$line" >&2; done
  exit 1
}
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --uninstall) action=uninstall ;;
    --separate-server) separate=yes ;;
    --watchdog) watchdog=yes ;;
    --without-time-check) time_check=no ;;
    --any-system) any_system=yes ;;
    --root)
      root=${2:-}
      [ -n "$root" ] || die "--root needs a folder"
      shift
      ;;
    --min-free)
      min_free=${2:-}
      case $min_free in '' | *[!0-9]*) die "--min-free needs a whole number of GiB" ;; esac
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) die "there is no option $1; there are:" "$(usage)" ;;
  esac
  shift
done
if [ -n "$root" ]; then
  [ -d "$root" ] || die "there is no folder $root"
  root=$(cd "$root" && pwd)
  [ "$root" != / ] || root=''
fi
[ "$separate" = no ] || [ "$watchdog" = no ] || die "--separate-server and --watchdog are for different machines"

release=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=/usr/local/bin etc=/etc/concord doc=/usr/local/share/doc/concord
data=/var/lib/concord server_data=/var/lib/concord-nats backups=/var/backups/concord
units=/etc/systemd/system
all_units=(concord.service concord-nats.service concord-backup.service concord-backup.timer concord-drill.service
  concord-drill.timer concord-watchdog.service)

# Whether there is a service manager that may be told something: not in another root, not in a bare container.
manager() { [ -z "$root" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null; }
active() { manager && systemctl --quiet is-active "$1"; }
# Whether a Concord works on the data of this machine, by whomever it was started.
works() {
  local pid
  active concord.service && return 0
  [ -z "$root" ] || return 1
  pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$data/run.json" 2>/dev/null || true)
  [ -n "$pid" ] && [ -e "/proc/$pid" ]
}

# What changes something goes through here.
run() {
  if [ "$dry_run" = yes ]; then
    say "would: $*"
  else
    "$@"
  fi
}

# --- Taking it away ---------------------------------------------------------------------------------------------------------
if [ "$action" = uninstall ]; then
  [ "$(id -u)" -eq 0 ] || [ -n "$root" ] || [ "$dry_run" = yes ] || die "run it as root"
  say "Concord is taken away from ${root:-this machine}. Data, keys, configuration, backups and users stay."
  if manager; then
    for unit in concord-backup.timer concord-drill.timer concord.service concord-watchdog.service concord-nats.service; do
      if [ -e "$units/$unit" ]; then
        say "Stopping $unit, and it does not start with the machine any more."
        run systemctl --quiet disable --now "$unit"
      fi
    done
  fi
  gone=()
  for unit in "${all_units[@]}"; do gone+=("$units/$unit"); done
  # What deploy/cluster puts beside the units would turn another installation into a part of a cluster.
  for unit in concord concord-nats concord-backup; do gone+=("$units/$unit.service.d/cluster.conf"); done
  gone+=("$units/concord.service.d/separate-server.conf" "$bin/concord" "$bin/concord.previous" "$bin/nats-server"
    "$bin/nats-server.previous")
  for file in "${gone[@]}"; do
    if [ -e "$root$file" ]; then
      say "Removing $file"
      run rm -f "$root$file"
    fi
  done
  if [ -d "$root$doc" ]; then
    say "Removing $doc"
    run rm -rf "$root$doc"
  fi
  if manager; then run systemctl daemon-reload; fi
  say ""
  say "Still there, and removed by nobody but you:"
  for kept in "$data" "$server_data" "$backups" "$etc"; do
    if [ -d "$root$kept" ]; then say "  $kept   $(du -sh "$root$kept" 2>/dev/null | cut -f1)"; fi
  done
  say "The log in $data is a record that the law may oblige you to keep. Install again, and it goes on where it stood."
  exit 0
fi

# --- Looking before doing ---------------------------------------------------------------------------------------------------
say "Concord, from $release"
[ "$dry_run" = no ] || say "(dry run: nothing is changed)"
troubles=0
trouble() {
  troubles=$((troubles + 1))
  printf 'x  %s\n' "$1"
  shift
  for line in "$@"; do printf '   %s\n' "$line"; done
}
good() { printf 'ok %s\n' "$*"; }

[ "$(id -u)" -eq 0 ] || [ -n "$root" ] || [ "$dry_run" = yes ] || die "run it as root: it makes a user and writes to /usr and /etc"

# The files are those of the release, all of them.
[ -f "$release/SHA256SUMS" ] || die "there is no SHA256SUMS beside install.sh: this is not a whole release folder"
if damaged=$(cd "$release" && sha256sum --quiet --strict --check SHA256SUMS 2>&1); then
  good "checksums: all $(wc -l <"$release/SHA256SUMS") files are as SHA256SUMS says"
else
  die "the release is damaged or was changed; fetch it again:" "$damaged"
fi
needed=(concord install.sh README.md watchdog.toml systemd/concord-watchdog.service)
[ "$watchdog" = yes ] || needed+=(nats-server concord.toml policy/policy.toml systemd/concord.service)
for file in "${needed[@]}"; do
  grep -qF "  $file" "$release/SHA256SUMS" || die "$file is not in SHA256SUMS: this is not a whole release folder"
done
good "the digest of SHA256SUMS is $(sha256sum "$release/SHA256SUMS" | cut -c1-64)"
say "   compare it with what you were told by another way than the files."

# The system.
system=unknown
if [ -r "$root/etc/os-release" ]; then
  # shellcheck disable=SC1091 # It is the machine's.
  system=$(. "$root/etc/os-release" && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-0}")
fi
name=${system% *} number=${system##* }
if [ "$name" = debian ] && [ "${number%%.*}" -ge 12 ] 2>/dev/null; then
  good "the system is Debian $number"
elif [ "$any_system" = yes ]; then
  warn "the system is \"$system\", on which this was not tried (--any-system)"
else
  trouble "the system is \"$system\", and this was made for Debian 12 or later" \
    "--any-system goes on all the same; it needs systemd 252 and glibc 2.34 or later"
fi

# The programs run here.
if version=$("$release/concord" --version 2>&1); then
  good "it runs on this machine: $version"
else
  trouble "the program does not run on this machine: $version" "is it the release for $(uname -m)?"
fi
if [ "$watchdog" = no ]; then
  version=$("$release/nats-server" --version 2>&1) || true
  case $version in
    "nats-server: v2."*)
      minor=${version#nats-server: v2.} minor=${minor%%.*}
      if [ "$minor" -ge 15 ] 2>/dev/null; then
        good "$version"
      else
        trouble "$version is too old: Concord needs 2.15 or later"
      fi
      ;;
    "nats-server: v"*) good "$version" ;;
    *) trouble "the nats-server of the release does not run here: $version" ;;
  esac
fi

# The clock: deadlines are computed with it.
if [ "$time_check" = no ] || [ -n "$root" ]; then
  warn "whether the clock is synchronised was not looked at"
elif [ "$(timedatectl show --property=NTPSynchronized --value 2>/dev/null || true)" = yes ]; then
  good "the clock is synchronised"
elif command -v chronyc >/dev/null && chronyc -n tracking 2>/dev/null | grep -q '^Leap status *: Normal'; then
  good "the clock is synchronised (chrony)"
else
  trouble "the clock is not synchronised, and deadlines are computed with it" \
    "apt-get install systemd-timesyncd (or chrony), name your time server, wait a minute, look at: timedatectl" \
    "--without-time-check goes on all the same"
fi

if [ "$watchdog" = no ]; then
  # Room, where the data will lie.
  place=$root$data
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  free=$(($(df --output=avail -B1 "$place" | tail -n 1) / 1073741824))
  if [ -e "$root$data/nats" ]; then
    good "room for the data: $free GiB free, and an installation is there"
  elif [ "$free" -ge "$min_free" ]; then
    good "room for the data: $free GiB free (the log and its files take 17 GiB at most, the fold comes on top)"
  else
    trouble "only $free GiB are free for $data, and $min_free are wanted: the log and its files take up to 17" \
      "mount a larger disk at $data, or say with --min-free how much is enough"
  fi

  # The ports. A Concord that runs here has them rightly.
  taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
  if [ -n "$root" ]; then
    warn "whether the ports are free was not looked at"
  elif works; then
    good "Concord runs: the ports are its own"
  else
    ports=(8080 14222 18222)
    if [ -r "$etc/concord.toml" ]; then
      listen=$(sed -n 's/^listen *= *".*:\([0-9]*\)".*/\1/p' "$etc/concord.toml" | head -n 1)
      port=$(sed -n 's/^port *= *\([0-9]*\).*/\1/p' "$etc/concord.toml" | head -n 1)
      ports=("${listen:-8080}" "${port:-14222}" "$((${port:-14222} + 4000))")
    fi
    busy=()
    for port in "${ports[@]}"; do if taken "$port"; then busy+=("$port"); fi; done
    if [ "${#busy[@]}" -eq 0 ]; then
      good "the ports are free: ${ports[*]}"
    else
      trouble "another program listens on port ${busy[*]}" "ss -ltnp says which; or set listen and port in $etc/concord.toml"
    fi
  fi
fi
[ "$troubles" -eq 0 ] || die "$troubles thing(s) stand in the way, marked with x above; nothing was changed"

# --- Doing it ---------------------------------------------------------------------------------------------------------------
say ""
changed=0
new_user() {
  local user=$1 what=$2 home=$3
  if [ ! -e "$root/etc/passwd" ]; then
    warn "$root has no /etc/passwd: the user $user is not made, and all files are yours"
    return 0
  fi
  if grep -q "^$user:" "$root/etc/passwd"; then return 0; fi
  say "Making the system user $user ($what): no password, no shell."
  local prefix=()
  [ -z "$root" ] || prefix=(--prefix "$root")
  run useradd "${prefix[@]}" --system --user-group --home-dir "$home" --no-create-home --shell /usr/sbin/nologin --comment "$what" "$user"
  changed=1
}
# The numbers of a user in that root, as `UID:GID`; nothing if it is not there.
ids() { sed -n "s/^$1:[^:]*:\([0-9]*\):\([0-9]*\):.*/\1:\2/p" "$root/etc/passwd" 2>/dev/null || true; }
own() {
  local who=$1 mode=$2 path=$3 owner
  owner=$(ids "${who%%:*}")
  case $who in
    *:root) owner=0:0 ;;
    root:*) owner=0:$(ids "${who#*:}" | cut -d: -f2) ;;
  esac
  if [ "$(id -u)" -eq 0 ] && [ -n "${owner#0:}" ]; then run chown "$owner" "$root$path"; fi
  run chmod "$mode" "$root$path"
}
folder() {
  local who=$1 mode=$2 path=$3
  if [ ! -d "$root$path" ]; then
    say "Making $path ($who, $mode)"
    run mkdir -p "$root$path"
    own "$who" "$mode" "$path"
    changed=1
  fi
}
# A file that is ours: written anew when it differs, by a rename, so that a program that runs goes on with the old one.
file() {
  local mode=$1 from=$2 to=$3
  if [ -f "$root$to" ] && cmp -s "$release/$from" "$root$to"; then return 0; fi
  say "Writing $to"
  run mkdir -p "$root$(dirname "$to")"
  run install -m "$mode" "$release/$from" "$root$to.new"
  run mv -f "$root$to.new" "$root$to"
  changed=1
}
program() {
  local name=$1
  if [ -f "$root$bin/$name" ] && ! cmp -s "$release/$name" "$root$bin/$name"; then
    say "Keeping the $name that was there as $bin/$name.previous"
    run cp --preserve=mode,timestamps "$root$bin/$name" "$root$bin/$name.previous.new"
    run mv -f "$root$bin/$name.previous.new" "$root$bin/$name.previous"
    replaced=1
  fi
  file 755 "$name" "$bin/$name"
}
# A file that is the operator's: put there once. Where the release has another one, it lies beside it.
theirs() {
  local who=$1 mode=$2 from=$3 to=$4
  if [ ! -e "$root$to" ]; then
    file 640 "$from" "$to"
    own "$who" "$mode" "$to"
  elif cmp -s "$release/$from" "$root$to"; then
    if [ -e "$root$to.new" ]; then run rm -f "$root$to.new"; fi
  elif [ ! -e "$root$to.new" ] || ! cmp -s "$release/$from" "$root$to.new"; then
    say "Leaving $to as it is; that of this release lies beside it as $to.new"
    run install -m 640 "$release/$from" "$root$to.new"
    own "$who" "$mode" "$to.new"
    changed=1
  fi
}

replaced=0
new_user concord "Concord" "$data"
program concord
folder root:concord 750 "$etc"
folder root:root 700 "$etc/secrets"
file 644 README.md "$doc/README.md"
file 644 README.vi.md "$doc/README.vi.md"
if [ "$watchdog" = yes ]; then
  file 644 systemd/concord-watchdog.service "$units/concord-watchdog.service"
  theirs root:concord 640 watchdog.toml "$etc/watchdog.toml"
else
  program nats-server
  folder concord:concord 700 "$data"
  folder concord:concord 700 "$backups"
  theirs root:concord 640 concord.toml "$etc/concord.toml"
  file 644 concord.schema.json "$etc/concord.schema.json"
  if [ ! -d "$root$etc/policy" ]; then
    say "Putting the policy of a fictional province into $etc/policy: make it yours"
    for one in "$release"/policy/*.toml; do theirs root:concord 640 "policy/${one##*/}" "$etc/policy/${one##*/}"; done
    own root:concord 750 "$etc/policy"
  fi
  for one in "$release"/policy/*.toml; do file 644 "policy/${one##*/}" "$doc/policy/${one##*/}"; done
  for one in nginx.conf nftables.conf journald.conf; do file 644 "$one" "$doc/$one"; done
  for unit in concord.service concord-backup.service concord-backup.timer concord-drill.service concord-drill.timer; do
    file 644 "systemd/$unit" "$units/$unit"
  done
  if [ "$separate" = yes ]; then
    new_user nats "The nats-server of Concord" "$server_data"
    folder nats:nats 700 "$server_data"
    folder root:nats 750 "$etc/nats"
    theirs root:nats 640 nats.conf "$etc/nats/nats.conf"
    # The server's own user must come through to its folder, and sees nothing else there.
    own root:concord 751 "$etc"
    file 644 systemd/concord-nats.service "$units/concord-nats.service"
    file 644 systemd/concord.service.d/separate-server.conf "$units/concord.service.d/separate-server.conf"
  fi
fi
if manager && [ "$changed" -eq 1 ]; then run systemctl daemon-reload; fi

# --- What is left to do -----------------------------------------------------------------------------------------------------
say ""
if [ "$dry_run" = yes ]; then
  say "Nothing was changed. Without --dry-run it is done."
  exit 0
fi
if [ "$changed" -eq 0 ] && [ "$replaced" -eq 0 ]; then say "All of it was there already; nothing was changed."; else say "Installed."; fi
if [ "$watchdog" = yes ]; then
  say "Next: change every line of $etc/watchdog.toml that ends in .example, then: systemctl enable --now concord-watchdog"
  exit 0
fi
say ""
say "What to do next ($doc/README.md says it step by step):"
step=0
next() {
  step=$((step + 1))
  say "  $step. $1"
  shift
  for line in "$@"; do say "     $line"; done
}
if grep -qE '^[^#]*\.example' "$root$etc/concord.toml"; then
  next "These lines of $etc/concord.toml still show an example; the name under [audit] can never be changed later:" \
    "$(grep -nE '^[^#]*\.example' "$root$etc/concord.toml" | sed '2,$s/^/     /')"
fi
if cmp -s "$release/policy/organisation.toml" "$root$etc/policy/organisation.toml"; then
  next "$etc/policy is still that of a fictional province: enter your agencies and officers."
fi
next "Look the policy over: concord policy check $etc/policy"
if active concord.service; then
  if [ "$replaced" -eq 1 ]; then
    next "Take a backup, then let the new version begin: systemctl start concord-backup && systemctl restart concord" \
      "It answers again after some seconds: curl -sS http://127.0.0.1:8080/readyz" \
      "Back to the version before: systemctl stop concord && cp -p $bin/concord.previous $bin/concord \\" \
      "  && cp -p $bin/nats-server.previous $bin/nats-server; systemctl start concord"
  fi
else
  next "Start it, now and with the machine: systemctl enable --now concord concord-backup.timer concord-drill.timer"
  next "See that it works: curl -sS http://127.0.0.1:8080/readyz"
fi
