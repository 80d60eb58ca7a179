/**
 * Audit records as text: a table with one line per record, in order of time. Pure: the same records give the same text.
 *
 * @typedef {Record<string, unknown>} AuditRecord flat, with dotted keys
 *
 * @typedef {object} AuditLinesOptions
 * @property {boolean} [colour] ANSI colours; default off
 * @property {boolean} [normalise] for golden files: no times and durations, and lines in the order of service, side,
 *   request id, target and event instead of by time
 */
import { escapeText } from './attribute-text.mjs';

const MAX_CELL_LENGTH = 60;
/** Sorts last. */
const NO_TIME = Number.MAX_SAFE_INTEGER;
const EVENT_PREFIX = 'mcp_audit.';

/**
 * The columns, in order. Golden files leave out `timed` ones.
 *
 * @type {{ name: string, text: (record: AuditRecord, firstMs: number) => string, right?: boolean, timed?: boolean }[]}
 */
const COLUMNS = [
  { name: 'time', text: offsetOf, right: true, timed: true },
  { name: 'service', text: field('service.name') },
  { name: 'side', text: field('mcp_audit.side') },
  { name: 'event', text: eventOf },
  { name: 'method and target', text: subjectOf },
  { name: 'actor', text: field('audit.actor.id') },
  { name: 'decision', text: decisionOf },
  { name: 'status', text: field('mcp_audit.status', 'error.type') },
  { name: 'took', text: durationOf, right: true, timed: true },
  { name: 'removed', text: redactionOf },
];

/** Order of events within an operation. */
const EVENT_ORDER = ['request', 'authorization', 'guardrail', 'response'];

/** @type {((a: AuditRecord, b: AuditRecord) => number)[]} */
const BY_CONTENT = [
  (a, b) => compareText(field('service.name')(a), field('service.name')(b)),
  (a, b) => compareText(field('mcp_audit.side')(a), field('mcp_audit.side')(b)),
  // Request ids of a sender increase, so they give the order.
  (a, b) => requestNumber(a) - requestNumber(b),
  (a, b) => compareText(subjectOf(a), subjectOf(b)),
  (a, b) => EVENT_ORDER.indexOf(eventOf(a)) - EVENT_ORDER.indexOf(eventOf(b)),
  (a, b) => compareText(eventOf(a), eventOf(b)),
];

/**
 * @param {AuditRecord[]} records from any number of processes
 * @param {AuditLinesOptions} [options]
 * @returns {string}
 */
export function auditLines(records, { colour = false, normalise = false } = {}) {
  if (records.length === 0) return '';
  const compare = normalise ? [...BY_CONTENT, byTime] : [byTime, ...BY_CONTENT];
  const ordered = [...records].sort((a, b) => compare.reduce((decided, by) => decided || by(a, b), 0));
  const firstMs = ordered.map(timeOf).reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);
  const columns = COLUMNS.filter(({ timed }) => !(timed && normalise));
  const table = ordered.map((record) => columns.map(({ text }) => cell(text(record, firstMs))));
  const heads = columns.map(({ name }) => name);
  const widths = columns.map((_, place) =>
    [heads, ...table].reduce((max, cells) => Math.max(max, [...cells[place]].length), 0),
  );

  /** @param {string[]} cells @param {number} code */
  const line = (cells, code) => {
    const padded = columns.map(({ right }, place) => {
      const padding = ' '.repeat(widths[place] - [...cells[place]].length);
      return right ? padding + cells[place] : cells[place] + padding;
    });
    const text = padded.join('  ').trimEnd();
    return colour && code > 0 ? `\u001b[${code}m${text}\u001b[0m` : text;
  };
  return [line(heads, 2), ...ordered.map((record, index) => line(table[index], failed(record) ? 31 : 0))].join('\n');
}

/** The text of the first of these keys in a record. @param {string[]} keys */
function field(...keys) {
  return (/** @type {AuditRecord} */ record) =>
    String(keys.map((key) => record[key]).find((value) => value !== undefined && value !== null) ?? '');
}

/** @param {AuditRecord} record */
function eventOf(record) {
  return field('event_name')(record).replace(EVENT_PREFIX, '');
}

/** @param {AuditRecord} record */
function subjectOf(record) {
  const target = field('gen_ai.tool.name', 'gen_ai.prompt.name', 'mcp.resource.uri', 'audit.target.id')(record);
  return [field('mcp.method.name', 'mcp_audit.session.state')(record), target].filter(Boolean).join(' ');
}

/** @param {AuditRecord} record */
function decisionOf(record) {
  const decision = field('mcp_audit.access.decision', 'mcp_audit.guardrail.verdict')(record);
  return decision === 'not_evaluated' ? '' : decision;
}

/** @param {AuditRecord} record */
function durationOf(record) {
  const ms = field('mcp_audit.duration_ms')(record);
  return ms === '' ? '' : `${ms}ms`;
}

/** Redaction counts, by rule. @param {AuditRecord} record */
function redactionOf(record) {
  const count = Number(field('mcp_audit.redaction.count')(record));
  const rules = record['mcp_audit.redaction.rules'];
  return count > 0 ? `${count} (${Array.isArray(rules) ? rules.join(', ') : '?'})` : '';
}

/** @param {AuditRecord} record */
function failed(record) {
  return record['audit.outcome'] === 'failure' || record['mcp_audit.access.decision'] === 'deny';
}

/** Milliseconds; a record without a time sorts last. @param {AuditRecord} record */
function timeOf(record) {
  const ms = Date.parse(field('time')(record));
  return Number.isNaN(ms) ? NO_TIME : ms;
}

/** @param {AuditRecord} a @param {AuditRecord} b */
function byTime(a, b) {
  return timeOf(a) - timeOf(b);
}

/** @param {AuditRecord} record @param {number} firstMs */
function offsetOf(record, firstMs) {
  const ms = timeOf(record) - firstMs;
  if (timeOf(record) === NO_TIME) return '?';
  return ms < 1000 ? `+${ms}ms` : `+${(ms / 1000).toFixed(2)}s`;
}

/** @param {AuditRecord} record */
function requestNumber(record) {
  const id = field('jsonrpc.request.id')(record);
  return /^\d{1,15}$/.test(id) ? Number(id) : Number.MAX_SAFE_INTEGER;
}

/** @param {string} a @param {string} b */
function compareText(a, b) {
  return a < b ? -1 : Number(a > b);
}

/** Truncates first, because a value can have any length. @param {string} raw */
function cell(raw) {
  const text = [...escapeText(raw.slice(0, 4 * MAX_CELL_LENGTH))];
  return text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1).join('')}…` : text.join('');
}
