/** What a server says of itself, put together from what it said before and says now. */
import { startOf } from '../lib/text.js';
import { MAX_CAPABILITIES, MAX_NAME, MAX_PROTOCOL_VERSIONS } from './limits.js';
import type { Names } from './names.js';
import type { KnownFacts } from './state.js';
import type { ServerFacts } from './types.js';

const TEXTS = ['name', 'version', 'title', 'endpoint', 'instructionsHash'] as const;
/** Made by this package, and safe by the contract of who gives them. */
const SAFE: ReadonlySet<string> = new Set(['endpoint', 'instructionsHash']);

/** The facts after these were seen. */
export function learn(known: KnownFacts | undefined, facts: ServerFacts, names: Names): KnownFacts {
  const learnt: { -readonly [K in keyof KnownFacts]: KnownFacts[K] } = {
    ...known,
    protocolVersions: union(known?.protocolVersions ?? [], kept(facts.protocolVersions, names)),
    capabilities: capabilities(facts.capabilities, names) ?? known?.capabilities ?? [],
  };
  for (const key of TEXTS) {
    const text = facts[key];
    if (typeof text === 'string') learnt[key] = SAFE.has(key) ? startOf(text, MAX_NAME) : names.kept(text);
  }
  return learnt;
}

function capabilities(told: readonly string[] | undefined, names: Names): string[] | undefined {
  if (!Array.isArray(told)) return undefined;
  return [...new Set(kept(told, names))].sort().slice(0, MAX_CAPABILITIES);
}

function kept(told: readonly unknown[] | undefined, names: Names): string[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, 4 * MAX_CAPABILITIES).flatMap((each) => (typeof each === 'string' ? [names.kept(each)] : []));
}

/** Those that were there first stay when there are too many. */
export function union(first: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...first, ...more])].slice(0, MAX_PROTOCOL_VERSIONS).sort();
}

export function sameFacts(a: KnownFacts, b: KnownFacts): boolean {
  return (
    TEXTS.every((key) => a[key] === b[key]) &&
    sameList(a.protocolVersions, b.protocolVersions) &&
    sameList(a.capabilities, b.capabilities)
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
