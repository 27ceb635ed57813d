#!/usr/bin/env bash
# Machines to try an installation on, which are thrown away afterwards: what deploy/one-machine/try.sh and
# deploy/cluster/try.sh have in common, who source it.
#
# A machine is a bare Debian 12 with systemd as process 1 of a namespace of its own, with a cgroup, a network and a file
# system of its own: no port of this machine is used, and what is started there ends with the namespace. Machines with an
# address are joined by veth pairs and a bridge, which lies in one more network namespace that has nothing else.
#
# What stands in single quotes is for a shell further in, or for apt.
# shellcheck disable=SC2016

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# --- Process 1 of the namespace ---------------------------------------------------------------------------------------------
if [ "${1:-}" = --process-1 ] && [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  root=$2 first=$3 name=$4 address=${5:-}
  ip link set lo up
  if [ -n "$address" ]; then
    # Whoever started it plugs the cable in.
    for _ in $(seq 200); do
      if ip link show dev eth0 >/dev/null 2>&1; then break; fi
      sleep 0.1
    done
    ip address add "$address/24" dev eth0
    ip link set eth0 up
  fi
  hostname "$name"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mountpoint -q "$root/sys/fs/cgroup" || mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs shm "$root/dev/shm"
  mount -t tmpfs -o mode=755 run "$root/run"
  echo "$name" >"$root/etc/hostname"
  cd "$root"
  mkdir -p .before
  pivot_root . .before
  umount --lazy /.before
  rmdir /.before 2>/dev/null || true
  # As on a machine: credentials come into a service's view by what is mounted later.
  mount --make-rshared /
  touch /run/concord-try
  if [ "$first" = systemd ]; then
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin container=concord-try /sbin/init
  fi
  # Without systemd: collects what ends, and nothing else.
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin /bin/bash -c 'trap : CHLD; while :; do sleep 3600 & wait $!; done'
fi

this=$(realpath "${BASH_SOURCE[0]}")
packages=systemd,systemd-sysv,dbus,ca-certificates,curl,python3-minimal,openssl,procps,netbase,nftables

# --- What it is given -------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2034 # Those who source this read them.
release='' mirror='' base='' keep='' systemd=yes state=''
# What is said of it stands at the head of the script, up to the first line that is no comment.
read_options() {
  local without=no
  if [ "$1" = may-be-without-systemd ]; then without=yes; fi
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --mirror) mirror=${2:?--mirror URL} && shift 2 ;;
      --base) base=${2:?--base DIR} && shift 2 ;;
      --keep) keep=${2:?--keep DIR} && shift 2 ;;
      --without-systemd)
        [ "$without" = yes ] || die "without systemd there is nothing to try here"
        # shellcheck disable=SC2034 # Likewise.
        systemd=no
        shift
        ;;
      -h | --help)
        sed -n '2,${/^#/!q;s/^# \{0,1\}//p}' "$0"
        exit 0
        ;;
      -*) die "there is no option $1: --help says what there is" ;;
      *) release=$1 && shift ;;
    esac
  done
  [ -n "$release" ] || die "give a release folder: --help says more"
  [ -f "$release/SHA256SUMS" ] || die "$release is no release folder: cargo xtask release makes one"
  release=$(cd "$release" && pwd)
  [ "$(id -u)" -eq 0 ] || die "run it as root: it makes namespaces"
  [ -z "$base" ] || base=$(cd "$base" && pwd)
  [ -z "$keep" ] || mkdir -p "$keep"
}

# --- Saying what was found --------------------------------------------------------------------------------------------------
began=$SECONDS passed=0 failed=0
ok() {
  passed=$((passed + 1))
  printf 'ok      %4ss  %s\n' "$((SECONDS - began))" "$*"
}
bad() {
  failed=$((failed + 1))
  printf 'FAILED  %4ss  %s\n' "$((SECONDS - began))" "$*"
}
note() { printf '        %4ss  %s\n' "$((SECONDS - began))" "$*"; }
# What the last command said, a little further in.
said() { tail -n "${1:-12}" "$work/said" | sed 's/^/              /'; }
expect() {
  local what=$1
  shift
  if "$@" >"$work/said" 2>&1; then ok "$what"; else
    bad "$what"
    said
  fi
}
refused() {
  local what=$1 words=$2
  shift 2
  if "$@" >"$work/said" 2>&1; then bad "$what: it was not refused"; elif grep -q "$words" "$work/said"; then ok "$what"; else
    bad "$what: refused in other words"
    said 5
  fi
}
# Waits until a command succeeds: SECONDS COMMAND
until_it() {
  local give_up=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$give_up" ] || return 1
    sleep 0.3
  done
}

