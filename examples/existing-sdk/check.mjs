/** Runs the application with a traced and an untraced caller and checks their telemetry. Exits with code 1 if a check fails. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startNode } from '../demo/child.mjs';
import { startOtlpReceiver } from '../support/otlp-receiver.mjs';
import { installApplication } from './install.mjs';

const TIME_LIMIT_MS = 120_000;
const CALL = { name: 'count_items', arguments: { item: 'apples' } };
const ANSWER = '3 apples in stock';

if (!existsSync(new URL('../../dist/esm/index.js', import.meta.url))) {
  console.error('mcp-trail is not built: run `npm run build` first');
  process.exit(1);
}
const children = [];
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-existing-sdk-'));
process.once('exit', () => {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
});
const receiver = await startOtlpReceiver();
try {
  await installApplication(folder);
  await checkInstalled();
  console.log('ok      installed beside OpenTelemetry 2.x, with one copy of its API');

  const server = start('stock', 'server.mjs');
  const url = await server.firstLine();
  await callWithAgent(url);
  await callUntraced(url);
  await server.stop(); // A stopped process has sent everything.
  for (const check of [checkTracedCall, checkUntracedCall, checkAudit]) console.log(`ok      ${check(receiver)}`);
} catch (error) {
  console.log(`failed  ${error.message}`);
  for (const { name, output } of children) if (output.stderr) console.log(`${name}: ${output.stderr}`);
  process.exitCode = 1;
} finally {
  await Promise.all(children.map((child) => child.stop()));
  await receiver.close();
}

async function checkInstalled() {
  const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
  const apis = Object.keys(packages).filter((path) => path.endsWith('node_modules/@opentelemetry/api'));
  assert.deepEqual(apis, ['node_modules/@opentelemetry/api'], 'expected exactly one copy of @opentelemetry/api');
}

/** The agent runs with the same telemetry file as the server, so its call carries a trace context. */
async function callWithAgent(url) {
  const agent = start('agent', 'agent.mjs', url);
  const { code, signal } = await agent.closed;
  assert.equal(code, 0, `the agent ended with ${signal ?? `code ${code}`}`);
  assert.equal(agent.output.stdout, `${ANSWER}\n`);
}

/** The same call from a program without OpenTelemetry and without `_meta`. */
async function callUntraced(url) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 'untraced', method: 'tools/call', params: CALL }),
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  const { result } = await response.json();
  assert.equal(result.content[0].text, ANSWER);
}

/** The caller's span is the parent; a link leads to the HTTP request of the call. */
function checkTracedCall({ spans, logs }) {
  const call = find(spans, "the agent's call", isToolCall('agent', 'CLIENT'));
  const served = find(spans, "below the agent's call", (span) => span.parentSpanId === call.spanId);
  assert.equal(served.traceId, call.traceId);
  assert.equal(served.links.length, 1, 'expected exactly one link on the server span of the traced call');
  assert.notEqual(served.links[0].traceId, call.traceId, 'the link stays in its own trace');
  checkHttpRequest(spans, served.links[0].spanId);
  checkServed(served, logs);
  return "traced call: below the agent's span, linked to the HTTP request, client.address set, log record in the trace";
}

/** Without a context in the call, the HTTP request is the parent. */
function checkUntracedCall({ spans, logs }) {
  const served = find(
    spans,
    'the untraced call',
    (span) => isToolCall('stock', 'SERVER')(span) && span.attributes['jsonrpc.request.id'] === 'untraced',
  );
  assert.deepEqual(served.links, [], 'the untraced call has links');
  const http = checkHttpRequest(spans, served.parentSpanId);
  assert.equal(http.traceId, served.traceId);
  checkServed(served, logs);
  return 'untraced call: below the HTTP request, client.address set, log record in the trace';
}

/** The span is the one of the Express handler, below the HTTP server span. */
function checkHttpRequest(spans, spanId) {
  const handler = find(spans, 'the Express handler', (span) => span.spanId === spanId);
  assert.equal(handler.scope.name, '@opentelemetry/instrumentation-express');
  const http = find(spans, 'the HTTP request', (span) => span.spanId === handler.parentSpanId);
  assert.equal(http.scope.name, '@opentelemetry/instrumentation-http');
  assert.equal(`${http.kind} ${http.name}`, 'SERVER POST /mcp');
  return http;
}

function checkServed(span, logs) {
  assert(isToolCall('stock', 'SERVER')(span), `${span.name} is not the tool call`);
  assert.equal(span.attributes['client.address'], '127.0.0.1');
  assert.equal(typeof span.attributes['client.port'], 'number');
  const records = logs.filter((record) => record.spanId === span.spanId && record.scope.name === 'stock');
  assert.deepEqual(
    records.map(({ body }) => body),
    ['counting'],
    'the log record of the tool is not in its span',
  );
}

/** Audit records from the application's LoggerProvider, which also has its own log records. */
function checkAudit({ spans, logs }) {
  const audit = logs
    .filter((log) => log.scope.name === 'mcp-trail')
    .map((log) => ({ log, record: JSON.parse(log.body), event: log.eventName.replace('mcp_audit.', '') }));
  for (const { log, record } of audit) {
    assert.equal(log.attributes['log.record.uid'], record['audit.record.id']);
    assert.equal(log.resource['service.name'], record['service.name']);
    assert.equal(log.spanId, record.span_id ?? '');
  }
  const calls = spans.filter(
    (span) => span.name === 'tools/call count_items' && ['CLIENT', 'SERVER'].includes(span.kind),
  );
  assert.equal(calls.length, 3, 'expected three spans of tool calls');
  for (const { spanId, traceId, resource } of calls) {
    const pair = audit.filter(({ log }) => log.spanId === spanId);
    const service = resource['service.name'];
    assert.deepEqual(pair.map(({ event }) => event).sort(), ['request', 'response'], `audit records of ${service}`);
    const [before, after] = pair.map(({ record }) => record);
    assert.equal(before['mcp_audit.operation.id'], after['mcp_audit.operation.id']);
    assert.equal(after['mcp_audit.status'], 'ok');
    for (const record of [before, after]) assert.equal(record['mcp_audit.correlation.id'], traceId);
  }
  for (const service of ['agent', 'stock']) {
    const events = audit.filter(({ record }) => record['service.name'] === service).map(({ event }) => event);
    assert.deepEqual([events[0], events.at(-1)], ['started', 'stopped'], `the ends of the audit trail of ${service}`);
  }
  return 'audit: a record before and after each call, on both sides, in the trace; both trails begin and end';
}

function isToolCall(service, kind) {
  return (span) =>
    span.resource['service.name'] === service && span.kind === kind && span.name === 'tools/call count_items';
}

/** The only matching span. */
function find(spans, what, predicate) {
  const found = spans.filter(predicate);
  assert.equal(found.length, 1, `${found.length} spans, not one: ${what}`);
  return found[0];
}

/** Starts a file of the application with its telemetry. */
function start(service, file, ...args) {
  const foreign = /^(OTEL_|MCP_TRAIL_|NODE_OPTIONS$)/;
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const child = startNode(
    service,
    ['--import', pathToFileURL(join(folder, 'telemetry.mjs')).href, join(folder, file), ...args],
    {
      ...Object.fromEntries(inherited),
      SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    },
  );
  children.push(child);
  setTimeout(child.kill, TIME_LIMIT_MS).unref();
  return child;
}
