/** Runs a client that starts a server, and checks the spans of both. */
import assert from 'node:assert/strict';
import { startNode } from '../demo/child.mjs';
import { startOtlpReceiver } from '../support/otlp-receiver.mjs';

const TIME_LIMIT_MS = 120_000;

/**
 * Resolves with a summary if each operation is a client span of the service `agent` with a server span of another process
 * below it; rejects with the first problem.
 *
 * @param {(exporter: Record<string, string>) => { args: string[], env: Record<string, string> }} client arguments of
 *   `node`, and variables beside the exporter's
 * @param {{ prints: string, service: string, operations: string[] }} expected what the client prints, the name of the
 *   server's service, and the names of all spans
 */
export async function checkTracedRun(client, { prints, service, operations }) {
  const receiver = await startOtlpReceiver();
  try {
    const exporter = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    const { args, env } = client(exporter);
    const printed = await run(args, { ...inheritedEnvironment(), ...exporter, ...env });
    assert.equal(printed, `${prints}\n`, 'the client prints something else than without telemetry');
    await receiver.waitFor(({ spans }) => spans.length >= 2 * operations.length, {
      what: `${operations.length} operations from both processes`,
      timeoutMs: 30_000, // Ended processes have sent everything.
    });
    checkSpans(receiver.spans, service, operations);
    return `${operations.length} operations, each one trace over two processes`;
  } finally {
    await receiver.close();
  }
}

function checkSpans(spans, service, operations) {
  const find = (name, kind, from) =>
    spans.find((span) => span.name === name && span.kind === kind && span.resource['service.name'] === from);
  for (const name of operations) {
    const sent = find(name, 'CLIENT', 'agent');
    const received = find(name, 'SERVER', service);
    assert(sent, `${name}: no span of the client`);
    assert(received, `${name}: no span of the server`);
    assert.equal(received.traceId, sent.traceId, `${name}: two traces`);
    assert.equal(received.parentSpanId, sent.spanId, `${name}: the server's span is not below the client's`);
    for (const { scope } of [sent, received]) assert.equal(scope.name, 'mcp-trail');
  }
  assert.equal(spans.length, 2 * operations.length, `other spans: ${spans.map(({ name }) => name).join(', ')}`);
}

/** The client's output. */
async function run(args, env) {
  const client = startNode('client', args, env);
  const timer = setTimeout(client.kill, TIME_LIMIT_MS);
  process.once('exit', client.kill);
  const { code, signal } = await client.closed;
  clearTimeout(timer);
  process.off('exit', client.kill);
  if (code !== 0) throw new Error(`the client ended with ${signal ?? `code ${code}`}\n${client.output.stderr}`);
  return client.output.stdout;
}

/** The environment without other OpenTelemetry settings. */
function inheritedEnvironment() {
  const foreign = /^(OTEL_|MCP_TRAIL_|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
