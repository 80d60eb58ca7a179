/**
 * Which auditors there are, for what applications record themselves. Kept in a place that all copies of the package
 * know: what is preloaded as ESM is used by an application that loads the CommonJS build.
 */
import type { Auditor } from './auditor.js';

const AUDITORS = Symbol.for('mcp-trail.auditors');
const MAX_AUDITORS = 64;

interface Registry {
  [AUDITORS]?: Auditor[];
}

/** The newest last. Of more than a process has use for, the oldest is forgotten. */
function auditors(): Auditor[] {
  const registry = globalThis as Registry;
  registry[AUDITORS] ??= [];
  return registry[AUDITORS];
}

export function register(auditor: Auditor): void {
  const all = auditors();
  if (all.push(auditor) > MAX_AUDITORS) all.shift();
}

export function unregister(auditor: Auditor): void {
  const all = auditors();
  const at = all.indexOf(auditor);
  if (at !== -1) all.splice(at, 1);
}

/** The one that speaks for the process where no operation says which. */
export function latestAuditor(): Auditor | undefined {
  return auditors().at(-1);
}
