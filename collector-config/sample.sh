#!/bin/sh
# Sends the span and the audit record of one tool call, to check where they arrive: sh sample.sh [ADDRESS]
set -eu
otlp="${1:-http://127.0.0.1:4318}"

seconds="$(date +%s)"
nanos="${seconds}000000000"
time="$(date -u +%Y-%m-%dT%H:%M:%S).000000000Z"
trace="$(openssl rand -hex 16)"
span="$(openssl rand -hex 8)"
# A version 7 UUID begins with the time in milliseconds.
uuid() {
  printf '%012x%s' "${seconds}000" "$(openssl rand -hex 8)" |
    sed -E 's/^(.{8})(.{4})(.{3})(.{3})(.{10}).*/\1-\2-7\3-8\4-\500/'
}
record="$(uuid)"
chain="$(uuid)"
# The first record of a chain has the hash of nothing.
previous="$(printf '' | openssl dgst -sha256 -r | cut -c1-64)"

text() { printf '{"key":"%s","value":{"stringValue":"%s"}}' "$1" "$2"; }
post() {
  answer="$(curl -sS --fail-with-body "$otlp$1" -H 'content-type: application/json' --data-binary @-)"
  printf '%-11s%s\n' "$1" "$answer"
}

# The body of an audit record is a JSON string. Attributes repeat its fields; here, only those that the README's commands query.
post /v1/logs <<END
{"resourceLogs": [{
  "resource": {"attributes": [$(text service.name sample)]},
  "scopeLogs": [{"scope": {"name": "mcp-trail"}, "logRecords": [{
    "timeUnixNano": "$nanos", "severityNumber": 9, "severityText": "INFO",
    "eventName": "mcp_audit.response", "traceId": "$trace", "spanId": "$span",
    "body": {"stringValue": "{\"audit.action\":\"EXECUTE\",\"audit.actor.id\":\"alice\",\"audit.actor.type\":\"user\",\"audit.outcome\":\"success\",\"audit.prev.hash\":\"$previous\",\"audit.record.id\":\"$record\",\"audit.schema.version\":\"1.3.0\",\"audit.sequence.number\":1,\"event_name\":\"mcp_audit.response\",\"gen_ai.tool.name\":\"get_forecast\",\"mcp.method.name\":\"tools/call\",\"mcp_audit.actor.source\":\"hook\",\"mcp_audit.chain.id\":\"$chain\",\"mcp_audit.correlation.id\":\"$trace\",\"mcp_audit.duration_ms\":5,\"mcp_audit.side\":\"server\",\"mcp_audit.status\":\"ok\",\"observed_time\":\"$time\",\"severity_number\":9,\"severity_text\":\"INFO\",\"time\":\"$time\"}"},
    "attributes": [
      $(text audit.record.id "$record"), $(text audit.actor.id alice), $(text audit.outcome success),
      $(text mcp.method.name tools/call), $(text gen_ai.tool.name get_forecast), $(text mcp_audit.side server),
      $(text mcp_audit.correlation.id "$trace")
    ]
  }]}]
}]}
END

post /v1/traces <<END
{"resourceSpans": [{
  "resource": {"attributes": [$(text service.name sample)]},
  "scopeSpans": [{"scope": {"name": "mcp-trail"}, "spans": [{
    "traceId": "$trace", "spanId": "$span", "name": "tools/call get_forecast", "kind": 2,
    "startTimeUnixNano": "$nanos", "endTimeUnixNano": "${seconds}005000000",
    "attributes": [$(text mcp.method.name tools/call), $(text gen_ai.tool.name get_forecast)]
  }]}]
}]}
END
echo "trace      $trace"
