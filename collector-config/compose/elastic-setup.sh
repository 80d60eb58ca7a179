#!/usr/bin/env bash
# For compose.elastic.yaml: sets Kibana's password, then runs install.sh. Safe to run again.
set -euo pipefail

# Passwords go through file descriptors, because every user on the machine can see program arguments.
credentials="$(printf '%s:%s' "$MCP_ELASTIC_USER" "$(<"$MCP_ELASTIC_PASSWORD_FILE")" | base64 | tr -d '\n')"
curl --silent --show-error --fail-with-body --request POST "$MCP_ELASTIC_ENDPOINT/_security/user/kibana_system/_password" \
  --config <(printf 'header = "Authorization: Basic %s"\n' "$credentials") --header 'Content-Type: application/json' \
  --data-binary @<(printf '{"password":"%s"}' "$(<"$MCP_KIBANA_PASSWORD_FILE")")

bash "$(dirname "$0")/../elastic/install.sh"
