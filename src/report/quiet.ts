/**
 * Silence until MCP is seen. A process that preloads this package can be anything, `npm` for example: until it uses MCP,
 * nothing is reported and no file is created. All copies of the package in a process share this state.
 */
import { attempt } from '../lib/attempt.js';

interface State {
  quiet: boolean;
  seen: boolean;
  readonly waiting: (() => void)[];
}

const STATE = Symbol.for('mcp-trail.quiet');
/** More than the lines of any start. */
const MAX_WAITING = 200;

function state(): State {
  const shared = globalThis as { [STATE]?: State };
  shared[STATE] ??= { quiet: false, seen: false, waiting: [] };
  return shared[STATE];
}

/** Keeps quiet until MCP is seen. */
export function keepQuiet(): void {
  state().quiet = true;
}

export function isQuiet(): boolean {
  const { quiet, seen } = state();
  return quiet && !seen;
}

export function isMcpSeen(): boolean {
  return state().seen;
}

/** Call when a client or server connects, or a request for one is refused. Runs everything that waited. */
export function mcpSeen(): void {
  const now = state();
  if (now.seen) return;
  now.seen = true;
  for (const run of now.waiting.splice(0)) attempt(run);
}

/** Runs once MCP is seen in the process. */
export function whenMcpIsSeen(run: () => void): void {
  const { seen, waiting } = state();
  if (seen) attempt(run);
  else if (waiting.length < MAX_WAITING) waiting.push(run);
}

/** Runs now, or once MCP is seen if the process is quiet. */
export function unlessQuiet(run: () => void): void {
  if (isQuiet()) whenMcpIsSeen(run);
  else attempt(run);
}
