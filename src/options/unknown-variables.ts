/** Variables that look like ours and are not: a misspelt one has no effect. */
import { nearestOf } from '../lib/nearest.js';
import { AUDIT, DIGEST_KEY_ID, INSTRUMENTATION, REGISTER, TOOL_LOCK_ENFORCE, WRAP } from './table.js';

const PREFIX = /^MCP_TRAIL_/i;
const PREFIX_LENGTH = 'MCP_TRAIL_'.length;
const MAX_NAMES = 20;
const MAX_NAME = 80;

/** The names of all variables that are read. */
export function knownVariables(): readonly string[] {
  const options = [INSTRUMENTATION, AUDIT, REGISTER, WRAP].flatMap<object>((table) => Object.values(table));
  return [...options, DIGEST_KEY_ID, TOOL_LOCK_ENFORCE].flatMap(
    (option: { readonly env?: string }) => option.env ?? [],
  );
}

/** One sentence for each environment variable that has our prefix and is not known. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known = knownVariables(),
): readonly string[] {
  const unknown = Object.keys(env).filter((name) => PREFIX.test(name) && !known.includes(name));
  return unknown.slice(0, MAX_NAMES).map((name) => {
    const nearest = name.length > MAX_NAME ? undefined : nearestOf(name.toUpperCase(), known, PREFIX_LENGTH);
    const hint = nearest === undefined ? 'docs/options.md lists all of them' : `Did you mean ${nearest}?`;
    return `${name.slice(0, MAX_NAME)} is not a setting of mcp-trail and has no effect. ${hint}`;
  });
}
