/** `npm run demo`: starts three instrumented processes, then collects, prints and checks their telemetry and audit records. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { auditLines } from '../support/audit-lines.mjs';
import { startOtlpReceiver } from '../support/otlp-receiver.mjs';
import { waterfall } from '../support/waterfall.mjs';
import { startNode } from './child.mjs';
import { missing, PROTOCOLS, problems } from './expected.mjs';
import { auditRecords } from './expected-audit.mjs';

const AGENT_TIMEOUT_MS = 120_000;

const { values: options } = parseArgs({
  options: {
    audit: { type: 'string' },
    json: { type: 'string' },
    protocol: { type: 'string', default: '2025-11-25' },
  },
});
if (!PROTOCOLS.includes(options.protocol)) fail(`--protocol is one of ${PROTOCOLS.join(', ')}`);

const register = import.meta.resolve('mcp-trail/register');
if (!existsSync(fileURLToPath(register))) fail('mcp-trail is not built: run `npm run build` first');

const auditFolder =
  options.audit === undefined ? join(mkdtempSync(join(tmpdir(), 'mcp-trail-demo-')), 'audit') : resolve(options.audit);
mkdirSync(auditFolder, { recursive: true });

/** Elsewhere than the records: who can change those must not be able to sign them, or to shorten the checkpoints. */
const proofFolder = `${auditFolder}-proof`;
const proof = {
  key: join(proofFolder, 'key.jwk'),
  trust: join(proofFolder, 'trust.jwks'),
  checkpoints: join(proofFolder, 'checkpoints.jsonl'),
};
mkdirSync(proofFolder, { recursive: true, mode: 0o700 });
if (!existsSync(proof.key)) mcpTrail('keygen', proof.key, '--trust', proof.trust);

const collector = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const receiver = await startOtlpReceiver({ forwardTo: collector });
const hotel = await startHotel();
/** @type {ReturnType<typeof startNode>[]} */
const children = [];

/** @type {NodeJS.Signals | undefined} */
let interruptedBy;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    interruptedBy = signal;
    stopChildren();
  });
}
process.once('exit', () => {
  for (const child of children) child.kill();
});

/** @type {string[]} */
const found = [];
try {
  await runProcesses();
} catch (error) {
  found.push(error.message);
}
await stopChildren();
hotel.close();
hotel.closeAllConnections();
found.push(...problems(receiver, options.protocol));
const forwarded = await receiver.close();
if (interruptedBy) process.kill(process.pid, interruptedBy); // Our handler is gone, so the default applies.
if (forwarded?.failed) found.push(`${forwarded.failed} of the requests to ${collector} failed`);
if (options.json) await writeFile(options.json, `${JSON.stringify(receiver.spans, undefined, 2)}\n`);

report();

/** Starts the booking server first, because the others need its URL; the agent starts the travel server. */
async function runProcesses() {
  const booking = start('booking', { HOTEL_API_URL: hotel.url });
  const BOOKING_URL = await booking.firstLine();
  const agent = start('agent', {
    BOOKING_URL,
    DEMO_PROTOCOL: options.protocol,
    MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES: 'true',
  });
  const timer = setTimeout(() => agent.stop(), AGENT_TIMEOUT_MS);
  const { code, signal } = await agent.closed;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the agent ended with ${signal ?? `exit code ${code}`}`);
  await booking.stop(); // A stopped server has sent everything.
  await receiver.waitFor(() => missing(receiver, options.protocol).length === 0, {
    timeoutMs: 5_000,
    what: 'complete trace and audit trail',
  });
}

/**
 * @param {string} service
 * @param {Record<string, string>} env
 */
function start(service, env) {
  const file = { agent: 'agent.mjs', booking: 'booking-server.mjs' }[service];
  const child = startNode(service, ['--import', register, fileURLToPath(new URL(file, import.meta.url))], {
    ...inheritedEnvironment(),
    OTEL_SERVICE_NAME: service,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    MCP_TRAIL_AUDIT: 'otel,file',
    MCP_TRAIL_AUDIT_FILE: join(auditFolder, '{service}.jsonl'),
    MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: proof.key,
    MCP_TRAIL_AUDIT_CHECKPOINTS: proof.checkpoints,
    ...env,
  });
  children.push(child);
  return child;
}

/** The environment without other settings, which could redirect or drop telemetry and records. */
function inheritedEnvironment() {
  const foreign = /^(OTEL_|MCP_TRAIL_AUDIT|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** The plain HTTP service below the `find_rooms` tool. */
async function startHotel() {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end('{"free":3}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return Object.assign(server, { url: `http://127.0.0.1:${port}` });
}

/** Runs the command, as `npx mcp-trail` would, and returns what it printed. @param {string[]} args */
function mcpTrail(...args) {
  const command = fileURLToPath(new URL('../cjs/cli.js', register));
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
  if (status !== 0) fail(`mcp-trail ${args[0]} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

async function stopChildren() {
  await Promise.all(children.map((child) => child.stop()));
}

function report() {
  const { spans, logs } = receiver;
  const records = auditRecords(logs);
  const colour = process.stdout.isTTY && !process.env.NO_COLOR;
  console.log(
    'An agent, a stdio MCP server (SDK v2) and a Streamable HTTP MCP server (SDK v1), traced by mcp-trail:\n',
  );
  console.log(waterfall(spans, { colour }));
  const traces = new Set(spans.map(({ traceId }) => traceId)).size;
  const processes = new Set(spans.map(({ resource }) => resource['process.pid'] ?? resource['service.name'])).size;
  console.log(`\n${traces} ${traces === 1 ? 'trace' : 'traces'}, ${spans.length} spans, ${processes} processes`);
  console.log('\nAudit trail, sessions and tool results only:\n');
  console.log(auditLines(records.filter(isShown), { colour }));
  if (found.length > 0) {
    for (const { name, output } of children) {
      for (const line of output.stderr.split('\n').filter(Boolean)) console.error(`${name}: ${line}`);
    }
    fail(`The demo failed:\n${found.map((problem) => `- ${problem}`).join('\n')}`);
  }
  console.log(`\n${records.length} audit records; those of the trace in one timeline:`);
  console.log(`npx mcp-trail timeline ${spans[0].traceId} ${word(auditFolder)}/*.jsonl`);
  console.log(
    collector
      ? `Also sent to ${collector} (${forwarded?.sent} requests).`
      : 'To send this to a Collector: OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 npm run demo',
  );
  const verify = ['verify', auditFolder, '--trust', proof.trust, '--pin', proof.checkpoints];
  const verified = mcpTrail(...verify);
  console.log(`Were records changed or left out? npx mcp-trail ${verify.map(word).join(' ')}`);
  console.log(verified.trimEnd());
  console.log('Who called which tool, and how did it end?');
  console.log(`npx mcp-trail query ${word(auditFolder)} --method tools/call --side server`);
}

/** Whether to print a record. @param {Record<string, unknown>} record */
function isShown(record) {
  const { event_name: event, 'mcp.method.name': method } = record;
  return event === 'mcp_audit.session' || (event === 'mcp_audit.response' && method === 'tools/call');
}

/** A text as one word of a shell. @param {string} text */
function word(text) {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}
