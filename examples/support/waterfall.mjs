/**
 * Spans as text: one line per span, nested across processes, with times, a bar, status and key attributes.
 * Pure: the same spans give the same text.
 *
 * @typedef {import('./otlp-json.mjs').Span} Span
 * @typedef {import('./span-tree.mjs').Row} Row
 *
 * @typedef {object} WaterfallOptions
 * @property {boolean} [colour] ANSI colours; default off
 * @property {boolean} [normalise] for golden files: no times and bars, ids and ports replaced by their order, and
 *   siblings drawn by service, kind, request id and name instead of by time
 * @property {'key' | 'all'} [attributes] a selection at the end of the line, or all of them on lines below it
 *
 * @typedef {object} View context of the columns
 * @property {ReturnType<typeof painter>} paint
 * @property {ReturnType<typeof linkMarks>} marks
 * @property {ReturnType<typeof clockOf>} clock
 */
import { allAttributes, escapeText, keyAttributes, numbering } from './attribute-text.mjs';
import { groupBy, inOrder, treeRows } from './span-tree.mjs';
import { clockOf } from './trace-clock.mjs';

const MAX_NAME_LENGTH = 60;

/**
 * The columns of a line, in order. Golden files leave out `timed` ones.
 *
 * @type {{
 *   text: (span: Span, view: View, row: Row) => string,
 *   style: (span: Span, view: View) => (text: string) => string,
 *   right?: boolean,
 *   timed?: boolean,
 * }[]}
 */
const COLUMNS = [
  {
    text: (span, { marks }, { lead }) => `${lead}${nameOf(span)}${marks.target(span)}`,
    style: (span, { paint }) => (span.status.code === 'ERROR' ? paint.red : paint.plain),
  },
  { text: serviceOf, style: (span, { paint }) => paint.service(span) },
  { text: (span) => span.kind.toLowerCase(), style: (_, { paint }) => paint.dim },
  { text: (span, { clock }) => clock.start(span), style: (_, { paint }) => paint.dim, right: true, timed: true },
  { text: (span, { clock }) => clock.duration(span), style: (_, { paint }) => paint.plain, right: true, timed: true },
  { text: (span, { clock }) => clock.bar(span), style: (span, { paint }) => paint.service(span), timed: true },
];

/**
 * @param {Span[]} spans from any number of traces and processes
 * @param {WaterfallOptions} [options]
 * @returns {string}
 */
export function waterfall(spans, options = {}) {
  const { colour = false, normalise = false, attributes = 'key' } = options;
  const ordered = inOrder(spans, normalise ? 'content' : 'time');
  const columns = COLUMNS.filter(({ timed }) => !(timed && normalise));
  const paint = painter(colour, ordered);
  const marks = linkMarks(ordered, normalise);
  const order = numbering();

  /** @param {Span[]} trace @param {number} index */
  const drawTrace = (trace, index) => {
    const view = { paint, marks, clock: clockOf(trace) };
    const rows = treeRows(trace);
    const table = rows.map((row) => columns.map(({ text }) => (row.span ? text(row.span, view, row) : '')));
    const widths = columns.map((_, column) => table.reduce((max, cells) => Math.max(max, lengthOf(cells[column])), 0));

    const lines = rows.flatMap((row, index) => {
      const { span } = row;
      if (!span) return [paint.red(`(parent ${normalise ? '' : `${escapeText(row.missingParent)} `}not received)`)];
      const cells = columns.map(({ style, right }, column) => {
        const text = table[index][column];
        const padding = ' '.repeat(widths[column] - lengthOf(text));
        return style(span, view)(right ? padding + text : text + padding);
      });
      const tail = [
        paint.red(failureOf(span)),
        marks.arrows(span),
        row.inCycle ? paint.red('(its own ancestor)') : '',
        attributes === 'key' ? paint.dim(keyAttributes(span)) : '',
      ];
      const line = [...cells, ...tail.filter(Boolean)].join('  ').trimEnd();
      if (attributes === 'key') return [line];
      const indent = `${row.below}${row.continued ? '│ ' : '  '}  `;
      return [line, ...allAttributes(span, normalise ? order : undefined).map((text) => indent + text)];
    });

    const count = `${trace.length} ${trace.length === 1 ? 'span' : 'spans'}`;
    const title = normalise
      ? `trace ${index + 1}  ${count}`
      : `trace ${escapeText(trace[0].traceId)}  ${count}  ${view.clock.total}`;
    return [paint.bold(title), ...lines].join('\n');
  };

  return [...groupBy(ordered, (span) => span.traceId).values()].map(drawTrace).join('\n\n');
}

/** @param {Span} span */
function nameOf(span) {
  const name = [...escapeText(span.name)];
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH - 1).join('')}…` : name.join('');
}

/** @param {Span} span */
function serviceOf(span) {
  return escapeText(span.resource['service.name'] ?? '?');
}

/** @param {Span} span */
function failureOf({ status, attributes }) {
  const parts = [
    status.code === 'ERROR' ? 'ERROR' : '',
    attributes['error.type'],
    status.message && JSON.stringify(status.message),
  ];
  return escapeText(parts.filter(Boolean).join(' '));
}

/**
 * A linked span gets a number, a linking span an arrow with that number.
 *
 * @param {Span[]} spans
 * @param {boolean} normalise
 */
function linkMarks(spans, normalise) {
  /** @param {{ traceId: string, spanId: string }} id */
  const keyOf = ({ traceId, spanId }) => `${traceId}/${spanId}`;
  const known = new Set(spans.map(keyOf));
  const targets = new Set(spans.flatMap((span) => span.links.map(keyOf)));
  const numbers = new Map([...targets].filter((key) => known.has(key)).map((key, index) => [key, index + 1]));
  return {
    /** @param {Span} span */
    target(span) {
      const number = numbers.get(keyOf(span));
      return number ? ` [${number}]` : '';
    },
    /** @param {Span} span */
    arrows(span) {
      const elsewhere = (/** @type {string} */ spanId) => (normalise ? 'elsewhere' : escapeText(spanId));
      return span.links.map((link) => `↪[${numbers.get(keyOf(link)) ?? elsewhere(link.spanId)}]`).join(' ');
    },
  };
}

const SERVICE_COLOURS = [36, 33, 35, 34, 32];

/**
 * @param {boolean} colour
 * @param {Span[]} spans
 */
function painter(colour, spans) {
  const services = [...new Set(spans.map(serviceOf))];
  /** @param {number} code */
  const ansi = (code) => (/** @type {string} */ text) =>
    colour && text.trim() !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    /** @param {string} text */
    plain: (text) => text,
    bold: ansi(1),
    dim: ansi(2),
    red: ansi(31),
    /** @param {Span} span */
    service: (span) => ansi(SERVICE_COLOURS[services.indexOf(serviceOf(span)) % SERVICE_COLOURS.length]),
  };
}

/** Counts characters, not UTF-16 units. @param {string} text */
function lengthOf(text) {
  return [...text].length;
}
