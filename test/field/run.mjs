/** `npm run test:field`: real MCP software with and without mcp-trail. See README.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { nodes } from '../matrix/axes.mjs';
import { platform } from '../matrix/packages.mjs';
import { difference, plain } from './compare.mjs';
import { install, pinned } from './install.mjs';
import { judge } from './judge.mjs';
import { observe } from './observe.mjs';
import { header, kindOf, line, report } from './report.mjs';
import { rows } from './rows.mjs';
import { installTrail } from './trail.mjs';

/** @typedef {import('./rows.mjs').Row} Row */

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    node: { type: 'string', default: 'node24' },
    verbose: { type: 'boolean', default: false },
  },
});

/** What a run shows of a proxy: its upstream is in the same trace. @param {Row} row @param {any} run */
function upstreamFaults(row, { requests, upstream, trace }) {
  if (row.upstream === undefined) return [];
  const calls = requests.filter(({ method }) => method === 'tools/call').length;
  const joined = upstream.filter(
    (/** @type {any} */ span) =>
      span.traceId === trace && span.attributes['mcp.method.name'] === 'tools/call' && span.kind === 2,
  ).length;
  return joined < calls ? [`${calls - joined} of ${calls} calls lead to another trace in the server behind it`] : [];
}

/** A client's server has to continue its trace. @param {Row} row @param {any} run */
function continuationFaults(row, { requests, upstream }) {
  if (row.side !== 'client') return [];
  const sent = requests.filter(({ side }) => side === 'client');
  const continued = sent.filter(({ span }) => upstream.some((/** @type {any} */ each) => each.parentSpanId === span));
  return continued.length < sent.length
    ? [`${sent.length - continued.length} requests not continued by the server`]
    : [];
}

/** What a run of an agent shows of the wrapped server behind it: the same messages, from the other side. @param {Row} row @param {any} run */
function behindFaults(row, { requests, upstream, recordsBehind }) {
  if (row.behind === undefined) return [];
  const turned = requests.map((/** @type {any} */ request) => ({
    ...request,
    side: request.side === 'client' ? 'server' : 'client',
  }));
  return judge(turned, upstream, recordsBehind).faults.map((fault) => `behind: ${fault}`);
}

/** @param {Row} row @param {any} context */
async function measure(row, context) {
  const without = await observe(row, false, context);
  const withUs = await observe(row, true, context);
  const told = withUs.stderr.split('\n').filter((/** @type {string} */ text) => text.startsWith('mcp-trail'));
  const verdict = judge(withUs.requests, withUs.spans, withUs.records, withUs.trace);
  const varies = row.varies ?? [];
  const changed = difference(plain(without.results, varies), plain(withUs.results, varies));
  let unstable = false;
  if (changed !== undefined) {
    const again = await observe(row, false, context);
    unstable = difference(plain(without.results, varies), plain(again.results, varies)) !== undefined;
  }
  const faults = [
    ...(without.worked ? [] : [`does not run here: ${errorIn(without.stderr)}`]),
    ...verdict.faults,
    ...upstreamFaults(row, withUs),
    ...continuationFaults(row, withUs),
    ...behindFaults(row, withUs),
    ...withUs.errors,
  ];
  const seen = without.worked && faults.length === 0;
  if (changed !== undefined) faults.push(`${unstable ? 'results vary by themselves' : 'results changed'}: ${changed}`);
  return {
    row,
    verdict,
    seen,
    runs: without.worked,
    changed: changed !== undefined,
    unstable,
    faults,
    told,
    cpu: [without.cpu, withUs.cpu],
    first: [without.firstAnswerMs, withUs.firstAnswerMs],
    ...(values.verbose && { without, withUs }),
  };
}

/** @param {string} stderr */
const errorIn = (stderr) => {
  const lines = stderr.trim().split('\n');
  return (lines.find((line) => /\berror: /i.test(line)) ?? lines.at(-1) ?? '').slice(0, 200);
};

/** @param {Row} row @param {any} context */
async function settle(row, context) {
  try {
    return await measure(row, context);
  } catch (error) {
    const faults = [`could not be run: ${/** @type {Error} */ (error).stack}`];
    const verdict = { spans: '–', oneTrace: false, audit: '–', faults };
    return {
      row,
      verdict,
      seen: false,
      runs: false,
      changed: false,
      unstable: false,
      faults,
      told: [],
      cpu: [0, 0],
      first: [0, 0],
    };
  }
}

async function main() {
  const words = values.only.split(/\s+/).filter(Boolean);
  const selected = rows.filter(
    (row) => words.length === 0 || words.some((word) => `${row.side} ${kindOf(row)}${row.name}`.includes(word)),
  );
  if (selected.length === 0) throw new Error(`no row matches "${values.only}"; --list shows them`);
  if (values.list) {
    for (const row of selected) {
      const version = (await pinned((row.behind ?? row).group))[row.name];
      console.log(`${row.side}  ${kindOf(row)}${row.name} ${version}  ${row.downloads} (${row.source}, ${row.date})`);
    }
    return;
  }
  if (`${process.platform} ${process.arch}` !== 'linux x64') throw new Error('the pinned Nodes are for Linux x64');
  const start = performance.now();
  const scratch = await mkdtemp(path.join(tmpdir(), 'mcp-trail-field-'));
  try {
    const on = await platform(values.node);
    const trail = await installTrail({ name: values.node, on, otel: 'otel2', scratch });
    const { PATH = '' } = on.env;
    const env = { PATH, LANG: 'C.UTF-8', TZ: 'UTC' };
    const context = {
      node: on.node,
      env,
      trail,
      scratch,
      install: (/** @type {string} */ group) => install(group, on.env),
    };
    for (const group of new Set(selected.map((row) => row.group))) await context.install(group);
    console.log(`mcp-trail ${trail.version} on Node ${nodes[values.node].node}, ${selected.length} rows\n\n${header}`);
    /** @type {any[]} */
    const results = [];
    const waiting = [...selected];
    const work = async () => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        let result = await settle(row, context);
        // On a busy machine, a server can take longer to end than `wrap` waits.
        if (row.wrapped && result.changed) {
          console.log(`once more: ${row.name}: ${result.faults.join('; ')}`);
          result = await settle(row, context);
        }
        results.push(result);
        console.log(line(result));
        if (values.verbose) console.log(JSON.stringify(result, undefined, 1));
      }
    };
    await Promise.all(Array.from({ length: Number(values.jobs) }, work));
    const { text, met } = report(results, selected.length === rows.length);
    console.log(`${text}\n\nin ${Math.round((performance.now() - start) / 1000)} s`);
    process.exitCode = met ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
