#!/usr/bin/env bash
# Checks this folder without a cluster. What is not there is skipped, and said: kubectl or kustomize, yamllint, kubernetes-validate,
# python3 with yaml.
#
#   deploy/k8s/check.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
try() {
  local what=$1
  shift
  if "$@" >"$work/said" 2>&1; then echo "ok       $what"; else
    failed=1
    echo "FAILED   $what"
    tail -n 15 "$work/said" | sed 's/^/         /'
  fi
}
here() { command -v "$1" >/dev/null; }

if here yamllint; then try "yamllint" yamllint --strict -c .yamllint .; else echo "skipped  yamllint is not here"; fi

# Every file that a kustomization names is there, and every manifest that is there is named by one.
# shellcheck disable=SC2317,SC2329 # Called by `try`; the older shellcheck has the first number for it.
names() {
  local wrong=0 kustomization folder name
  while IFS= read -r kustomization; do
    folder=$(dirname "$kustomization")
    while IFS= read -r name; do
      if [ ! -e "$folder/$name" ]; then
        echo "$kustomization names $name, which is not there"
        wrong=1
      elif [ -d "$folder/$name" ] && [ ! -e "$folder/$name/kustomization.yaml" ]; then
        echo "$kustomization names $name, which has no kustomization.yaml"
        wrong=1
      fi
    done < <(sed -n -E 's/^#? +- (\.\.\/[a-z./-]+|[a-z.-]+\.(yaml|toml))$/\1/p' "$kustomization")
    for name in "$folder"/*.yaml; do
      name=${name##*/}
      if [ "$name" != kustomization.yaml ] && ! grep -q -- "- $name\$" "$kustomization"; then
        echo "$folder/$name is named by no kustomization"
        wrong=1
      fi
    done
  done < <(find . -name kustomization.yaml)
  return "$wrong"
}
try "what the kustomizations name is there, and what is there is named" names

build=()
if here kubectl; then build=(kubectl kustomize); elif here kustomize; then build=(kustomize build); fi
if [ "${#build[@]}" -eq 0 ]; then
  echo "skipped  neither kubectl nor kustomize is here: nothing was built"
  exit "$failed"
fi
# Once as they are, and once with the component that they show.
cp -r . "$work/with"
sed -i 's/^# components:/components:/; s/^#   - \.\./  - ../' "$work"/with/overlays/*/kustomization.yaml
for overlay in overlays/*; do
  name=${overlay##*/}
  try "${build[*]} $overlay" "${build[@]}" "$overlay"
  cp "$work/said" "$work/$name.yaml"
  try "${build[*]} $overlay, with the component" "${build[@]}" "$work/with/$overlay"
  cp "$work/said" "$work/$name-with.yaml"
  if here kubernetes-validate; then
    for version in 1.29 1.33 1.37; do
      try "kubernetes-validate --strict, $version: $name" kubernetes-validate --strict -k "$version" "$work/$name.yaml"
    done
  else
    echo "skipped  kubernetes-validate is not here"
  fi
  if python3 -c 'import yaml' 2>/dev/null; then
    try "pods are held tightly, selectors meet, references are named in the README: $name, with and without the component" \
      python3 - "$work/$name.yaml" "$work/$name-with.yaml" <<'PYTHON'
import sys, yaml

readme = open("README.md", encoding="utf-8").read()
wrong = []
for file in sys.argv[1:]:
    things = [t for t in yaml.safe_load_all(open(file, encoding="utf-8")) if t]
    pods = []
    for t in things:
        kind, name, spec = t["kind"], t["metadata"]["name"], t.get("spec", {})
        if kind != "Namespace" and t["metadata"].get("namespace") != "concord":
            wrong.append(f"{kind} {name} is not in the namespace")
        if kind in ("StatefulSet", "Deployment", "Job"):
            template = spec["template"]
        elif kind == "CronJob":
            template = spec["jobTemplate"]["spec"]["template"]
        else:
            continue
        pods.append((name, template["metadata"]["labels"], template["spec"]))
    known = {k: {t["metadata"]["name"] for t in things if t["kind"] == k} for k in ("ConfigMap", "Secret", "PersistentVolumeClaim")}
    ports = {}
    for name, labels, pod in pods:
        security = pod["securityContext"]
        if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            wrong.append(f"{name}: the pod is not restricted")
        if pod.get("automountServiceAccountToken") is not False or pod.get("hostNetwork") or pod.get("hostPID"):
            wrong.append(f"{name}: the pod sees more than it needs")
        volumes = {v["name"]: v for v in pod.get("volumes", [])}
        claims = [c["metadata"]["name"] for t in things if t["kind"] == "StatefulSet" and t["metadata"]["name"] == name for c in t["spec"].get("volumeClaimTemplates", [])]
        for container in pod.get("initContainers", []) + pod["containers"]:
            held = container.get("securityContext", {})
            if held.get("allowPrivilegeEscalation") is not False or held.get("capabilities") != {"drop": ["ALL"]} or not held.get("readOnlyRootFilesystem"):
                wrong.append(f"{name}/{container['name']} is not restricted")
            if "memory" not in container.get("resources", {}).get("limits", {}) or "requests" not in container["resources"]:
                wrong.append(f"{name}/{container['name']} has no limits")
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes and mount["name"] not in claims:
                    wrong.append(f"{name}/{container['name']}: there is no volume {mount['name']}")
            named = {p["name"] for p in container.get("ports", [])}
            ports.setdefault(frozenset(labels.items()), {}).update({p["name"]: p["containerPort"] for p in container.get("ports", [])})
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                for way in ("httpGet", "tcpSocket"):
                    port = container.get(probe, {}).get(way, {}).get("port")
                    if port is not None and port not in named:
                        wrong.append(f"{name}/{container['name']}: {probe} asks port {port}, which it does not have")
        for volume in volumes.values():
            sources = volume.get("projected", {}).get("sources", [volume])
            for source in sources:
                for kind, key, field in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName"), ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName")):
                    if key in source:
                        referred = source[key].get(field) or source[key].get("name")
                        if referred not in known[kind] and f"`{referred}`" not in readme:
                            wrong.append(f"{name}: the {kind} {referred} is neither here nor in the README")

    def met(selector):
        return [labels for _, labels, _ in pods if selector.items() <= labels.items()]

    for t in things:
        kind, name, spec = t["kind"], t["metadata"]["name"], t.get("spec", {})
        selectors = []
        if kind == "Service":
            selectors = [spec["selector"]]
            for port in spec["ports"]:
                if not any(port["targetPort"] in ports.get(frozenset(l.items()), {}) for l in met(spec["selector"])):
                    wrong.append(f"Service {name}: no pod has the port {port['targetPort']}")
        elif kind == "PodDisruptionBudget":
            selectors = [spec["selector"]["matchLabels"]]
        elif kind == "NetworkPolicy":
            selectors = [spec["podSelector"].get("matchLabels", {})]
            for rule in spec.get("ingress", []) + spec.get("egress", []):
                if not rule.get("ports") or not (rule.get("from") or rule.get("to")):
                    wrong.append(f"NetworkPolicy {name} allows everything")
                for peer in rule.get("from", []) + rule.get("to", []):
                    if "podSelector" in peer and "namespaceSelector" not in peer:
                        selectors.append(peer["podSelector"]["matchLabels"])
        for selector in selectors:
            if not met(selector):
                wrong.append(f"{kind} {name}: {selector} meets no pod")
print("\n".join(sorted(set(wrong))))
sys.exit(bool(wrong))
PYTHON
  else
    echo "skipped  python3 with yaml is not here"
  fi
done
exit "$failed"
