/** One run of a row: with mcp-trail, or without. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { run as runCommand } from '../matrix/processes.mjs';
import { exportTo, startReceiver } from '../matrix/receiver.mjs';
import { HttpChannel } from './channels.mjs';
import { Dialogue } from './dialogue.mjs';
import { spanOf } from './judge.mjs';
import { commandOf, freePort, freshPlace, writeLauncher } from './place.mjs';
import { useClient } from './use-client.mjs';

/** Time to read what a process has sent before it ended. */
const ARRIVAL_MS = 3000;
const VERIFY_LIMIT_MS = 60_000;

/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {{ node: string, env: Record<string, string>, trail: any, scratch: string, install: (group: string) => Promise<string> }} Context */

/** @param {string} file @returns {Promise<any[]>} */
export async function readRecords(file) {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Tells rows of one name apart. @param {Row} row */
const labelOf = (row) => (row.wrapped ? 'wrapped' : row.behind ? 'agent' : row.side);

/** @param {Row} row @param {boolean} traced @param {Context} context */
export async function observe(row, traced, context) {
  const installed = await context.install(row.group);
  const place = await freshPlace(
    row,
    path.join(context.scratch, row.name.replaceAll(/\W+/g, '-'), labelOf(row)),
    installed,
  );
  const receiver = await startReceiver();
  const file = path.join(place.root, 'audit.jsonl');
  const fileBehind = path.join(place.root, 'upstream.jsonl');
  const base = { ...context.env, HOME: place.home, XDG_CONFIG_HOME: place.home, XDG_CACHE_HOME: place.home };
  // The application's own telemetry, if it has any, is the same in both runs.
  const tracing = (/** @type {string} */ service, records = file, isWrapped = row.wrapped) => ({
    ...exportTo(receiver.endpoint),
    OTEL_SERVICE_NAME: service,
    ...(traced && (isWrapped ? context.trail.wrapEnv(records) : context.trail.env(records))),
  });
  const behind = row.behind;
  const words =
    behind === undefined
      ? await everything(row, context)
      : await startOf(behind, { context, place, installed: await context.install(behind.group), traced });
  const upstream = {
    words,
    stdio: behind === undefined ? [...words, 'stdio'] : words,
    env: { ...base, ...behind?.env, ...tracing('upstream', fileBehind, behind !== undefined) },
  };
  const run = { row, context, installed, place, base, tracing, upstream, traced };
  try {
    const result = row.side === 'client' ? await useClient(run) : await askServer(run);
    const own = () => receiver.spans.filter((span) => span.resource['service.name'] === 'field');
    const behindIt = () => receiver.spans.filter((span) => span.resource['service.name'] === 'upstream');
    const { length } = result.requests;
    await arrival(() => !traced || (own().length >= length && (behind === undefined || behindIt().length >= length)));
    const trails = !traced ? [] : row.wrapped ? [file] : behind === undefined ? [] : [file, fileBehind];
    return {
      ...result,
      spans: own(),
      upstream: behindIt(),
      records: await readRecords(file),
      recordsBehind: await readRecords(fileBehind),
      errors: [...receiver.errors, ...(await unverified(trails, context))],
    };
  } finally {
    await receiver.close();
  }
}

/** What `mcp-trail verify` says of trails that are not complete. @param {string[]} files @param {Context} context */
async function unverified(files, { trail, env, scratch }) {
  const [command, ...args] = trail.command;
  const faults = [];
  for (const file of files) {
    const words = [...args, 'verify', '--unsigned', file];
    const { code, stdout, stderr } = await runCommand(command, words, { cwd: scratch, env, limitMs: VERIFY_LIMIT_MS });
    if (code !== 0) faults.push(`verify ends with code ${code}: ${(stdout + stderr).slice(0, 300)}`);
  }
  return faults;
}

/** What starts server-everything, for those that need a server behind them. @param {Row} row @param {Context} context */
async function everything({ side, upstream }, { node, install }) {
  if (side === 'server' && upstream === undefined) return [];
  return [node, await commandOf(await install('reference'), '@modelcontextprotocol/server-everything')];
}

/** What starts a server: its own command, or its file by Node; behind `mcp-trail wrap` if it is wrapped and observed. @param {Row} row @param {any} run */
async function startOf(row, { context, place, installed, traced }, filled = (/** @type {string} */ text) => text) {
  const program =
    row.program === undefined
      ? (row.command ?? [context.node, await commandOf(installed, row.package ?? row.name, row.bin)])
      : [context.node, path.join(place.app, row.program)];
  const words = [...program, ...(row.args ?? []).map(filled)].map((word) => word.replaceAll('{installed}', installed));
  return traced && row.wrapped ? [...context.trail.command, 'wrap', '--', ...words] : words;
}

/** @param {any} run */
async function askServer(run) {
  const { row, installed, place, base, tracing, upstream } = run;
  const port = row.http === undefined ? undefined : await freePort();
  const behind = await startUpstream(row, upstream, place);
  const filled = (/** @type {string} */ text) =>
    text.replaceAll('{cwd}', place.cwd).replaceAll('{port}', String(port)).replaceAll('{upstream}', behind.name);
  const env = { ...base, ...(port && { PORT: String(port) }), ...tracing('field') };
  for (const [name, value] of Object.entries(row.env ?? {})) env[name] = filled(String(value));
  const preloads = row.offline === undefined ? [] : [`--import=${path.join(place.app, 'offline.mjs')}`];
  if (row.offline !== undefined) env['OFFLINE'] = filled(JSON.stringify(row.offline));
  const [command, ...args] = await startOf(row, run, filled);
  const launch = {
    command,
    args: [...preloads, ...args],
    cwd: row.inGroup ? installed : place.cwd,
    env,
  };
  const dialogue = new Dialogue(launch, { url: port && `http://127.0.0.1:${port}${row.http}`, modern: row.modern });
  try {
    await dialogue.hold((tools) => requestsOf(row, tools, filled));
  } finally {
    await behind.close();
  }
  const { asked, heard, strays, noise, end, stderr, trace, cpu, firstAnswerMs } = dialogue;
  const requests = [
    ...asked.map(({ id, method, span }) => ({ id, method, span, side: /** @type {const} */ ('server') })),
    ...heard
      .filter(({ id }) => id !== undefined)
      .map(({ id, method, params }) => {
        return { id, method, span: spanOf(params?._meta?.traceparent), side: /** @type {const} */ ('client') };
      }),
  ];
  return {
    requests,
    trace,
    cpu,
    firstAnswerMs,
    stderr,
    answered: asked.filter(({ answer }) => answer !== undefined).length,
    worked: asked[0]?.answer?.['result'] !== undefined,
    results: {
      answers: asked.map(({ method, answer }) => [method, answer]),
      // Over HTTP, a notification that comes between two requests has no stream to arrive on.
      heard: port === undefined ? heard : heard.filter(({ id }) => id !== undefined),
      strays,
      noise,
      end,
    },
  };
}

/** Two calls that fail on every server, then the row's own. @param {Row} row @param {any[]} tools @param {(text: string) => string} filled @returns {[string, object][]} */
function requestsOf(row, tools, filled) {
  const strict = tools.find(({ inputSchema }) => inputSchema?.required?.length > 0);
  const call = (/** @type {string} */ name, args = {}) =>
    /** @type {[string, object]} */ (['tools/call', { name, arguments: args }]);
  const own = [...(row.calls ?? []).map(([name, args]) => call(name, args)), ...(row.requests ?? [])];
  return [
    call('no_such_tool'),
    ...(strict === undefined ? [] : [call(strict.name)]),
    ...JSON.parse(JSON.stringify(own), (_, value) => (typeof value === 'string' ? filled(value) : value)),
  ];
}

/** The server behind a proxy. @param {Row} row @param {{ words: string[], stdio: string[], env: Record<string, string> }} upstream @param {{ root: string, cwd: string }} place */
async function startUpstream(row, { words, stdio, env }, { root, cwd }) {
  if (row.upstream === 'stdio')
    return { name: await writeLauncher(path.join(root, 'upstream'), env, stdio), close: async () => {} };
  if (row.upstream === undefined) return { name: '', close: async () => {} };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const [command = '', ...args] = words;
  const launch = { command, args: [...args, 'streamableHttp'], cwd, env: { ...env, PORT: String(port) } };
  const channel = new HttpChannel(
    launch,
    () => {},
    () => {},
    url,
  );
  await channel.open();
  return { name: url, close: () => channel.close() };
}

/** @param {() => boolean} condition */
async function arrival(condition) {
  const deadline = performance.now() + ARRIVAL_MS;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}
