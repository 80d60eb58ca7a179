#!/usr/bin/env bash
# Sets up Datadog for the audit trail: pipeline, index, monitors, Cloud SIEM rules and dashboards. Run it once: a second run
# creates duplicate monitors, rules and dashboards. Facets and the archive need manual steps (README.md).
#
#   MCP_DATADOG_SITE               datadoghq.com, datadoghq.eu, …
#   MCP_DATADOG_API_KEY_FILE       file with an API key
#   MCP_DATADOG_APP_KEY_FILE       file with an application key of a user with the necessary permissions
#   MCP_DATADOG_SKIP               folders to skip, such as "rules" without Cloud SIEM
#   MCP_DATADOG_API                URL of the API, if it is not https://api.<site>
set -euo pipefail

fail() {
  echo "apply.sh: $1" >&2
  exit 1
}
key_in() {
  [[ -n "${!1:-}" ]] || fail "$1 is not set: a file with $2"
  [[ -s "${!1}" ]] || fail "$1: ${!1} is missing or empty"
  tr -d '[:space:]' <"${!1}"
}
[[ -n "${MCP_DATADOG_SITE:-}" ]] || fail 'MCP_DATADOG_SITE is not set: the site of your organisation, such as datadoghq.com'
api_key="$(key_in MCP_DATADOG_API_KEY_FILE 'an API key')"
app_key="$(key_in MCP_DATADOG_APP_KEY_FILE 'an application key')"
api="${MCP_DATADOG_API:-https://api.$MCP_DATADOG_SITE}"
cd "$(dirname "${BASH_SOURCE[0]}")"

# The keys go through a file descriptor, because every user on the machine can see program arguments.
post() {
  local path="$1" file="$2" answer
  answer="$(curl --silent --show-error --fail-with-body \
    --config <(printf 'header = "DD-API-KEY: %s"\nheader = "DD-APPLICATION-KEY: %s"\n' "$api_key" "$app_key") \
    --header 'Content-Type: application/json' --data-binary "@$file" "$api/$path")" || fail "$file: ${answer:-no answer}"
  printf '%s' "$answer"
}
post_all() {
  local path="$1" folder="$2" file
  if [[ " ${MCP_DATADOG_SKIP:-} " == *" $folder "* ]]; then
    echo "$folder: skipped"
    return
  fi
  for file in "$folder"/*.json; do
    post "$path" "$file" >/dev/null
    echo "$file"
  done
}

post_all api/v1/logs/config/pipelines pipelines
post_all api/v1/logs/config/indexes indexes
post_all api/v2/security_monitoring/rules rules
post_all api/v1/dashboard dashboards

# The composite monitor refers to the others by id.
composite="$(<monitors/composite/trail-silent.json)"
for file in monitors/*.json; do
  answer="$(post api/v1/monitor "$file")"
  id="$(grep -o '"id": *[0-9]\{1,\}' <<<"$answer" | head -n 1 | tr -dc '0-9' || true)"
  [[ -n "$id" ]] || fail "$file: the response contains no id"
  composite="${composite//"{$(basename "$file" .json)}"/$id}"
  echo "$file"
done
post api/v1/monitor <(printf '%s' "$composite") >/dev/null
echo monitors/composite/trail-silent.json
