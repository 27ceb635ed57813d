#!/usr/bin/env bash
# Checks what lies in this folder, as far as a machine without an installation can: scripts, units, configuration, server.
#
#   deploy/one-machine/check.sh
#
# What is not there is skipped, and said: shellcheck, systemd-analyze, python3 with jsonschema, nats-server, nginx, nft.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

passed=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
try() {
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    passed=$((passed + 1))
    echo "ok       $what"
  else
    failed=$((failed + 1))
    echo "FAILED   $what"
    sed 's/^/         /' "$work/out"
  fi
}
skip() {
  skipped=$((skipped + 1))
  echo "skipped  $1"
}
program() {
  command -v "$1" || { [ -x "/usr/sbin/$1" ] && echo "/usr/sbin/$1"; } || true
}

scripts=(install.sh try.sh check.sh ../try/machines.sh ../cluster/try.sh ../k8s/check.sh ../docker/check.sh)
for script in "${scripts[@]}"; do try "bash -n $script" bash -n "$script"; done
if [ -n "$(program shellcheck)" ]; then
  try "shellcheck ${scripts[*]}" shellcheck "${scripts[@]}"
else
  skip "shellcheck is not here"
fi

if [ -n "$(program systemd-analyze)" ]; then
  # The units name programs that are not on this machine: they are looked at where stand-ins are.
  root=$work/root
  mkdir -p "$root/usr/local/bin" "$root/usr/bin" "$root/etc/systemd/system"
  cp systemd/*.service systemd/*.timer "$root/etc/systemd/system/"
  for stand_in in usr/local/bin/concord usr/local/bin/nats-server usr/bin/kill; do
    printf '#!/bin/sh\n' >"$root/$stand_in"
    chmod 755 "$root/$stand_in"
  done
  for unit in systemd/*.service systemd/*.timer; do
    name=${unit##*/}
    try "systemd-analyze verify $name" systemd-analyze verify --root="$root" --man=no --generators=no \
      --recursive-errors=no "$root/etc/systemd/system/$name"
  done
  # The same again, with what a cluster adds to them.
  cp -r ../cluster/systemd/. "$root/etc/systemd/system/"
  for place in ../cluster/systemd/*.d; do
    name=${place##*/} name=${name%.d}
    try "systemd-analyze verify $name, in a cluster" systemd-analyze verify --root="$root" --man=no --generators=no \
      --recursive-errors=no "$root/etc/systemd/system/$name"
  done
  for unit in systemd/*.service; do
    try "systemd-analyze security ${unit##*/}: at most 2.0" \
      systemd-analyze security --offline=true --no-pager --threshold=20 "$unit"
    grep -o 'Overall exposure.*: [0-9.]*' "$work/out" | sed 's/^/         /' || true
  done
else
  skip "systemd-analyze is not here"
fi

if python3 -c 'import tomllib, jsonschema' 2>/dev/null; then
  try "concord.toml against concord.schema.json, as it is and with every key" python3 - <<'PYTHON'
import json, re, tomllib
import jsonschema

schema = json.load(open("concord.schema.json", encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
text = open("concord.toml", encoding="utf-8").read()
shipped = tomllib.loads(text)
validator.validate(shipped)
every = re.sub(r"(?m)^# (?=(\[[a-z.]+\]$|[a-z_]+ = ))", "", text)
whole = tomllib.loads(every)
validator.validate(whole)


def keys(schema, values, place=""):
    missing = []
    for name, part in schema["properties"].items():
        here = f"{place}{name}"
        if name not in values:
            missing.append(here)
        elif part.get("type") == "object":
            missing += keys(part, values[name], here + ".")
        elif "default" in part and not isinstance(shipped_value(here), type(None)):
            pass
        elif "default" in part and values[name] != part["default"]:
            raise SystemExit(f"{here}: the comment shows {values[name]!r}, the schema says {part['default']!r}")
    return missing


def shipped_value(path):
    value = shipped
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


# `witness` and `own_addresses` show an example.
examples = {"audit.witness"}
for path in examples:
    whole["audit"]["witness"] = []
missing = keys(schema, whole)
if missing:
    raise SystemExit(f"not shown in concord.toml: {missing}")
PYTHON
  sources=(../../crates/service/src/config.rs ../../crates/svc-notifier/src/transport/smtp/config.rs)
  if [ -f "${sources[0]}" ] && [ -f "${sources[1]}" ]; then
    try "concord.schema.json has the keys that the program has" python3 - "${sources[@]}" <<'PYTHON'
import json, re, sys


def names(part):
    for name, below in part.get("properties", {}).items():
        yield name
        yield from names(below)


known = set(names(json.load(open("concord.schema.json", encoding="utf-8"))))
program = set()
for file in sys.argv[1:]:
    for struct in re.findall(r"Deserialize\)\]\s*#\[serde\(deny_unknown_fields[^]]*\]\s*pub struct \w+ \{(.*?)\n\}", open(file, encoding="utf-8").read(), re.S):
        program |= set(re.findall(r"^    pub (\w+):", struct, re.M))
if known != program:
    raise SystemExit(f"only in the program: {sorted(program - known)}; only in the schema: {sorted(known - program)}")
PYTHON
  fi
else
  skip "python3 with jsonschema is not here"
fi

server=$(program nats-server)
[ -n "$server" ] || { [ -x ../../.tools/nats-server ] && server=$(realpath ../../.tools/nats-server); } || true
if [ -n "$server" ]; then
  mkdir "$work/nats"
  cp nats.conf "$work/nats/"
  printf 'authorization { users: [] }\n' >"$work/nats/users.conf"
  try "nats-server -t nats.conf" "$server" -t --config "$work/nats/nats.conf"
else
  skip "nats-server is not here"
fi
if [ -n "$(program nft)" ]; then
  # Needs a network namespace, because nft looks at the kernel.
  if unshare -n true 2>/dev/null; then
    for rules in nftables.conf ../cluster/nftables.conf; do
      try "nft --check $rules" unshare -n "$(program nft)" --check --file "$rules"
    done
  else
    skip "nft needs the right to make a network namespace"
  fi
else
  skip "nft is not here"
fi
if [ -n "$(program nginx)" ] && [ -n "$(program openssl)" ]; then
  mkdir -p "$work/nginx"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=phoi-hop.tinh.example \
    -keyout "$work/nginx/tls.key" -out "$work/nginx/tls.pem" 2>/dev/null
  sed "s#/etc/nginx/tls#$work/nginx/tls#" nginx.conf >"$work/nginx/site.conf"
  printf 'pid %s/pid;\nerror_log stderr;\nevents {}\nhttp { access_log off; include %s/nginx/site.conf; }\n' \
    "$work" "$work" >"$work/nginx/nginx.conf"
  try "nginx -t nginx.conf" "$(program nginx)" -t -c "$work/nginx/nginx.conf"
else
  skip "nginx is not here"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