# --- Cleaning up ------------------------------------------------------------------------------------------------------------
work=$(mktemp -d /var/tmp/concord-try.XXXXXX)
switch=''
declare -A outside_of=()
started=()
clean() {
  local name outside
  # The namespace goes with its process 1, and with it all that was started and mounted there.
  for name in "${!outside_of[@]}"; do stop_machine "$name"; done
  if [ -n "$switch" ]; then
    kill -KILL "$switch" 2>/dev/null || true
    wait "$switch" 2>/dev/null || true
  fi
  # The control groups stay behind, empty.
  mkdir -p "$work/cgroups"
  for outside in "${started[@]}"; do
    for _ in 1 2 3; do
      unshare --mount --propagation private -- bash -c '
        mount -t cgroup2 cgroup2 "$1" && { [ ! -d "$1/concord-try-$2" ] || find "$1/concord-try-$2" -depth -type d -exec rmdir {} +; }' \
        -- "$work/cgroups" "$outside" 2>/dev/null && break
      sleep 0.5
    done
  done
  rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 143' INT TERM HUP

# --- A bare Debian 12 -------------------------------------------------------------------------------------------------------
make_base() {
  [ -z "$base" ] || return 0
  command -v debootstrap >/dev/null || die "apt-get install debootstrap, or give --base DIR"
  if [ -z "$mirror" ]; then
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep '/debian/*$' | head -n 1 || true)
    mirror=${mirror:-http://deb.debian.org/debian}
  fi
  base=$work/base
  note "debootstrap makes a bare Debian 12; that takes one to three minutes"
  debootstrap --variant=minbase --include="$packages" bookworm "$base" "$mirror" >"$work/debootstrap.log" 2>&1 || {
    tail -n 5 "$work/debootstrap.log" >&2
    die "debootstrap did not succeed"
  }
  ok "debootstrap made a bare Debian 12"
}

# --- Machines ---------------------------------------------------------------------------------------------------------------
# Whether a process has a network that is not ours.
elsewhere() { [ -n "$1" ] && [ "$(readlink "/proc/$1/ns/net" 2>/dev/null)" != "$(readlink /proc/$$/ns/net)" ] && [ -e "/proc/$1/ns/net" ]; }

# What the machines are plugged into.
make_switch() {
  unshare --net -- sleep infinity &
  switch=$!
  until_it 10 elsewhere "$switch" && nsenter --target "$switch" --net -- sh -c 'ip link add switch type bridge && ip link set switch up'
}

# Starts a machine, on what its disk holds; an empty one at first: NAME systemd|bare [ADDRESS]
start_machine() {
  local name=$1 first=$2 address=${3:-} place=$work/$1 outside process cable=''
  mkdir -p "$place/root" "$place/over" "$place/scratch" "$place/cgroup"
  unshare --mount --propagation private -- bash -euc '
    place=$1 base=$2 this=$3 first=$4
    shift 4
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$place/over,workdir=$place/scratch" "$place/root"
    if [ "$first" = systemd ]; then
      mount -t cgroup2 cgroup2 "$place/cgroup"
      mkdir "$place/cgroup/concord-try-$$"
      echo $$ >"$place/cgroup/concord-try-$$/cgroup.procs"
      exec unshare --pid --fork --kill-child --mount --uts --ipc --cgroup --net -- "$this" --process-1 "$place/root" systemd "$@"
    fi
    mkdir -p "$place/root/sys/fs/cgroup"
    exec unshare --pid --fork --kill-child --mount --uts --ipc --net -- "$this" --process-1 "$place/root" bare "$@"
  ' -- "$place" "$base" "$this" "$first" "$name" "$address" >"$place/namespace.log" 2>&1 &
  outside=$!
  outside_of[$name]=$outside
  started+=("$outside")
  local give_up=$((SECONDS + 20))
  while [ "$SECONDS" -lt "$give_up" ]; do
    kill -0 "$outside" 2>/dev/null || return 1
    process=$(cut -d' ' -f1 "/proc/$outside/task/$outside/children" 2>/dev/null || true)
    if [ -n "$address" ] && [ -z "$cable" ] && elsewhere "$process"; then
      cable=cable${#started[@]}
      nsenter --target "$switch" --net -- ip link add "$cable" type veth peer name eth0 netns "$process"
      nsenter --target "$switch" --net -- ip link set "$cable" master switch up
      echo "$cable" >"$place/cable"
    fi
    # Until it has left the old root behind, it is something else.
    if [ -n "$process" ]; then
      echo "$process" >"$place/first"
      if on "$name" test -e /run/concord-try 2>/dev/null; then return 0; fi
    fi
    sleep 0.1
  done
  return 1
}
# Runs a command there.
on() {
  local process
  process=$(cat "$work/$1/first" 2>/dev/null) || return 1
  shift
  nsenter --target "$process" --mount --pid --uts --ipc --net --root -- \
    env -i -C / PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}
# Whether systemd has come up there.
is_up() {
  state=$(on "$1" systemctl is-system-running 2>/dev/null || true)
  [[ $state =~ ^(running|degraded)$ ]]
}
# As a power cut does it: the cable is dead first, so nobody is told anything.
stop_machine() {
  local name=$1 outside=${outside_of[$1]:-}
  [ -n "$outside" ] || return 0
  if [ -s "$work/$name/cable" ]; then nsenter --target "$switch" --net -- ip link set "$(cat "$work/$name/cable")" down 2>/dev/null || true; fi
  kill -KILL "$outside" 2>/dev/null || true
  gone_machine "$name"
}
# Waits for a machine that ends by itself.
gone_machine() {
  wait "${outside_of[$1]}" 2>/dev/null || true
  unset "outside_of[$1]"
  rm -f "$work/$1/first" "$work/$1/cable"
}
# A new disk for a machine that does not run.
empty_machine() { rm -rf --one-file-system "${work:?}/$1"; }
# Brings the files of a folder to a machine: FOLDER NAME PLACE
bring() {
  on "$2" mkdir -p "$3"
  tar -C "$1" -cf - . | on "$2" tar --no-same-owner -C "$3" -xf -
}
