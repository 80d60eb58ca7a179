/** A test file that shares its process with others leaves it as it has found it, or those after it would see another one. */
import { afterAll, expect, vi } from 'vitest';

/** What tests replace, by who has it. Not everything there is: Node.js itself replaces much when it is first used. */
const REPLACED: readonly (readonly [string, object, readonly string[]])[] = [
  ['', globalThis, ['Date', 'fetch', 'queueMicrotask', 'structuredClone']],
  ['', globalThis, ['set', 'clear'].flatMap((what) => ['Timeout', 'Interval', 'Immediate'].map((of) => what + of))],
  ['Date.', Date, ['now', 'parse']],
  ['Math.', Math, ['random']],
  ['performance.', performance, ['now']],
  ['console.', console, ['debug', 'error', 'info', 'log', 'warn']],
  ['process.', process, ['emit', 'emitWarning', 'exit', 'hrtime', 'kill', 'memoryUsage', 'nextTick', 'on', 'once']],
  ['process.stdout.', process.stdout, ['write']],
  ['process.stderr.', process.stderr, ['write']],
];

/** The APIs of OpenTelemetry that are registered, of every copy. */
function registered(): [string, unknown][] {
  const symbols = Object.getOwnPropertySymbols(globalThis).filter((symbol) => /opentelemetry/.test(String(symbol)));
  return symbols.flatMap((symbol) => {
    const apis = Object.entries(Object((globalThis as Record<symbol, unknown>)[symbol]) as object);
    // The first to register leaves its version.
    return apis
      .filter(([name]) => name !== 'version')
      .map(([name, api]): [string, unknown] => [`${String(symbol)} ${name}`, api]);
  });
}

function state(): Map<string, unknown> {
  const members = REPLACED.flatMap(([of, object, names]) =>
    names.map((name): [string, unknown] => [`${of}${name}`, (object as Record<string, unknown>)[name]]),
  );
  const variables = Object.entries(process.env).map(([name, value]): [string, unknown] => [`$${name}`, value]);
  // Packages wait for the exit once they have been used.
  const listeners = process
    .eventNames()
    .filter((name) => name !== 'exit')
    .map((name): [string, unknown] => [`listeners of ${String(name)}`, process.listenerCount(name)]);
  return new Map([...members, ...variables, ...listeners, ...registered(), ['folder', process.cwd()]]);
}

const before = state();

// Hooks run in the reverse order of their registration: this one after those of the file.
afterAll(() => {
  vi.restoreAllMocks();
  const after = state();
  const names = [...new Set([...before.keys(), ...after.keys()])];
  expect(
    names.filter((name) => before.get(name) !== after.get(name)),
    'what this file has changed in its process',
  ).toEqual([]);
});
