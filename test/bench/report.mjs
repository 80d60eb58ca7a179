/** Computes the table and the verdict from the rounds. */
import { variants } from './variants.mjs';

/** Limit of mcp-trail's added time relative to the floor's; the target is 1.0, the rest is measurement noise. */
const LIMIT_IN_FLOORS = 1.1;

/** Maximum difference between two measurements of the same code for a valid run. */
const NOISE_IN_FLOORS = 0.1;

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @typedef {{ sdk: string, variant: string, microseconds: { wall: number, cpu: number } }} Round
 * @param {Round[]} rounds of one SDK
 * @param {string[]} names variants in table order
 * @param {'wall' | 'cpu'} clock
 */
export function summarise(rounds, names, clock) {
  const timesOf = (name) => rounds.filter((round) => round.variant === name).map((round) => round.microseconds[clock]);
  const addedBy = (name) => median(timesOf(name)) - median(timesOf('bare'));
  return names.map((name) => {
    const times = timesOf(name);
    const [min, max] = [Math.min(...times), Math.max(...times)];
    // NaN if this run has no `bare` or no `floor` to compare with.
    const added = addedBy(name);
    return {
      name,
      median: median(times),
      min,
      max,
      spread: (max - min) / median(times),
      added,
      floors: added / addedBy('floor'),
    };
  });
}

/** @param {ReturnType<typeof summarise>} summary */
export function formatTable(summary) {
  const number = (value, digits) => (Number.isNaN(value) ? '-' : value.toFixed(digits));
  const rows = summary.map((row) => [
    variants[row.name].title,
    number(row.median, 1),
    `${number(row.min, 1)}..${number(row.max, 1)}`,
    `${number(row.spread * 100, 0)} %`,
    number(row.added, 1),
    number(row.floors, 2),
  ]);
  const header = ['variant', 'median µs per call', 'min..max', 'spread', 'added µs', 'added, in floors'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(['---', ...Array(header.length - 1).fill('---:')]), ...rows.map(line)].join('\n');
}

/**
 * Whether mcp-trail is within the limit. A run whose control is far from its floor measured the machine, and fails too.
 *
 * @param {ReturnType<typeof summarise>} summary
 */
export function judge(summary) {
  const floorsOf = (name) => summary.find((row) => row.name === name)?.floors ?? Number.NaN;
  const [trail, control] = [floorsOf('trail'), floorsOf('control')];
  if (Number.isNaN(trail) || Number.isNaN(control)) {
    return { failed: false, sentence: 'No verdict: it requires bare, floor, control and trail in one run.' };
  }
  const figures = `mcp-trail adds ${trail.toFixed(2)} × what the floor adds; the floor itself, again, ${control.toFixed(2)} ×`;
  if (Math.abs(control - 1) > NOISE_IN_FLOORS) {
    return { failed: true, sentence: `TOO NOISY: ${figures}. Try a quiet machine or more rounds.` };
  }
  const failed = trail > LIMIT_IN_FLOORS;
  return { failed, sentence: `${failed ? 'TOO SLOW' : 'OK'}: ${figures}; the limit is ${LIMIT_IN_FLOORS}.` };
}
