/**
 * Why MCP is not observed, as far as is known. Parts of this package that give up on a file, an SDK or a runtime note it here;
 * nothing is said before MCP is spoken that no hook sees. All copies of the package share this state.
 */
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { Unobserved } from '../../audit/unobserved-record.js';
import { registerUrl } from '../../lib/location.js';
import { RUNTIME } from '../../lib/runtime.js';

/** A cause of MCP that is not observed. */
export interface Cause {
  readonly reason: Exclude<Unobserved['reason'], 'too_long'>;
  /** The path or URL of the file that could not be instrumented. Only its last part is told. */
  readonly file?: string;
  /** What is the matter, in our own words. */
  readonly detail?: string;
}

/** What may be the matter where nothing was noted, besides an unknown implementation. */
export type Guess = 'late' | 'bundle' | 'bundles_off' | 'jest';

/** The most likely cause, and the guesses where it is not known. */
export interface Diagnosis extends Cause {
  readonly guesses: readonly Guess[];
}

/** A copy of an MCP SDK that this process has loaded: `mcp-trail doctor` reads them. */
interface Copy {
  readonly name: string;
  readonly version?: string | undefined;
  readonly hooked: boolean;
}

/** Whether this package was loaded after the application's own modules. */
type Lateness = 'no' | 'possible' | 'probable';

interface State {
  readonly noted: Cause[];
  isSdkSeen: boolean;
  lateness: Lateness;
  /** Undefined as long as nobody has said. */
  bundles: boolean | undefined;
  /** Undefined where another version of this package has made the state. */
  readonly copies?: Copy[];
}

const STATE = Symbol.for('mcp-trail.unobserved-causes');
const MAX_NOTED = 8;
const MAX_COPIES = 20;
/** The more specific first. */
const ORDER: readonly Cause['reason'][] = ['bundle', 'sdk_version', 'runtime'];

function state(): State {
  const global = globalThis as { [STATE]?: State };
  global[STATE] ??= { noted: [], isSdkSeen: false, lateness: 'no', bundles: undefined, copies: [] };
  return global[STATE];
}

/** Notes why MCP may not be observed in this process. */
export function noteCause(cause: Cause): void {
  const { noted } = state();
  if (noted.length < MAX_NOTED) noted.push(cause);
}

/** Notes that an MCP SDK was instrumented when it was loaded: hooks came in time. */
export function noteSdk(): void {
  state().isSdkSeen = true;
}

/** Notes a copy of an MCP SDK. The same one twice is one. */
export function noteCopy(copy: Copy): void {
  const { copies } = state();
  const isKnown = copies?.some(({ name, version }) => name === copy.name && version === copy.version);
  if (copies !== undefined && !isKnown && copies.length < MAX_COPIES) copies.push(copy);
}

/** Notes whether an instrumentation instruments SDKs in bundles. */
export function noteBundles(areOn: boolean): void {
  const shared = state();
  shared.bundles = shared.bundles === true || areOn;
}

/** The cause that is most likely. */
export function probableCause(): Diagnosis {
  const { noted, isSdkSeen, lateness, bundles } = state();
  for (const reason of ORDER) {
    const cause = noted.find((each) => each.reason === reason);
    if (cause !== undefined) return { ...cause, guesses: [] };
  }
  // An entry in CommonJS that was not there at the start has run since.
  const isLate = lateness !== 'no' && !isSdkSeen && process.mainModule === undefined;
  const late: readonly Guess[] = isLate ? ['late'] : [];
  // An SDK in a bundle is as likely as a late start if bundles are left alone.
  if (isLate && lateness === 'probable' && bundles !== false) return { reason: 'late', guesses: late };
  return { reason: 'unknown_implementation', guesses: [...late, placeOfSdk(bundles)] };
}

/** Where an SDK may be that no hook sees. */
function placeOfSdk(bundles: boolean | undefined): Guess {
  // Jest sets this in the processes that run tests, and compiles what they load.
  if (process.env['JEST_WORKER_ID'] !== undefined) return 'jest';
  return bundles === false ? 'bundles_off' : 'bundle';
}

/**
 * Notes if the application's own modules may be evaluated already: those that an ES module imports are loaded before
 * any of them runs, so an SDK among them is not hooked. CommonJS loads them one after the other, and what was loaded before is found.
 */
export function noteLateStart(process: NodeJS.Process): void {
  const isEsm = process.mainModule === undefined && process.argv[1] !== undefined;
  state().lateness = isMainThread && isEsm ? latenessOf(process) : 'no';
}

const IMPORTS = /(?:^|\s)(--import|--experimental-config-file|--experimental-default-config-file)(?:[=\s]\s*(\S+)|$)/g;

function latenessOf({ execArgv, env }: NodeJS.Process): Lateness {
  // Node.js is still loading what `--require` names.
  if (performance.nodeTiming.bootstrapComplete < 0) return 'no';
  const options = [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ');
  const imports = [...options.matchAll(IMPORTS)].map(([, , specifier = '']) => specifier);
  if (imports.some(isOurs)) return 'no';
  // Any file that is imported first may import this package.
  return imports.length > 0 ? 'possible' : 'probable';
}

function isOurs(specifier: string): boolean {
  if (/^mcp-trail(?:\/|$)|[/\\]node_modules[/\\]mcp-trail[/\\]/.test(specifier)) return true;
  const url = specifier.startsWith('file:') ? specifier : pathToFileURL(resolve(specifier)).href;
  const register = registerUrl();
  return register !== undefined && [register, new URL('../esm/register.js', register).href].includes(url);
}

/** Notes runtimes in which bundles cannot be rewritten. */
export function noteRuntime(): void {
  const detail = RUNTIMES[RUNTIME];
  if (detail !== undefined && !state().noted.some(({ reason }) => reason === 'runtime'))
    noteCause({ reason: 'runtime', detail });
}

const RUNTIMES = { node: undefined, bun: 'Bun', deno: 'Deno' } as const;
