#!/usr/bin/env bash
# Applies everything in order and waits until Gatehouse is ready. The first
# administrator's password is shown once, in the log of the pod that started first.
set -euo pipefail
cd "$(dirname "$0")"

kubectl apply -f namespace.yaml

if grep -v '^ *#' secret.yaml | grep -q REPLACE_ME; then
  if ! kubectl --namespace gatehouse get secret gatehouse >/dev/null 2>&1; then
    echo "secret.yaml still says REPLACE_ME, and there is no secret named gatehouse yet. Fill it in, or run:" >&2
    echo "  kubectl --namespace gatehouse create secret generic gatehouse --from-literal=DATABASE_URL=… --from-literal=REDIS_URL=… --from-literal=GATEHOUSE_MASTER_KEY=\$(openssl rand -hex 32)" >&2
    exit 1
  fi
else
  kubectl apply -f secret.yaml
fi

for part in service ingress deployment; do
  kubectl apply -f "$part.yaml"
done
kubectl --namespace gatehouse rollout status deployment/gatehouse --timeout=180s
kubectl --namespace gatehouse get ingress gatehouse
