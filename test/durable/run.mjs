/**
 * `npm run test:durable`: audit records on their way from files to a backend, while what writes, ships and stores them is killed and the
 * files rotate. Counts calls that were answered, and whether their records arrived. `-- --answers 20000` takes longer. Builds the
 * Collector the first time. The files of a run that fails stay.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { configFiles, startCollector } from '../../collector-config/stack/collector.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { collectorEnvironment, freePorts } from '../../collector-config/stack/stack.mjs';
import { Writer, withoutRecords } from '../chaos/writer.mjs';

const { values } = parseArgs({ options: { answers: { type: 'string', default: '5000' } } });
const ANSWERS = Number(values.answers); // a call has two records
const WRITERS = 4;
/** Kills of each kind, spread over the run. */
const KILLS = 4;
/** A file of that size is rotated: many times, and sometimes while its shipper is dead. */
const MAX_BYTES = '65536';
const ARRIVAL_MS = 120_000;
const POLL_MS = 200;

const began = performance.now();
const folder = mkdtempSync(path.join(tmpdir(), 'mcp-trail-durable-'));
const audit = path.join(folder, 'audit');
const { otelcol } = await programs(['otelcol'], console.log);

/** A backend that stores records before it acknowledges them: a second Collector, with the archive. */
const backend = await shipper('backend', { backends: ['archive-file', 'discard-rest'] });
const collector = await shipper(
  'collector',
  { backends: ['loki'], sources: ['audit-files'] },
  {
    MCP_AUDIT_FILES: path.join(audit, '*.jsonl'),
    MCP_LOKI_ENDPOINT: `http://127.0.0.1:${backend.ports.MCP_OTLP_HTTP_PORT}`,
  },
);
await backend.start();
await collector.start();

/** @type {Writer[]} */
const writers = [];
const kills = { application: 0, Collector: 0, backend: 0 };
const answered = () => writers.reduce((sum, writer) => sum + writer.answered.size, 0);

await Promise.all([...Array.from({ length: WRITERS }, (_, lane) => write(lane)), disturb()]);
if (!backend.isUp()) await backend.start();
if (!collector.isUp()) await collector.start();

const written = linesOf(audit);
let stored = archived();
for (let waited = 0; waited < ARRIVAL_MS && !isComplete(stored); waited += POLL_MS) {
  await pause(POLL_MS);
  stored = archived();
}
await collector.stop();
await backend.stop();
report();

/** Calls until there are enough answers. Who is killed is replaced by another process. @param {number} lane */
async function write(lane) {
  const due = () => answered() < ANSWERS;
  for (let life = 1; due(); life += 1) {
    const writer = new Writer({
      PATH: process.env['PATH'] ?? '',
      OTEL_SERVICE_NAME: `writer-${lane}-${life}`,
      MCP_TRAIL_SDK: 'off',
      MCP_TRAIL_AUDIT: 'file',
      MCP_TRAIL_AUDIT_FILE: path.join(audit, 'audit.jsonl'),
      MCP_TRAIL_AUDIT_FILE_MAX_BYTES: MAX_BYTES,
    });
    writers.push(writer);
    await writer.start();
    let ended = false;
    const gone = writer.gone().then(() => {
      ended = true;
    });
    while (due() && !ended) await Promise.race([writer.call(50), gone]);
    if (!ended) await writer.end();
    await gone;
  }
}

/** Kills by the number of answers, in turn: a process that writes, the Collector, the backend. */
async function disturb() {
  const steps = KILLS * 3;
  for (let step = 1; step <= steps; step += 1) {
    while (answered() < (ANSWERS * step) / (steps + 1)) await pause(5);
    const kind = step % 3;
    if (kind === 0) {
      const alive = writers.filter((writer) => writer.pid !== 0);
      alive[step % alive.length]?.kill();
      kills.application += 1;
    } else {
      const program = kind === 1 ? collector : backend;
      await program.kill();
      kills[kind === 1 ? 'Collector' : 'backend'] += 1;
      // It is down for a while, in which files are written and rotated.
      const before = answered();
      while (answered() < Math.min(before + ANSWERS / steps / 2, ANSWERS)) await pause(5);
      await program.start();
    }
  }
}

