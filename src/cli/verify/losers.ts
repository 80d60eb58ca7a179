/** How many missing records each sink lost. Pure. */

/** By the names of sinks. */
export type Lost = Readonly<Record<string, number>>;

/** Names of an input's own choosing that are told apart. */
const MAX_NAMES = 16;
const OTHERS = 'others';

export function lostByNone(): Record<string, number> {
  return { file: 0, stderr: 0 };
}

export function addLost(lost: Record<string, number>, sink: string, count: number): void {
  const has = (name: string) => Object.hasOwn(lost, name);
  const name = has(sink) || Object.keys(lost).length < MAX_NAMES ? sink : OTHERS;
  lost[name] = Math.min(Number.MAX_SAFE_INTEGER, (has(name) ? (lost[name] ?? 0) : 0) + count);
}

/** Those that lost any. */
export function losersIn(lost: Lost): [name: string, count: number][] {
  return Object.entries(lost).filter(([, count]) => count > 0);
}

/** `file`; or `file (3) and stderr (4)`. */
export function losersText(lost: Lost): string {
  const losers = losersIn(lost);
  if (losers.length === 1) return losers[0]?.[0] ?? '';
  const texts = losers.map(([name, count]) => `${name} (${count})`);
  return `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}
