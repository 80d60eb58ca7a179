/** Checks the audit trail of an application run, in every cell, through the LoggerProvider of its line. */
import assert from 'node:assert/strict';

const SERVER = 2;
const CLIENT = 3;

/** Audit records with their log records. */
function auditRecords(logs, version) {
  return logs
    .filter(({ scope }) => scope.name === 'mcp-trail')
    .map((log) => {
      assert.equal(log.scope.version, version, 'version of the scope of an audit record');
      const record = JSON.parse(log.body);
      assert.equal(log.eventName, record.event_name);
      assert.equal(log.severityNumber, record.severity_number);
      assert.equal(log.attributes['log.record.uid'], record['audit.record.id']);
      assert.equal(log.attributes['audit.actor.id'], record['audit.actor.id']);
      assert.equal(log.resource['service.name'], record['service.name']);
      return { log, record, event: record.event_name.replace('mcp_audit.', '') };
    });
}

/** An SDK that its application shuts down on SIGTERM accepts no last records. */
const NO_MORE = /^mcp-trail: audit records are lost: the OpenTelemetry logger no longer accepts them\..*\n$/;

/** Stderr is empty unless the last records are lost. */
export function checkStderr({ logs }, stderr) {
  const stopped = logs.filter(({ eventName }) => eventName === 'mcp_audit.stopped');
  const services = new Set(stopped.map(({ resource }) => resource['service.name']));
  if (services.size === 2) assert.equal(stderr, '', 'unexpected output on stderr');
  else assert.match(stderr, NO_MORE, 'an audit trail did not stop, and stderr does not explain why');
}

/** Each call has a request and a response record on both sides, in its span; each process has a start record and, unless its SDK was shut down before, a stop record. */
export function checkAudit({ logs, spans }, cell, tools, version) {
  const knowsUs = !['sdk-then-register', 'manual'].includes(cell.start);
  const audit = auditRecords(logs, version);
  for (const service of ['matrix-client', 'matrix-server']) {
    const own = audit.filter(({ record }) => record['service.name'] === service);
    const events = own.map(({ event }) => event);
    for (const event of knowsUs ? ['started', 'stopped'] : ['started']) {
      assert.ok(events.includes(event), `${service} has no record: ${event}`);
    }
    for (const tool of tools) {
      const kind = service === 'matrix-client' ? CLIENT : SERVER;
      const span = spans.find(
        (each) => each.resource['service.name'] === service && each.kind === kind && each.name === `tools/call ${tool}`,
      );
      const pair = own.filter(({ log }) => log.spanId === span.spanId && log.traceId === span.traceId);
      const what = `audit records of ${service} tools/call ${tool}`;
      assert.deepEqual(pair.map(({ event }) => event).sort(), ['request', 'response'], what);
      const [before, after] = pair.sort((a, b) => a.event.localeCompare(b.event)).map(({ record }) => record);
      assert.equal(before['mcp_audit.operation.id'], after['mcp_audit.operation.id'], what);
      assert.equal(after['mcp_audit.status'], tool === 'fail' ? 'tool_error' : 'ok', what);
      assert.deepEqual(
        [before, after].map((record) => record['mcp_audit.correlation.id']),
        [span.traceId, span.traceId],
      );
    }
  }
  const ids = new Set(audit.map(({ record }) => record['audit.record.id']));
  assert.equal(ids.size, audit.length, 'received an audit record twice');
}

/** One line per record, for failure messages. */
export const listAudit = (logs) =>
  logs
    .filter(({ scope }) => scope.name === 'mcp-trail')
    .map((log) => `  ${log.resource['service.name']} ${log.eventName} ${log.attributes['mcp.method.name'] ?? ''}`)
    .join('\n');
