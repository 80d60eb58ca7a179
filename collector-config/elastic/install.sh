#!/usr/bin/env bash
# Sets up Elasticsearch for the Collector's `backends/elastic.yaml`, and Kibana with rules and dashboards. Safe to run again.
#
#   MCP_ELASTIC_ENDPOINT             https://elasticsearch.example.com:9200
#   MCP_ELASTIC_USER                 a user with the necessary privileges, such as elastic
#   MCP_ELASTIC_PASSWORD_FILE        file with the password
#   MCP_ELASTIC_API_KEY_FILE         where to write the Collector's key; an existing key is kept
#   MCP_KIBANA_ENDPOINT              https://kibana.example.com:5601; if unset, rules and dashboards are skipped
#   MCP_ELASTIC_CA_FILE              private CA certificate, if any
#
# Requires a user, not an API key: an API key cannot create another key with privileges, and rules imported with an API key
# stop when it expires.
set -euo pipefail

fail() {
  echo "install.sh: $1" >&2
  exit 1
}
needed() {
  [[ -n "${!1:-}" ]] || fail "$1 is not set: $2"
}
needed MCP_ELASTIC_ENDPOINT 'the URL of Elasticsearch'
needed MCP_ELASTIC_USER 'a user who can manage templates, policies, roles and API keys'
needed MCP_ELASTIC_PASSWORD_FILE 'the file with the password of that user'
needed MCP_ELASTIC_API_KEY_FILE "the file to write the Collector's API key to"
[[ -s "$MCP_ELASTIC_PASSWORD_FILE" ]] || fail "MCP_ELASTIC_PASSWORD_FILE: $MCP_ELASTIC_PASSWORD_FILE is missing or empty"

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
elasticsearch="${MCP_ELASTIC_ENDPOINT%/}"
credentials="$(printf '%s:%s' "$MCP_ELASTIC_USER" "$(<"$MCP_ELASTIC_PASSWORD_FILE")" | base64 | tr -d '\n')"
# Relative paths are the caller's, even after the `cd` below.
absolute() { case "$1" in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
tls=(${MCP_ELASTIC_CA_FILE:+--cacert "$(absolute "$MCP_ELASTIC_CA_FILE")"})
key_file="$(absolute "$MCP_ELASTIC_API_KEY_FILE")"

# The password goes through a file descriptor, because every user on the machine can see program arguments.
request() {
  local method="$1" url="$2" answer
  shift 2
  answer="$(curl --silent --show-error --fail-with-body ${tls[@]+"${tls[@]}"} \
    --config <(printf 'header = "Authorization: Basic %s"\n' "$credentials") --request "$method" "$url" "$@")" ||
    fail "$method $url: ${answer:-no answer}"
  printf '%s' "$answer"
}
put() {
  request PUT "$elasticsearch/$1" --header 'Content-Type: application/json' --data-binary "@$here/$2" >/dev/null
  echo "$1"
}
name_of() { basename "$1" .json; }

# In order of dependency: policies, component templates, index templates; all before the first record.
cd "$here"
for file in ilm/*.json; do put "_ilm/policy/$(name_of "$file")" "$file"; done
for file in component-templates/*.json; do put "_component_template/$(name_of "$file")" "$file"; done
for file in index-templates/*.json; do put "_index_template/$(name_of "$file")" "$file"; done
for role in mcp-audit-reader mcp-audit-eraser; do put "_security/role/$role" "security/$role.json"; done

if [[ -s "$key_file" ]]; then
  echo "MCP_ELASTIC_API_KEY_FILE: kept the key in $key_file"
else
  created="$(request POST "$elasticsearch/_security/api_key" --header 'Content-Type: application/json' --data-binary '@security/writer-api-key.json')"
  key="$(sed -n 's/.*"encoded" *: *"\([^"]*\)".*/\1/p' <<<"$created")"
  [[ -n "$key" ]] || fail '_security/api_key: the response contains no key'
  (umask 077 && printf '%s' "$key" >"$key_file")
  echo "MCP_ELASTIC_API_KEY_FILE: wrote the Collector's key to $key_file"
fi

if [[ -z "${MCP_KIBANA_ENDPOINT:-}" ]]; then
  echo 'MCP_KIBANA_ENDPOINT is not set: skipped rules and dashboards'
  exit 0
fi
kibana="${MCP_KIBANA_ENDPOINT%/}"
import() {
  local answer
  answer="$(request POST "$kibana/$1?overwrite=true" --header 'kbn-xsrf: true' --form "file=@$2;type=application/ndjson")"
  # Kibana answers 200 even if it skipped objects; only the body tells.
  [[ "$answer" == *'"success":true'* ]] || fail "$2: $answer"
  echo "$2"
}
for file in rules/*.ndjson; do import api/detection_engine/rules/_import "$file"; done
for file in dashboards/*.ndjson; do import api/saved_objects/_import "$file"; done
