#!/usr/bin/env bash
# Puts a release folder together: what install.sh needs on a machine that has no source and no compiler.
#
#   deploy/one-machine/release.sh --concord FILE --nats-server FILE --out DIR
#
# Build the program before: cargo build --release --locked -p concord. Take the nats-server of the official release, checked
# by its own SHA256SUMS; for trying, the one that `cargo xtask setup` puts into .tools/.
set -euo pipefail

say() { printf '%s\n' "$*"; }
die() {
  printf 'release.sh: %s\n' "$*" >&2
  exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
concord='' server='' out=''
while [ $# -gt 0 ]; do
  case $1 in
    --concord) concord=${2:?--concord FILE} && shift 2 ;;
    --nats-server) server=${2:?--nats-server FILE} && shift 2 ;;
    --out) out=${2:?--out DIR} && shift 2 ;;
    -h | --help)
      sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) die "what is $1? --help says what there is" ;;
  esac
done
if [ -z "$concord" ] || [ -z "$server" ] || [ -z "$out" ]; then die "give --concord FILE --nats-server FILE --out DIR"; fi
[ -x "$concord" ] || die "$concord is not a program"
[ -x "$server" ] || die "$server is not a program"
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || die "$out is not empty"

mkdir -p "$out/policy" "$out/systemd/concord.service.d"
install -m 755 "$concord" "$out/concord"
install -m 755 "$server" "$out/nats-server"
install -m 755 "$here/install.sh" "$out/install.sh"
for file in concord.toml concord.schema.json watchdog.toml nats.conf nginx.conf nftables.conf journald.conf README.md README.vi.md; do
  install -m 644 "$here/$file" "$out/$file"
done
install -m 644 "$here"/../policy/*.toml "$out/policy/"
install -m 644 "$here"/systemd/*.service "$here"/systemd/*.timer "$out/systemd/"
install -m 644 "$here"/systemd/concord.service.d/*.conf "$out/systemd/concord.service.d/"
# What the guide of the cluster installs from the release folder.
mkdir -p "$out/deploy/cluster"
for file in README.md README.vi.md concord.toml nftables.conf; do install -m 644 "$here/../cluster/$file" "$out/deploy/cluster/$file"; done
cp -r "$here/../cluster/systemd" "$out/deploy/cluster/systemd"
find "$out/deploy/cluster/systemd" -type f -exec chmod 644 {} +
sums=$(cd "$out" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum)
printf '%s\n' "$sums" >"$out/SHA256SUMS"
say "$out: $(wc -l <"$out/SHA256SUMS") files, $(du -sh "$out" | cut -f1), $("$out/concord" --version), $("$out/nats-server" --version)"
say "The digest of SHA256SUMS, to be told by another way than the files: $(sha256sum "$out/SHA256SUMS" | cut -d' ' -f1)"
