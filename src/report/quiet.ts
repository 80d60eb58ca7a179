/**
 * When we may speak. A process that was only preloaded with this package can be anything, `npm` among them: until MCP is
 * seen in it, nothing is said and no file is made. One state for all copies of the package in a process.
 */
import { attempt } from '../lib/attempt.js';

interface State {
  quiet: boolean;
  seen: boolean;
  readonly waiting: (() => void)[];
}

const STATE = Symbol.for('mcp-trail.quiet');
/** More than there are lines to be said at a start. */
const MAX_WAITING = 200;

function state(): State {
  const shared = globalThis as { [STATE]?: State };
  shared[STATE] ??= { quiet: false, seen: false, waiting: [] };
  return shared[STATE];
}

/** From now on, until MCP is seen, nobody wants to hear of us. */
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

/** A client or server connects, or a request for one was refused. What waited for that runs now. */
export function mcpSeen(): void {
  const now = state();
  if (now.seen) return;
  now.seen = true;
  for (const run of now.waiting.splice(0)) attempt(run);
}

/** Runs once MCP has been seen in the process: never, where there is none. */
export function whenMcpIsSeen(run: () => void): void {
  const { seen, waiting } = state();
  if (seen) attempt(run);
  else if (waiting.length < MAX_WAITING) waiting.push(run);
}

/** Runs now, but in a process that is quiet only once MCP has been seen. */
export function unlessQuiet(run: () => void): void {
  if (isQuiet()) whenMcpIsSeen(run);
  else attempt(run);
}
