/** Checks the telemetry of an application run, in every cell. */
import assert from 'node:assert/strict';
import { runtimes } from './axes.mjs';

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;
const bounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

const service = (item) => item.resource['service.name'];

/** The only matching item: none is a gap, two are a duplicate. */
function only(items, what, fits) {
  const found = items.filter(fits);
  assert.equal(found.length, 1, `${found.length} × ${what}, expected one`);
  return found[0];
}

const brief = (span) => `${service(span)} ${span.scope.name} kind ${span.kind} "${span.name}"`;

/** One line per span, for failure messages. */
export const listSpans = (spans) =>
  spans
    .map((span) => `  ${brief(span)} ${span.spanId} in ${span.parentSpanId || 'none'} of ${span.traceId}`)
    .join('\n');

function finder(spans) {
  return (serviceName, kind, name) =>
    only(
      spans,
      `${serviceName} kind ${kind} "${name}"`,
      (span) => service(span) === serviceName && span.kind === kind && span.name === name,
    );
}

function checkChild(child, parent) {
  assert.equal(child.traceId, parent.traceId, `${brief(child)} is in another trace than ${brief(parent)}`);
  assert.equal(child.parentSpanId, parent.spanId, `${brief(child)} is not a child of ${brief(parent)}`);
}

/** Attributes with a known value per cell; `undefined` means that the attribute must be absent. */
function checkAttributes(span, expected) {
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(span.attributes[name], value, `${name} of ${brief(span)}`);
  }
}

/** Revision 2026-07-28 has no sessions and no server-to-client requests. */
export const isModern = ({ transport }) => transport.endsWith('-modern');

const seesRequests = ({ node }) => runtimes[node]?.seesRequests !== false;

/** Cells whose SDK is started, and so flushed, by `mcp-trail/register`. */
const startedByUs = ({ start }) => ['register', 'propagate', 'register-exit'].includes(start);

/** Attributes on both sides of a call. */
function expectedAttributes(cell, tool) {
  const http = cell.wire === 'http';
  return {
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': tool,
    'gen_ai.operation.name': 'execute_tool',
    'network.transport': http ? 'tcp' : 'pipe',
    'network.protocol.name': http ? 'http' : undefined,
    'error.type': tool === 'fail' ? 'tool_error' : undefined,
  };
}

/** Types of attributes with unpredictable values. */
function expectedTypes(cell) {
  const http = cell.wire === 'http';
  return {
    both: { 'jsonrpc.request.id': 'string', 'mcp.session.id': http && !isModern(cell) ? 'string' : 'undefined' },
    client: { 'server.port': http ? 'number' : 'undefined' },
    server: { 'client.port': http && seesRequests(cell) ? 'number' : 'undefined' },
  };
}

function checkTypes(span, expected) {
  for (const [name, type] of Object.entries(expected)) {
    assert.equal(typeof span.attributes[name], type, `type of ${name} of ${brief(span)}`);
  }
}

function checkToolCall({ cell, find, agent, tool }) {
  const client = find('matrix-client', CLIENT, `tools/call ${tool}`);
  const server = find('matrix-server', SERVER, `tools/call ${tool}`);
  checkChild(client, agent);
  checkChild(server, client);

  const types = expectedTypes(cell);
  for (const span of [client, server]) {
    checkAttributes(span, expectedAttributes(cell, tool));
    checkTypes(span, types.both);
    assert.equal(span.status?.code ?? 0, tool === 'fail' ? ERROR : 0, `status of ${brief(span)}`);
    assert.equal(span.status?.message ?? '', '', `status text of ${brief(span)}`);
    const version = isModern(cell) ? /^2026-07-28$/ : /^202[45]-\d\d-\d\d$/;
    assert.match(String(span.attributes['mcp.protocol.version']), version, `mcp.protocol.version of ${brief(span)}`);
  }
  for (const name of ['jsonrpc.request.id', 'mcp.protocol.version', 'mcp.session.id']) {
    assert.equal(client.attributes[name], server.attributes[name], `${name} differs between the two sides of ${tool}`);
  }
  const peer = cell.wire === 'http' ? '127.0.0.1' : undefined;
  checkAttributes(client, { 'server.address': peer });
  checkAttributes(server, { 'client.address': seesRequests(cell) ? peer : undefined });
  checkTypes(client, types.client);
  checkTypes(server, types.server);
  return server;
}

/**
 * @param {{ spans: any[] }} received
 * @param {{ transport: string, wire: string, start: string }} cell
 * @param {string[]} tools the tools that the client has called
 * @param {string} version of the package, which is the version of its scope
 */
export function checkSpans({ spans }, cell, tools, version) {
  const find = finder(spans);
  const agent = find('matrix-client', 1, 'agent');
  const handling = Object.fromEntries(tools.map((tool) => [tool, checkToolCall({ cell, find, agent, tool })]));
  checkChild(find('matrix-server', 1, 'work'), handling.add);
  if (handling.ask) {
    const asking = find('matrix-server', CLIENT, 'sampling/createMessage');
    checkChild(asking, handling.ask);
    checkChild(find('matrix-client', SERVER, 'sampling/createMessage'), asking);
  }
  for (const span of spans.filter(({ scope }) => scope.name !== 'matrix')) {
    assert.equal(span.scope.name, 'mcp-trail', `scope of ${brief(span)}`);
    assert.equal(span.scope.version, version, `scope version of ${brief(span)}`);
  }
  // The command line can contain secrets, and the SDK's own detector would add it.
  for (const { resource } of startedByUs(cell) ? spans : []) {
    const told = Object.keys(resource).filter((name) => /^process\.command_(args|line)$/.test(name));
    assert.deepEqual(told, [], 'the command line is in the resource');
  }
}

/** Exports of a cumulative metric repeat its points; the highest count per attribute set is the latest. */
function countOf(metrics, serviceName, name, fits) {
  const exports = metrics.filter((metric) => service(metric) === serviceName && metric.name === name);
  assert.ok(exports.length > 0, `${serviceName} exported no ${name}`);
  for (const { unit, points } of exports) {
    assert.equal(unit, 's', `unit of ${name}`);
    for (const { explicitBounds } of points) assert.deepEqual(explicitBounds, bounds, `bounds of ${name}`);
  }
  return Math.max(0, ...exports.flatMap(({ points }) => points.filter(fits).map(({ count }) => Number(count))));
}

/** Spans in flight at process exit can arrive twice. */
export function withoutCopies({ spans, logs, ...rest }) {
  const once = (items, idOf) => [...new Map(items.map((item) => [idOf(item), item])).values()];
  return {
    ...rest,
    spans: once(spans, ({ spanId }) => spanId),
    logs: once(logs, ({ attributes }) => attributes['log.record.uid'] ?? {}),
  };
}

/** Both sides count every tool call once, with its error type; the client counts its session, if there is one. */
export function checkMetrics({ metrics }, cell, tools) {
  for (const side of ['client', 'server']) {
    for (const tool of tools) {
      const count = countOf(metrics, `matrix-${side}`, `mcp.${side}.operation.duration`, ({ attributes }) => {
        const { 'mcp.method.name': method, 'gen_ai.tool.name': name, 'error.type': error } = attributes;
        return method === 'tools/call' && name === tool && error === (tool === 'fail' ? 'tool_error' : undefined);
      });
      assert.equal(count, 1, `mcp.${side}.operation.duration of ${tool}`);
    }
  }
  if (isModern(cell)) return;
  const sessions = countOf(metrics, 'matrix-client', 'mcp.client.session.duration', () => true);
  assert.equal(sessions, 1, 'mcp.client.session.duration');
}
