/** `npm run stack`: runs the stack without containers until Ctrl-C. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isFree } from './ports.mjs';
import { endWatched } from './process.mjs';
import { missingFor } from './programs.mjs';
import { freePorts, PORTS, startStack } from './stack.mjs';

const USAGE = `npm run stack -- [--backends loki,archive-file] [--sources audit-files] [--overlays tls] [--elastic] [--no-page]
                [--free-ports] [--data FOLDER]

  --backends    files of collector-config/backends/; default: loki, which also starts Prometheus and Jaeger
  --sources     files of collector-config/sources/; audit-files needs MCP_AUDIT_FILES
  --overlays    files of collector-config/overlays/
  --elastic     also starts Elasticsearch, for the backend elastic; needs Java and Maven, keeps no data
  --no-page     without Zipkin, whose page shows the traces; it needs Java and Maven, too
  --free-ports  use free ports instead of the defaults; single ports: ${Object.keys(PORTS).join(', ')}
  --data        keep data, queues and keys in this folder; default: a temporary folder, removed at the end

Other MCP_* variables are passed on to the Collector.`;

const options = readOptions();
// Short, so that traces show up soon. Traces that end within seconds are complete by then.
const settings = { MCP_TRACE_DECISION_WAIT: '5s', ...given() };
const began = performance.now();
const folder = options.data ? resolve(options.data) : await mkdtemp(join(tmpdir(), 'mcp-trail-stack-'));
/** @type {import('./stack.mjs').Stack | undefined} */
let stack;
let stopping = false;
let interruptedEarly = false;
const interrupted = new Promise((done) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interruptedEarly ||= !stack;
      if (interruptedEarly) endWatched(); // builds and starting programs
      done(undefined);
    });
  }
});

try {
  const page = await withPage();
  const ports = await chosenPorts({ MCP_ELASTICSEARCH_PORT: options.elastic, MCP_ZIPKIN_PORT: page });
  stack = await startStack({ ...options, page, folder, ports, env: settings, log: console.log });
  for (const [name, program] of stack.running) {
    program.closed.then(({ code, signal }) => {
      if (!stopping)
        fail(`${name} ended unexpectedly (${signal ?? `exit code ${code}`}):\n${program.output.slice(-2_000)}`);
    });
  }
  announce(stack);
  await interrupted;
} catch (error) {
  if (!interruptedEarly) console.error(error.message);
  process.exitCode = 1;
}
await end();

/** Prints addresses and first commands. @param {import('./stack.mjs').Stack} running */
function announce({ urls, running, elasticsearch }) {
  const look = {
    jaeger: ['Traces', `curl -s '${urls.jaeger}/api/traces?service=agent'`],
    loki: [
      'Audit records',
      `curl -sG -H 'X-Scope-OrgID: mcp-audit' ${urls.loki}/loki/api/v1/query_range --data-urlencode 'query={service_name="travel"}'`,
    ],
    prometheus: [
      'Metrics',
      `curl -sG ${urls.prometheus}/api/v1/query --data-urlencode 'query=mcp_server_operation_duration_seconds_count'`,
    ],
    elasticsearch: [
      'Audit records',
      `curl -s -u "elastic:$(cat ${elasticsearch?.passwordFile})" '${elasticsearch?.url}/logs-mcp.audit.otel-*/_search?size=1'`,
    ],
  };
  console.log(`ready in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  if (running.has('zipkin')) console.log(`Look at the traces: ${urls.zipkin}\n`);
  console.log(`OTLP: ${urls.otlp} (HTTP), ${urls.otlpGrpc.replace('http://', '')} (gRPC)`);
  console.log(`Collector health: ${urls.health}, metrics: ${urls.metrics}`);
  console.log(`\nRun the demo in another shell:\n\n  OTEL_EXPORTER_OTLP_ENDPOINT=${urls.otlp} npm run demo\n`);
  console.log(
    `Traces appear ${settings.MCP_TRACE_DECISION_WAIT} after their first span, logs and metrics immediately:\n`,
  );
  for (const [name, [what, command]] of Object.entries(look)) {
    if (running.has(name)) console.log(`  ${what.padEnd(13)}  ${command}`);
  }
  console.log('\nPress Ctrl-C to stop everything.');
}

async function end() {
  stopping = true;
  await stack?.stop();
  if (!options.data) await rm(folder, { recursive: true, force: true });
}

/** @param {string} message */
async function fail(message) {
  console.error(message);
  await end();
  process.exit(1);
}

function readOptions() {
  const list = (/** @type {string} */ text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
  try {
    const { values } = parseArgs({
      options: {
        backends: { type: 'string', default: 'loki' },
        sources: { type: 'string', default: '' },
        overlays: { type: 'string', default: '' },
        elastic: { type: 'boolean', default: false },
        'no-page': { type: 'boolean', default: false },
        'free-ports': { type: 'boolean', default: false },
        data: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const { backends, sources, overlays } = values;
    return { ...values, backends: list(backends), sources: list(sources), overlays: list(overlays) };
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    return process.exit(2);
  }
}

/** Variables of the shell for the Collector's configuration. */
function given() {
  const ours = (/** @type {[string, unknown]} */ [name]) =>
    name.startsWith('MCP_') && !name.startsWith('MCP_TRAIL_') && !(name in PORTS);
  return Object.fromEntries(Object.entries(process.env).filter(ours));
}

/** Whether to start Zipkin. Says so if it is wanted and cannot be. */
async function withPage() {
  if (options['no-page']) return false;
  const missing = await missingFor('zipkin');
  if (missing) console.log(`No page for traces: ${missing}`);
  return !missing;
}

/**
 * @param {Record<string, boolean>} optional whether a port is needed, by its variable; another program may have it otherwise
 * @throws {Error} with the name of the variable, if a port is invalid or in use
 */
async function chosenPorts(optional) {
  if (options['free-ports']) return freePorts();
  /** @type {Record<string, number>} */
  const chosen = {};
  for (const [name, usual] of Object.entries(PORTS)) {
    if (optional[name] === false) continue;
    const text = process.env[name];
    const port = text === undefined ? usual : Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error(`${name} is "${text}", which is not a port (1 to 65535)`);
    const twin = Object.keys(chosen).find((other) => chosen[other] === port);
    if (twin) throw new Error(`${twin} and ${name} are both ${port}`);
    if (!(await isFree(port)))
      throw new Error(`port ${port} is in use: set ${name} to a free port, or use --free-ports`);
    chosen[name] = port;
  }
  return chosen;
}