/** A Collector that can be killed and started again, with the same files. @param {string} name @param {object} choice @param {Record<string, string>} [env] */
async function shipper(name, choice, env = {}) {
  const ports = await freePorts();
  const settings = { ...(await collectorEnvironment(ports, path.join(folder, name))), ...env };
  /** @type {import('../../collector-config/stack/process.mjs').RunningProgram | undefined} */
  let running;
  return {
    ports,
    archive: settings.MCP_ARCHIVE_DIR,
    isUp: () => running !== undefined,
    async start() {
      running = await startCollector({ otelcol, files: configFiles(choice), env: settings });
    },
    async kill() {
      await running?.kill('SIGKILL');
      running = undefined;
    },
    stop: () => running?.stop(),
  };
}

/** The lines in the audit files, by record id. A line that a killed process has not finished is not among them. @param {string} from */
function linesOf(from) {
  const lines = readdirSync(from).flatMap((name) => readFileSync(path.join(from, name), 'utf8').split('\n'));
  return new Map(lines.flatMap((line) => (idOf(line) === undefined ? [] : [[idOf(line), line]])));
}

/** @param {string} line @returns {string | undefined} */
function idOf(line) {
  try {
    return JSON.parse(line)['audit.record.id'];
  } catch {
    return undefined;
  }
}

/** The log records that the backend has, copies included. @returns {{ id: string, event: string, body: string }[]} */
function archived() {
  const text = readdirSync(backend.archive)
    .map((name) => readFileSync(path.join(backend.archive, name), 'utf8'))
    .join('');
  // A killed backend leaves half a line, and the next one goes on behind it.
  return text.split('\n').flatMap((line) => {
    const start = line.lastIndexOf('{"resourceLogs":');
    if (start === -1 || !line.endsWith('}')) return [];
    return JSON.parse(line.slice(start)).resourceLogs.flatMap((/** @type {any} */ { scopeLogs }) =>
      scopeLogs.flatMap((/** @type {any} */ { logRecords }) =>
        logRecords.map((/** @type {any} */ { eventName, body, attributes }) => ({
          id: attributes.find((/** @type {any} */ { key }) => key === 'log.record.uid').value.stringValue,
          event: eventName,
          body: body.stringValue,
        })),
      ),
    );
  });
}

/** @param {ReturnType<typeof archived>} records */
function isComplete(records) {
  const ids = new Set(records.map(({ id }) => id));
  return [...written.keys()].every((id) => ids.has(/** @type {string} */ (id)));
}

function report() {
  const whole = stored.filter(({ event }) => event !== 'mcp_audit.damaged_line');
  const ids = new Set(whole.map(({ id }) => id));
  const records = whole.map(({ body }) => JSON.parse(body));
  const counts = {
    acknowledged: answered() * 2,
    written: written.size,
    arrived: ids.size,
    lost:
      withoutRecords(writers, records) +
      [...written.keys()].filter((id) => !ids.has(/** @type {string} */ (id))).length,
    changed: whole.filter(({ id, body }) => written.get(id) !== body).length,
    copies: whole.length - ids.size,
    'damaged lines': stored.length - whole.length,
  };
  console.log(
    Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', '),
  );
  const died = Object.entries(kills).map(([what, count]) => `${what} ${count}`);
  const files = readdirSync(audit).length;
  console.log(`killed: ${died.join(', ')}; files: ${files}; ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const enough = counts.acknowledged >= ANSWERS * 2 && files > 10;
  if (counts.lost === 0 && counts.changed === 0 && enough) rmSync(folder, { recursive: true });
  else {
    console.error(`failed: the files are in ${folder}`);
    process.exitCode = 1;
  }
}
