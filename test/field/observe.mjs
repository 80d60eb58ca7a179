/** One run of a row: with mcp-trail, or without. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { exportTo, startReceiver } from '../matrix/receiver.mjs';
import { HttpChannel } from './channels.mjs';
import { Dialogue } from './dialogue.mjs';
import { spanOf } from './judge.mjs';
import { commandOf, freePort, freshPlace, writeLauncher } from './place.mjs';
import { useClient } from './use-client.mjs';

/** Time to read what a process has sent before it ended. */
const ARRIVAL_MS = 3000;

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

/** @param {Row} row @param {boolean} traced @param {Context} context */
export async function observe(row, traced, context) {
  const installed = await context.install(row.group);
  const place = await freshPlace(
    row,
    path.join(context.scratch, row.name.replaceAll(/\W+/g, '-'), row.side),
    installed,
  );
  const receiver = await startReceiver();
  const file = path.join(place.root, 'audit.jsonl');
  const base = { ...context.env, HOME: place.home, XDG_CONFIG_HOME: place.home, XDG_CACHE_HOME: place.home };
  // The application's own telemetry, if it has any, is the same in both runs.
  const tracing = (/** @type {string} */ service, records = file) => ({
    ...exportTo(receiver.endpoint),
    OTEL_SERVICE_NAME: service,
    ...(traced && context.trail.env(records)),
  });
  const everything = await commandOf(await context.install('reference'), '@modelcontextprotocol/server-everything');
  const upstream = {
    words: [context.node, everything],
    env: { ...base, ...tracing('upstream', path.join(place.root, 'upstream.jsonl')) },
  };
  const run = { row, context, installed, place, base, tracing, upstream };
  try {
    const result = row.side === 'client' ? await useClient(run) : await askServer(run);
    const own = () => receiver.spans.filter((span) => span.resource['service.name'] === 'field');
    const behind = () => receiver.spans.filter((span) => span.resource['service.name'] === 'upstream');
    await arrival(() => !traced || own().length >= result.requests.length);
    return { ...result, spans: own(), upstream: behind(), records: await readRecords(file), errors: receiver.errors };
  } finally {
    await receiver.close();
  }
}

/** @param {any} run */
async function askServer({ row, context, installed, place, base, tracing, upstream }) {
  const port = row.http === undefined ? undefined : await freePort();
  const behind = await startUpstream(row, upstream, place);
  const filled = (/** @type {string} */ text) =>
    text.replaceAll('{cwd}', place.cwd).replaceAll('{port}', String(port)).replaceAll('{upstream}', behind.name);
  const program =
    row.program === undefined
      ? await commandOf(installed, row.package ?? row.name, row.bin)
      : path.join(place.app, row.program);
  const env = { ...base, ...(port && { PORT: String(port) }), ...tracing('field') };
  for (const [name, value] of Object.entries(row.env ?? {})) env[name] = filled(String(value));
  const preloads = row.offline === undefined ? [] : [`--import=${path.join(place.app, 'offline.mjs')}`];
  if (row.offline !== undefined) env['OFFLINE'] = filled(JSON.stringify(row.offline));
  const launch = {
    command: context.node,
    args: [...preloads, program, ...(row.args ?? []).map(filled)],
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

/** The server behind a proxy. @param {Row} row @param {{ words: string[], env: Record<string, string> }} upstream @param {{ root: string, cwd: string }} place */
async function startUpstream(row, { words, env }, { root, cwd }) {
  if (row.upstream === 'stdio')
    return { name: await writeLauncher(path.join(root, 'upstream'), env, [...words, 'stdio']), close: async () => {} };
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
