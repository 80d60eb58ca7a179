/**
 * MCP that no hook sees is said once for each place where it is spoken, and recorded where there is an audit trail. A process
 * without MCP says and records nothing.
 */
import { latestRecorder } from '../../audit/registry.js';
import { guarded } from '../../report/guarded.js';
import { mcpSeen } from '../../report/quiet.js';
import { warnOperator } from '../../report/report.js';
import type { Undo } from '../replace-methods.js';
import { type Cause, type Diagnosis, type Guess, noteLateStart, noteRuntime, probableCause } from './causes.js';
import { watchChildren } from './child-input.js';
import { Detector, type Found, type Place } from './detector.js';
import { watchHttpClients, watchUndici } from './http-client.js';
import { watchHttp2Servers, watchHttpServers } from './http-server.js';
import { watchStandardInput } from './standard-input.js';

/** One detector per process, of the first copy of this package that wants one. */
const DETECTOR = Symbol.for('mcp-trail.unobserved-detector');

interface Shared {
  readonly detector: Pick<Detector, 'settle' | 'stop'>;
  users: number;
}

/** Watches this process. Returns a function that stops this, after it has decided about all that has arrived. */
export function watchUnobserved(): Undo {
  const global = globalThis as { [DETECTOR]?: Shared | undefined };
  global[DETECTOR] ??= { detector: start(process), users: 0 };
  const shared = global[DETECTOR];
  shared.users += 1;
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    shared.users -= 1;
    if (shared.users > 0) return;
    if (global[DETECTOR] === shared) global[DETECTOR] = undefined;
    shared.detector.stop();
  };
}

/** Decides about all that has arrived: the process may be about to end. */
export function settleUnobserved(): void {
  (globalThis as { [DETECTOR]?: Shared })[DETECTOR]?.detector.settle();
}

function start(process: NodeJS.Process): Detector {
  guarded('looking for causes', () => {
    noteRuntime();
    noteLateStart(process);
  });
  const detector = new Detector(tell);
  detector.watch('stdin', (each) => watchStandardInput(each, process));
  detector.watch('http.server', watchHttpServers);
  detector.watch('http.server', watchHttp2Servers);
  detector.watch('http.client', watchHttpClients);
  detector.watch('http.client', watchUndici);
  detector.watch('child', watchChildren);
  return detector;
}

function tell({ place, request }: Found): void {
  const cause = probableCause();
  // First what has waited for MCP.
  mcpSeen();
  warnOperator(lineOf(place, cause));
  latestRecorder()?.unobserved({
    place,
    reason: cause.reason,
    method: request.method,
    version: request.version,
    file: baseName(cause.file),
  });
}

const PLACES: Readonly<Record<Place, string>> = {
  stdin: 'that arrives on stdin',
  'http.server': 'that arrives at an HTTP server',
  'http.client': 'sent by this process over HTTP',
  child: 'sent by this process to a child process',
};

const SERVER = 'instrumentServer or instrumentTransport';
const CLIENT = 'instrumentClient or instrumentTransport';
const MANUAL: Readonly<Record<Place, string>> = {
  stdin: SERVER,
  'http.server': SERVER,
  'http.client': CLIENT,
  child: CLIENT,
};

const UNBUNDLE = 'keep the SDK out of the bundle (in Next.js by serverExternalPackages)';
const UNKNOWN = 'this implementation of MCP is unknown to mcp-trail';

/** What is the matter, and what helps besides manual instrumentation. */
interface Explanation {
  readonly whys: readonly string[];
  readonly remedies: readonly string[];
}

const GUESSES: Readonly<Record<Guess, () => readonly [why: string, remedy?: string]>> = {
  late: () => [
    'mcp-trail was loaded after the MCP SDK',
    'load mcp-trail first (node --import mcp-trail/register, or the file that creates McpInstrumentation)',
  ],
  bundle: () => ['the MCP SDK is inside a bundle', UNBUNDLE],
  jest: () => ['Jest has loaded the MCP SDK, past every hook'],
  bundles_off: () => ['the MCP SDK is inside a bundle, and instrumenting bundles is switched off', switchOn()],
};

function switchOn(): string {
  const isSet = (process.env['MCP_TRAIL_BUNDLES'] ?? '').trim() !== '';
  return isSet ? 'remove MCP_TRAIL_BUNDLES=off, or in code set `bundles: true`' : 'set `bundles: true`';
}

function guessed({ guesses }: Diagnosis): Explanation {
  const known = guesses.map((guess) => GUESSES[guess]());
  return { whys: [...known.map(([why]) => why), UNKNOWN], remedies: known.flatMap(([, remedy]) => remedy ?? []) };
}

const CAUSES: Readonly<Record<Cause['reason'], (diagnosis: Diagnosis) => Explanation>> = {
  bundle: ({ file, detail }) => ({
    whys: [
      `${baseName(file) ?? 'a bundle'} contains an MCP SDK that cannot be instrumented${detail ? `: ${detail}` : ''}`,
    ],
    remedies: [UNBUNDLE],
  }),
  sdk_version: ({ detail }) => ({
    whys: [`mcp-trail does not know the version of the MCP SDK${detail ? `, ${detail}` : ''}`],
    remedies: ['update mcp-trail'],
  }),
  runtime: ({ detail = 'this runtime' }) => ({
    whys: [`the MCP SDK is inside a bundle, which cannot be instrumented in ${detail}`, UNKNOWN],
    remedies: ['keep the SDK out of the bundle'],
  }),
  late: guessed,
  unknown_implementation: guessed,
};

function lineOf(place: Place, diagnosis: Diagnosis): string {
  const { whys, remedies } = CAUSES[diagnosis.reason](diagnosis);
  const help = alternatives([...remedies, `call ${MANUAL[place]}`]);
  return `MCP ${PLACES[place]} is not observed: ${alternatives(whys)}. ${help.charAt(0).toUpperCase()}${help.slice(1)}`;
}

function alternatives(texts: readonly string[]): string {
  const last = texts.at(-1) ?? '';
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')}, or ${last}`;
}

const MAX_FILE = 128;

/** The name of a file, without folder and query. */
function baseName(file: string | undefined): string | undefined {
  const name = file
    ?.replace(/[?#].*$/s, '')
    .split(/[/\\]/)
    .at(-1);
  return name === undefined || name === '' ? undefined : name.slice(0, MAX_FILE);
}
