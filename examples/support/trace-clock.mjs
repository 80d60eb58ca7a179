/**
 * Times of a trace's spans as text, relative to the first span, and a bar. Pure.
 *
 * @typedef {import('./otlp-json.mjs').Span} Span
 */

const BAR_WIDTH = 16;

/** @param {Span[]} trace */
export function clockOf(trace) {
  const starts = trace.map((span) => BigInt(span.startTimeUnixNano));
  const ends = trace.map((span) => BigInt(span.endTimeUnixNano));
  const first = starts.reduce((a, b) => (b < a ? b : a));
  const last = ends.reduce((a, b) => (b > a ? b : a), first);
  const totalMs = milliseconds(last - first);
  const cellsPerMs = totalMs > 0 ? BAR_WIDTH / totalMs : 0;
  /** @param {Span} span */
  const offsetMs = (span) => milliseconds(BigInt(span.startTimeUnixNano) - first);
  /** A missing end, or one before the start, counts as no duration. @param {Span} span */
  const lengthMs = (span) => Math.max(0, milliseconds(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)));
  return {
    total: readable(totalMs),
    /** @param {Span} span */
    start: (span) => `+${readable(offsetMs(span))}`,
    /** @param {Span} span */
    duration: (span) => readable(lengthMs(span)),
    /** @param {Span} span */
    bar(span) {
      const from = Math.min(BAR_WIDTH - 1, Math.floor(offsetMs(span) * cellsPerMs));
      const cells = Math.min(BAR_WIDTH - from, Math.round(lengthMs(span) * cellsPerMs));
      return ' '.repeat(from) + (cells > 0 ? '█'.repeat(cells) : '▏');
    },
  };
}

/** @param {bigint} nanos */
function milliseconds(nanos) {
  return Number(nanos) / 1e6;
}

/** @param {number} ms */
function readable(ms) {
  return ms < 1000 ? `${ms.toFixed(1)}ms` : `${(ms / 1000).toFixed(2)}s`;
}
