/** Hashes of servers, of the definitions of tools and of their members: equal hashes mean equal definitions. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../lib/canonical.js';
import { arrayLength, ownKeys, ownValue } from '../lib/foreign.js';
import type { MemberHashes } from './state.js';

/** SHA-256 of a text in UTF-8, as 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The key of a server, `mcp_audit.server.id`: the first 32 hexadecimal digits of SHA-256 over `["name","endpoint"]`, with
 * `null` for what is not known. The name is the server's own claim: two servers without an endpoint that call themselves
 * the same are one.
 */
export function serverId(name: string | undefined, endpoint: string | undefined): string {
  return sha256(JSON.stringify([name ?? null, endpoint ?? null])).slice(0, 32);
}

/**
 * Members of a tool that a change names. All other members, whose names the server chooses, are `other`.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool
 */
const MEMBERS: ReadonlySet<string> = new Set([
  'title',
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
  'icons',
  'execution',
]);
export const OTHER_MEMBERS = 'other';

/** Replaces the hash of a value that is too deep or too large. */
export const UNHASHABLE = 'unhashable';

const MAX_MEMBERS = 1000;
const MAX_ICONS = 1000;
/** Enough to detect a change. */
const MEMBER_HASH_LENGTH = 16;
/** The cost of an attempt to hash that failed. */
const COST_OF_FAILURE = 1_048_576;

/** Characters of one list that may still be hashed. */
export interface Work {
  left: number;
}

/** The members of a tool that belong to its definition: without `_meta`, and of icons only the sources. */
export interface Definition {
  readonly name: string;
  readonly members: Readonly<Record<string, unknown>> | undefined;
}

/** Reads one element of a list of tools; undefined if it is not a tool. */
export function readDefinition(tool: unknown): Definition | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined;
  const name = ownValue(tool, 'name', null);
  if (typeof name !== 'string') return undefined;
  const keys = ownKeys(tool);
  if (keys === undefined || keys.length > MAX_MEMBERS) return { name, members: undefined };
  const members: Record<string, unknown> = Object.create(null);
  for (const key of keys) {
    if (key !== '_meta')
      members[key] = key === 'icons' ? sources(ownValue(tool, key, null)) : ownValue(tool, key, null);
  }
  return { name, members };
}

function sources(icons: unknown): unknown {
  const length = arrayLength(icons);
  if (length === undefined || length > MAX_ICONS) return icons;
  return Array.from({ length }, (_, index) => {
    const icon = ownValue(icons as object, String(index), null);
    return typeof icon === 'object' && icon !== null ? ownValue(icon, 'src', null) : null;
  });
}

/** SHA-256 of the canonical JSON of the definition, name included. */
export function definitionHash({ members }: Definition, work: Work): string {
  return members === undefined ? UNHASHABLE : hashOf(members, work);
}

/** One short hash per member; members that the protocol does not define share one. */
export function memberHashes({ members }: Definition, work: Work): MemberHashes {
  const hashes: Record<string, string> = {};
  const others: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(members ?? {})) {
    if (value === undefined || key === 'name') continue;
    if (MEMBERS.has(key)) hashes[key] = hashOf(value, work).slice(0, MEMBER_HASH_LENGTH);
    else others[key] = value;
  }
  if (Object.keys(others).length > 0) hashes[OTHER_MEMBERS] = hashOf(others, work).slice(0, MEMBER_HASH_LENGTH);
  return hashes;
}

function hashOf(value: unknown, work: Work): string {
  if (work.left <= 0) return UNHASHABLE;
  try {
    const text = canonicalJson(value);
    work.left -= text.length;
    return sha256(text);
  } catch {
    work.left -= COST_OF_FAILURE;
    return UNHASHABLE;
  }
}

/**
 * Names of the members that differ, from the fixed list, of two definitions that do: if no member differs, the name does, in
 * characters that are not kept.
 */
export function changedMembers(before: MemberHashes, after: MemberHashes): string[] {
  const names = [...MEMBERS, OTHER_MEMBERS].filter((name) => before[name] !== after[name]).sort();
  return names.length > 0 ? names : ['name'];
}

/** Whether a stored member is one that changes name. */
export function isMember(name: string): boolean {
  return MEMBERS.has(name) || name === OTHER_MEMBERS;
}

/** The hash of several definitions regardless of their order: of tools with the same name, or of a whole list. */
export function setHash(lines: readonly string[]): string {
  return sha256([...lines].sort().join('\n'));
}
