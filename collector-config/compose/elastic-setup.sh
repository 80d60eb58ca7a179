#!/usr/bin/env bash
# For compose.elastic.yaml: gives Kibana its password, and elastic/install.sh a key to work with. It can be run again.
set -euo pipefail

# Passwords go through file descriptors: arguments of a program can be seen by everybody on the machine.
elastic() {
  curl --silent --show-error --fail-with-body --config <(printf 'user = "elastic:%s"\n' "$(<"$MCP_ELASTIC_PASSWORD_FILE")") \
    --header 'Content-Type: application/json' --data-binary "$2" "$MCP_ELASTIC_ENDPOINT/$1"
}

elastic _security/user/kibana_system/_password @<(printf '{"password":"%s"}' "$(<"$MCP_KIBANA_PASSWORD_FILE")")

# For an hour: nobody has to keep a key that may do everything.
answer="$(elastic _security/api_key '{"name":"mcp-trail-setup","expiration":"1h"}')"
MCP_ELASTIC_ADMIN_API_KEY_FILE="$(mktemp)"
export MCP_ELASTIC_ADMIN_API_KEY_FILE
sed -n 's/.*"encoded" *: *"\([^"]*\)".*/\1/p' <<<"$answer" >"$MCP_ELASTIC_ADMIN_API_KEY_FILE"
bash "$(dirname "$0")/../elastic/install.sh"
