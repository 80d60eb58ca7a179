/**
 * Arranges spans as rows, parents before children, with the tree lines of a waterfall. Pure.
 *
 * @typedef {import('./otlp-json.mjs').Span} Span
 * @typedef {object} Row
 * @property {Span} [span] absent on a row for a missing parent
 * @property {string} [missingParent] the missing parent's id
 * @property {boolean} [inCycle] the span is its own ancestor
 * @property {string} lead tree lines before the name
 * @property {string} below tree lines before all rows below it
 * @property {boolean} [continued] there are rows below it
 */

/** Maximum indentation. */
const MAX_INDENT = 3 * 32;

/**
 * @param {Span[]} spans of one trace, siblings in drawing order
 * @returns {Row[]}
 */
export function treeRows(spans) {
  const known = new Set(spans.map((span) => span.spanId));
  const childrenOf = groupBy(spans, (span) => span.parentSpanId);
  /** @type {Row[]} */
  const rows = [];
  /** @type {Set<Span>} */
  const drawn = new Set();

  /** @param {Pick<Row, 'span' | 'missingParent' | 'inCycle'>} top */
  const draw = (top) => {
    // An explicit stack, because a hostile trace can be arbitrarily deep.
    const stack = [{ ...top, lead: '', below: '' }];
    for (let row = stack.pop(); row; row = stack.pop()) {
      const children = (childrenOf.get(row.span?.spanId ?? row.missingParent ?? '') ?? []).filter((c) => !drawn.has(c));
      rows.push({ ...row, continued: children.length > 0 });
      const indent = row.below.slice(0, MAX_INDENT);
      const below = children.map((span, index) => {
        const last = index === children.length - 1;
        drawn.add(span);
        return { span, lead: indent + (last ? '└─ ' : '├─ '), below: indent + (last ? '   ' : '│  ') };
      });
      for (const child of below.reverse()) stack.push(child);
    }
  };

  for (const span of childrenOf.get('') ?? []) {
    drawn.add(span);
    draw({ span });
  }
  for (const missingParent of childrenOf.keys()) {
    if (missingParent !== '' && !known.has(missingParent)) draw({ missingParent });
  }
  // The remaining spans are in cycles, without a path to a root.
  for (const span of spans) {
    if (drawn.has(span)) continue;
    drawn.add(span);
    draw({ span, inCycle: true });
  }
  return rows;
}

/**
 * Start times have millisecond resolution, so the order of ties differs from run to run.
 *
 * @param {Span[]} spans
 * @param {'time' | 'content'} [first] primary order; the other one breaks ties
 */
export function inOrder(spans, first = 'time') {
  const compare = first === 'time' ? [byTime, ...BY_CONTENT] : [...BY_CONTENT, byTime];
  return [...spans].sort((a, b) => compare.reduce((decided, by) => decided || by(a, b), 0));
}

/** @param {Span} a @param {Span} b */
function byTime(a, b) {
  return compareText(a.startTimeUnixNano.padStart(20, '0'), b.startTimeUnixNano.padStart(20, '0'));
}

/** Request ids of a sender increase, so they give the order. @type {((a: Span, b: Span) => number)[]} */
const BY_CONTENT = [
  (a, b) => compareText(String(a.resource['service.name']), String(b.resource['service.name'])),
  (a, b) => compareText(a.kind, b.kind),
  (a, b) => numericId(a) - numericId(b),
  (a, b) => compareText(a.name, b.name),
];

/** @param {Span} span */
function numericId(span) {
  const id = span.attributes['jsonrpc.request.id'];
  return /^\d{1,15}$/.test(String(id)) ? Number(id) : Number.MAX_SAFE_INTEGER;
}

/** @param {string} a @param {string} b */
function compareText(a, b) {
  return a < b ? -1 : Number(a > b);
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @returns {Map<string, T[]>}
 */
export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
