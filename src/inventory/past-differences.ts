/** Tools that were not as locked when a record of that was written, whatever they are now. */
import { MAX_ALL_TOOLS } from './bounds.js';
import { isMember } from './hashes.js';
import { Names } from './names.js';
import { type RecordRead, text, texts } from './record-values.js';
import { differenceOf, keyOf, type ServerKey, type ToolDifference, type ToolLock } from './tool-lock.js';

export interface PastDifference {
  readonly server: ServerKey;
  readonly tool: ToolDifference;
  /** When the latest record of it was written, in milliseconds since 1970. */
  readonly at: number;
}

/** Call {@link add} for each record, then {@link all}. */
export class PastDifferences {
  readonly #lock: ToolLock;
  readonly #names = new Names(undefined);
  readonly #found = new Map<string, PastDifference>();

  constructor(lock: ToolLock) {
    this.#lock = lock;
  }

  /** @param at when it was written, in milliseconds since 1970 */
  add(record: RecordRead, at: number): void {
    const isOfLock = text(record, 'mcp_audit.tool.compared_with') === 'lock';
    if (!isOfLock || text(record, 'event_name') !== 'mcp_audit.tool.changed') return;
    const server = { name: text(record, 'mcp_audit.server.name'), endpoint: text(record, 'mcp_audit.server.endpoint') };
    const tools = this.#lock.toolsOf(server);
    const name = this.#names.recorded(text(record, 'gen_ai.tool.name') ?? '');
    if (tools === undefined || name === '') return;
    const locked = tools.get(name);
    // It was compared with another lock.
    if (locked?.hash !== text(record, 'mcp_audit.tool.locked_hash')) return;
    const hash = text(record, 'mcp_audit.tool.hash');
    const tool = differenceOf(locked, hash === undefined ? undefined : { name, hash, members: undefined });
    if (tool === undefined) return;
    const key = `${keyOf(server)}${name}`;
    const known = this.#found.get(key);
    if (known === undefined ? this.#found.size >= MAX_ALL_TOOLS : known.at > at) return;
    const members = texts(record, 'mcp_audit.tool.changed_members', MAX_MEMBERS).filter(isMember);
    this.#found.set(key, { server, tool: { ...tool, members }, at });
  }

  all(): PastDifference[] {
    return [...this.#found.values()];
  }
}

/** More than a definition has. */
const MAX_MEMBERS = 64;
