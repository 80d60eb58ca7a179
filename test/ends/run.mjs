/**
 * `npm run test:ends`: what is left when a process ends, in every way, as a table of real processes. See rows.mjs for which
 * rows there are; `-- --only 'SIGTERM stdio'` runs those that have all the words.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startOtlpEndpoint } from '../support/otlp-endpoint.mjs';
import { refusingPort } from '../support/refusing-port.mjs';
import { Program } from './processes.mjs';
import { checkCoverage, isDelivered, rows } from './rows.mjs';

/** @typedef {import('./rows.mjs').Row} Row */

/** More than cores, because most of them wait for an endpoint or a timeout. */
const AT_ONCE = 3;
const CALLS = 3;
/** The longest delay compared with the application alone: two seconds, and a margin for a busy machine. */
const MAX_COST_MS = 2500;
/** What `process.exit` waits for a delivery; other ends wait longer. */
const LEAST_LIMIT_MS = 1000;
/** What took too long is measured again, after all other rows and with nothing beside it; another fault counts. */
const TRIES_ALONE = 3;
const LATE_MS = 400;
/** Time to read what a process has sent. */
const ARRIVAL_MS = 30_000;

const scratch = mkdtempSync(path.join(tmpdir(), 'ends-'));

/** @type {Record<string, () => Promise<string>>} the addresses of endpoints that take nothing */
const DEAD = {
  refused: async () => `http://127.0.0.1:${await refusingPort()}`,
  'black hole': async () => `http://127.0.0.1:${await silentPort()}`,
};

/** A port that accepts connections and never answers. */
async function silentPort() {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  server.unref();
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** The environment of a traced program. @param {Row} row @param {string} url @param {string} file */
function settings({ endpoint, protocol, delivery }, url, file) {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    MCP_TRAIL_AUDIT: delivery,
    MCP_TRAIL_AUDIT_FILE: file,
    // With a short delay, a batch with a late answer is being sent when the process ends.
    ...(endpoint === 'late' && { OTEL_BSP_SCHEDULE_DELAY: '1', OTEL_BLRP_SCHEDULE_DELAY: '1' }),
  };
}

/** How a program ends without mcp-trail, measured once for each way and kind. @type {Map<string, Promise<Awaited<ReturnType<typeof run>>>>} */
const baselines = new Map();

/** @param {Row} row */
function baseline({ how, kind }) {
  const name = `${how} ${kind}`;
  const known = baselines.get(name) ?? run(how, kind);
  baselines.set(name, known);
  return known;
}

/** Starts a program, calls its tool, and ends it. @param {string} how @param {string} kind @param {Record<string, string>} [env] */
async function run(how, kind, env) {
  const program = new Program({ ENDS_HOW: how, ENDS_KIND: kind, ...env }, env !== undefined);
  const answered = await program.call(CALLS);
  return { answered, ...(await program.end(how)) };
}

let count = 0;

/** One row, once. @param {Row} row */
async function measure(row) {
  const file = path.join(scratch, `${count++}.jsonl`);
  const dead = DEAD[row.endpoint];
  const endpoint = await startOtlpEndpoint(row.protocol, { delayMs: row.endpoint === 'late' ? LATE_MS : 0 });
  try {
    const url = dead === undefined ? endpoint.url : await dead();
    const [plain, result] = [await baseline(row), await run(row.how, row.kind, settings(row, url, file))];
    const spans = () =>
      new Set(endpoint.spans.filter(({ name }) => name === 'tools/call echo').map(({ spanId }) => spanId)).size;
    const inFile = row.delivery === 'file' ? outcomesIn(readLines(file)) : 0;
    const arrived = () => outcomesIn(endpoint.logs.map(({ body }) => JSON.parse(body)));
    const records = () => (row.delivery === 'file' ? inFile : arrived());
    if (isDelivered(row)) await waitFor(() => spans() >= result.answered && records() >= result.answered);
    return { ...result, plain, costMs: result.ms - plain.ms, spans: spans(), records: records() };
  } finally {
    await endpoint.close();
  }
}

/** The operations that have a record of their end. @param {any[]} records */
function outcomesIn(records) {
  const outcomes = records.filter(
    (record) => record['event_name'] === 'mcp_audit.response' && record['mcp.method.name'] === 'tools/call',
  );
  return new Set(outcomes.map((record) => record['mcp_audit.operation.id'])).size;
}

/** @param {string} file @returns {any[]} */
function readLines(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** @param {() => boolean} condition */
async function waitFor(condition) {
  const deadline = performance.now() + ARRIVAL_MS;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The failures of a row. @param {Row} row @param {Awaited<ReturnType<typeof measure>>} result */
function faultsOf(row, { answered, records, spans, costMs, code, signal, plain }) {
  const faults = [];
  if (code !== plain.code || signal !== plain.signal)
    faults.push(`ended with ${signal ?? code}, not ${plain.signal ?? plain.code}`);
  if (answered < CALLS) faults.push(`${CALLS - answered} calls not answered`);
  if (row.delivery === 'file' && records < answered) faults.push(`${answered - records} outcomes missing`);
  if (isDelivered(row) && row.delivery === 'otel' && records < answered)
    faults.push(`${answered - records} records lost`);
  if (isDelivered(row) && spans < answered) faults.push(`${answered - spans} spans lost`);
  if (costMs > MAX_COST_MS) faults.push(`${Math.round(costMs)} ms longer`);
  return faults;
}

/** @param {(string | number)[]} cells */
function line(cells) {
  const widths = [24, 6, 10, 13, 8, 8, 5, 7, 8, 8, 8];
  return cells
    .map((cell, index) =>
      typeof cell === 'number' ? String(cell).padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
    )
    .join('  ');
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
checkCoverage();
const words = values.only.split(/\s+/).filter(Boolean);
const selected = rows.filter((row) => words.every((word) => Object.values(row).join(' ').split(' ').includes(word)));
if (selected.length === 0) throw new Error(`no row has all of "${values.only}"`);

console.log(
  line(['end', 'kind', 'endpoint', 'protocol', 'delivery', 'answered', 'spans', 'records', 'ms', 'without', 'longer']),
);
const waiting = [...selected];
/** @type {Row[]} */
const late = [];
let failed = 0;

/** Of a process that was too slow: it took too long, or lost what it had no more time for. @param {Row} row @param {string[]} faults @param {number} costMs */
const isSlow = (row, faults, costMs) =>
  costMs > MAX_COST_MS
    ? faults.length === 1
    : isDelivered(row) && costMs >= LEAST_LIMIT_MS && faults.every((fault) => fault.endsWith(' lost'));

/** Measures and prints a row. Returns whether it must be measured again. @param {Row} row */
async function settle(row) {
  const result = await measure(row);
  const faults = faultsOf(row, result);
  const { answered, spans, records, ms, plain, costMs, stderr } = result;
  const cells = [...Object.values(row), answered, spans, records, ...[ms, plain.ms, costMs].map(Math.round)];
  console.log(`${line(cells)}${faults.length > 0 ? `  ✗ ${faults.join(', ')}` : ''}`);
  if (faults.length === 0) return false;
  if (isSlow(row, faults, costMs)) return true;
  failed += 1;
  console.log(stderr.replaceAll(/^(?=.)/gm, '    '));
  return false;
}

async function work() {
  for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) if (await settle(row)) late.push(row);
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const row of late) {
  let isLate = true;
  for (let tries = 0; isLate && tries < TRIES_ALONE; tries++) isLate = await settle(row);
  if (isLate) failed += 1;
}
rmSync(scratch, { recursive: true });
console.log(`${selected.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
