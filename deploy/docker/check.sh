#!/usr/bin/env bash
# Checks this folder without an engine: hadolint, yamllint, the Compose Specification's schema, and that every file that is
# mounted is either here or named in the README. What is not there is skipped, and said.
#
#   deploy/docker/check.sh [COMPOSE-SPEC.json]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
schema=${1:-}
failed=0
try() {
  local what=$1
  shift
  if "$@"; then echo "ok       $what"; else
    failed=1
    echo "FAILED   $what"
  fi
}
if command -v hadolint >/dev/null; then try "hadolint Dockerfile" hadolint Dockerfile; else echo "skipped  hadolint is not here"; fi
if command -v yamllint >/dev/null; then try "yamllint" yamllint --strict -c .yamllint compose.one.yml compose.three.yml; else echo "skipped  yamllint is not here"; fi
if python3 -c 'import yaml, jsonschema' 2>/dev/null; then
  try "compose files: mounts, and the schema if it is given" python3 - "$schema" <<'PYTHON'
import json, os, sys
import jsonschema, yaml

readme = open("README.md", encoding="utf-8").read()
wrong = []
for name in ("compose.one.yml", "compose.three.yml"):
    compose = yaml.safe_load(open(name, encoding="utf-8"))
    if sys.argv[1]:
        schema = json.load(open(sys.argv[1], encoding="utf-8"))
        validator = jsonschema.validators.validator_for(schema)
        wrong += [f"{name}: {'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator(schema).iter_errors(compose)]
    for service, what in compose["services"].items():
        if what.get("privileged") or not what.get("read_only") or what.get("cap_drop") != ["ALL"] or what.get("user") != "10001:10001":
            wrong.append(f"{name}: {service} is not held as tightly as the others")
        for port in what.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                wrong.append(f"{name}: {service}: {port} is published to other machines")
        for volume in what.get("volumes", []):
            if isinstance(volume, dict):
                source = volume["source"]
                if not os.path.exists(source) and source[2:].split("/")[0] + "/" not in readme:
                    wrong.append(f"{name}: {service}: {source} is neither here nor in the README")
            elif volume.split(":")[0] not in compose["volumes"]:
                wrong.append(f"{name}: {service}: there is no volume {volume}")
        for other in what.get("depends_on", {}):
            if other not in compose["services"]:
                wrong.append(f"{name}: {service}: there is no service {other}")
print("\n".join(wrong) or f"         {'with' if sys.argv[1] else 'without'} the schema")
sys.exit(bool(wrong))
PYTHON
else
  echo "skipped  python3 with yaml and jsonschema is not here"
fi
exit "$failed"
