/** The table and the totals. */
import { COUNTED } from './rows.mjs';

const GOALS = { downloads: 0.95, of40: 38, aside: 0.9, absent: 3 };
const BIGGEST = '@playwright/mcp';
const WIDTHS = [44, 9, 8, 6, 6, 8, 12, 13];

/** @param {(string | number)[]} cells */
const columns = (cells) => cells.map((cell, index) => String(cell).padEnd(WIDTHS[index] ?? 0)).join(' ');

export const header = columns([
  'package',
  'downloads',
  'results',
  'spans',
  'trace',
  'audit',
  'CPU s',
  'first answer s',
]);

/** @param {import('./rows.mjs').Row} row */
export const kindOf = ({ side, wrapped, behind }) =>
  wrapped ? 'wrap ' : behind ? 'agent of wrap ' : side === 'client' ? 'client ' : '';

const seconds = (/** @type {number} */ ms) => (ms / 1000).toFixed(2);

/** @param {any} result */
export function line({ row, verdict, seen, runs, changed, unstable, faults, told, cpu, first }) {
  const results = runs ? (changed ? (unstable ? 'vary' : 'CHANGED') : 'equal') : 'none';
  const name = `${seen && !changed ? '✓' : '✗'} ${kindOf(row)}${row.name}`;
  const cells = [
    name,
    row.downloads,
    results,
    verdict.spans,
    verdict.oneTrace ? 'one' : 'no',
    verdict.audit,
    cpu.map((/** @type {number} */ each) => each.toFixed(2)).join(' → '),
    first.map(seconds).join(' → '),
  ];
  const notes = [
    ...faults,
    ...(faults.length > 0 ? told : []),
    ...(row.varies ?? []).map(([, why]) => `left out: ${why}`),
  ];
  return [columns(cells), ...notes.map((note) => `    ${note}`)].join('\n');
}

/** @param {any[]} results */
const downloadsOf = (results) => results.reduce((sum, { row }) => sum + row.downloads, 0);
const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(1)} %`;

/** @param {any[]} results */
function shares(results) {
  const seen = results.filter((result) => result.seen);
  return {
    downloads: downloadsOf(seen) / Math.max(1, downloadsOf(results)),
    count: seen.length,
    of: results.length,
  };
}

/** @param {any[]} results @param {boolean} complete whether all rows were run: parts have no totals to meet */
export function report(results, complete) {
  const isWrapped = (/** @type {any} */ { row }) => row.wrapped || row.behind !== undefined;
  const servers = results.filter((result) => result.row.side === 'server' && !isWrapped(result));
  const clients = results.filter((result) => result.row.side === 'client' && !isWrapped(result));
  const wrapped = shares(results.filter(isWrapped));
  const all = shares(servers);
  const aside = shares(servers.filter(({ row }) => row.name !== BIGGEST));
  const clientShares = shares(clients);
  const changed = results.filter((result) => result.changed);
  const absent = results.filter(({ runs }) => !runs);
  const uncounted = servers.filter(({ row }) => row.source !== COUNTED.source);
  const missed = results.filter((result) => !result.seen || result.changed);
  const of40 = (all.count / Math.max(1, all.of)) * 40;
  const text = [
    '',
    `servers seen: ${percent(all.downloads)} of ${(downloadsOf(servers) / 1e6).toFixed(1)} M downloads a month, ${all.count} of ${all.of} (${of40.toFixed(1)} of 40)`,
    `${BIGGEST} aside: ${percent(aside.downloads)}, ${aside.count} of ${aside.of}`,
    `clients seen: ${percent(clientShares.downloads)} of downloads, ${clientShares.count} of ${clientShares.of}`,
    `servers under wrap, each by itself and with an agent: ${wrapped.count} of ${wrapped.of}`,
    `changed results: ${changed.length}`,
    `of these downloads, ${percent(downloadsOf(uncounted) / Math.max(1, downloadsOf(servers)))} are no count of npm's: ${uncounted.map(({ row }) => row.name).join(', ') || 'none'}`,
    ...(absent.length > 0
      ? [`do not run here, and count as unseen: ${absent.map(({ row }) => row.name).join(', ')}`]
      : []),
    ...(missed.length > 0
      ? ['', 'missed:', ...missed.map(({ row, faults }) => `  ${row.name}: ${faults.join('; ')}`)]
      : []),
  ].join('\n');
  const met = complete
    ? all.downloads >= GOALS.downloads &&
      of40 >= GOALS.of40 &&
      aside.downloads >= GOALS.aside &&
      absent.length <= GOALS.absent &&
      wrapped.count === wrapped.of &&
      changed.length === 0
    : missed.length === 0;
  return { text, met };
}
