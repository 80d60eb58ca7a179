/** The tool lock: definitions of tools that somebody has reviewed, and how tools differ from them. */
import { changedMembers, UNHASHABLE } from './hashes.js';
import type { MemberHashes } from './state.js';

/** A tool as locked. Its hash decides; the hashes of its members say what changed. */
export interface LockedTool {
  /** As the inventory has it: redacted, without control characters. */
  readonly name: string;
  /** SHA-256 of the definition, as 64 hexadecimal digits. */
  readonly hash: string;
  readonly memberHashes: MemberHashes;
}

/** A server as locked. */
export interface LockedServer {
  /** Its own claim. Absent for a server that gives itself no name. */
  readonly name?: string;
  /** If present, the entry is that of the server at this endpoint alone, else of every server with the name. */
  readonly endpoint?: string;
  readonly tools: readonly LockedTool[];
}

/** The content of a lock file. */
export interface ToolLockDocument {
  readonly $schema?: string;
  readonly version: 1;
  readonly servers: readonly LockedServer[];
}

/** A tool as a list has it. */
export interface FoundTool {
  readonly name: string;
  readonly hash: string;
  /** Undefined if they are not known. */
  readonly members: MemberHashes | undefined;
}

/** How a tool differs from the lock. */
export interface ToolDifference {
  readonly name: string;
  /** `added`: not in the lock. `removed`: in the lock alone. */
  readonly change: 'added' | 'removed' | 'modified';
  /** The hash found, or `unhashable`; undefined for a tool that is not listed. */
  readonly hash: string | undefined;
  readonly lockedHash: string | undefined;
  /** Names of the members that differ. Empty unless the tool was modified, and they are known. */
  readonly members: readonly string[];
}

/**
 * The one answer to "is this tool as locked?": undefined if it is. A definition that is too large or too deep for a hash
 * never is.
 */
export function differenceOf(locked: LockedTool | undefined, found: FoundTool | undefined): ToolDifference | undefined {
  const name = (found ?? locked)?.name;
  if (name === undefined || (found?.hash === locked?.hash && found?.hash !== UNHASHABLE)) return undefined;
  const is = { name, hash: found?.hash, lockedHash: locked?.hash };
  if (locked === undefined) return { ...is, change: 'added', members: [] };
  if (found === undefined) return { ...is, change: 'removed', members: [] };
  const members = found.members && changedMembers(locked.memberHashes, found.members);
  return { ...is, change: 'modified', members: members ?? [] };
}

/** The locked tools of one server, by name. */
export type LockedTools = ReadonlyMap<string, LockedTool>;

/** Who is asked about: names and endpoints as the inventory has them. */
export interface ServerKey {
  readonly name?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** A lock, ready to be asked. */
export class ToolLock {
  /** The entries of the document, with their tools by name. */
  readonly entries: readonly { readonly server: LockedServer; readonly tools: LockedTools }[];
  readonly #byKey: ReadonlyMap<string, LockedTools>;

  constructor({ servers }: ToolLockDocument) {
    this.entries = servers.map((server) => ({
      server,
      tools: new Map(server.tools.map((tool) => [tool.name, tool])),
    }));
    this.#byKey = new Map(this.entries.map(({ server, tools }) => [keyOf(server), tools]));
  }

  /** The tools of the entry for this endpoint, or else of the one for every endpoint; undefined if the lock has neither. */
  toolsOf({ name, endpoint }: ServerKey): LockedTools | undefined {
    return this.#byKey.get(keyOf({ name, endpoint })) ?? this.#byKey.get(keyOf({ name }));
  }
}

/** Entries of a lock with equal keys are the same. */
export function keyOf({ name, endpoint }: ServerKey): string {
  return JSON.stringify([name ?? null, endpoint ?? null]);
}
