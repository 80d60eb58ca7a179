/** Starts `mcp-trail wrap` with as little code as possible. */
import { attempt } from '../lib/attempt.js';
import { run } from '../wrap/run.js';
import { wrapRequestOf } from './wrap.js';

/** Whether the command was started; if not, there is something to say about the arguments. */
export function startWrapped(args: readonly string[]): boolean {
  const request = attempt(() => wrapRequestOf(args));
  if (request === undefined) return false;
  void run(request);
  return true;
}
