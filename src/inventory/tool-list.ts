/** A list of tools, read page by page, as far as it is kept. */
import { arrayLength, ownValue } from '../lib/foreign.js';
import { startOf } from '../lib/text.js';
import { MAX_NAME } from './bounds.js';
import {
  type Definition,
  definitionHash,
  memberHashes,
  OTHER_MEMBERS,
  readDefinition,
  setHash,
  type Work,
} from './hashes.js';
import type { Names } from './names.js';
import type { MemberHashes, ToolState } from './state.js';
import type { LockedTools } from './tool-lock.js';

/** Elements of one page that are read. */
const MAX_ELEMENTS = 100_000;
/** Characters of one list that are hashed; further definitions are `unhashable`. */
const MAX_WORK = 8 * 1_048_576;

/** The definitions of one name in a list: one, unless the server repeats itself. */
interface Found {
  /** The server's name for it, cut. */
  readonly rawName: string;
  readonly definitions: { readonly hash: string; readonly members: MemberHashes }[];
}

/** A listed tool, as it is compared and kept. */
export interface ListedTool {
  readonly name: string;
  readonly rawName: string;
  readonly hash: string;
  readonly members: MemberHashes;
  /** Argument names, once requested. */
  readonly declared: ReadonlySet<string> | undefined;
}

/** A definition whose declared arguments are read. */
export interface SeenDefinition {
  readonly name: string;
  readonly hash: string;
  readonly inputSchema: unknown;
}

/** The context in which a list is read. */
export interface ListReader {
  readonly names: Names;
  /** The server's reported tools by name. */
  readonly known: ReadonlyMap<string, ToolState>;
  /** The server's locked tools, which are compared however many others there are. */
  readonly locked: LockedTools;
  /** Tools that may be kept. */
  readonly limit: number;
  readonly declaredNames: (tool: SeenDefinition) => ReadonlySet<string> | undefined;
}

export class ToolList {
  /** Number of tools in the list, kept or not. */
  count = 0;
  /** Whether definitions were left out of the comparison. */
  overflowed = false;
  /** Whether all names were read. */
  complete = true;
  readonly #found = new Map<string, Found>();
  /** Names of known and locked tools in the list, compared or not. */
  readonly #present = new Set<string>();
  readonly #declared = new Map<string, ReadonlySet<string>>();
  readonly #work: Work = { left: MAX_WORK };
  /** How many new names fit. */
  #room = 0;
  #new = 0;
  #definitions = 0;

  /** Reads one page; values that are not tools are ignored. */
  read(tools: unknown, reader: ListReader): void {
    const length = arrayLength(tools);
    if (length === undefined) return;
    this.#room = reader.limit - listed(reader.known);
    if (length > MAX_ELEMENTS) {
      this.count += length - MAX_ELEMENTS;
      this.overflowed = true;
      this.complete = false;
    }
    for (let index = 0; index < Math.min(length, MAX_ELEMENTS); index++) {
      const definition = readDefinition(ownValue(tools, String(index), null));
      if (definition !== undefined) this.#add(definition, reader);
    }
  }

  #add(definition: Definition, reader: ListReader): void {
    this.count++;
    const name = reader.names.kept(definition.name);
    const known = reader.known.get(name);
    const isKnown = known !== undefined || reader.locked.has(name);
    if (isKnown) this.#present.add(name);
    const found =
      this.#definitions < 2 * (reader.limit + reader.locked.size)
        ? (this.#found.get(name) ?? this.#begin(name, definition.name, isKnown))
        : undefined;
    if (found === undefined) {
      this.overflowed = true;
      return;
    }
    this.#definitions++;
    const hash = definitionHash(definition, this.#work);
    // Member hashes are needed only for a change.
    const members = hash === known?.hash ? known.members : memberHashes(definition, this.#work);
    found.definitions.push({ hash, members });
    if (found.definitions.length > 1) return;
    const declared = reader.declaredNames({ name, hash, inputSchema: definition.members?.['inputSchema'] });
    if (declared !== undefined) this.#declared.set(name, declared);
  }

  /** Known and locked tools always have room, new ones up to the limit. */
  #begin(name: string, rawName: string, isKnown: boolean): Found | undefined {
    if (!isKnown && this.#new >= this.#room) return undefined;
    if (!isKnown) this.#new++;
    const found: Found = { rawName: startOf(rawName, MAX_NAME), definitions: [] };
    this.#found.set(name, found);
    return found;
  }

  /** Whether a known or locked tool is in the list. */
  has(name: string): boolean {
    return this.#found.has(name) || this.#present.has(name);
  }

  tools(): ListedTool[] {
    return [...this.#found].map(([name, { rawName, definitions }]) => ({
      name,
      rawName,
      ...together(definitions),
      declared: this.#declared.get(name),
    }));
  }
}

function listed(known: ReadonlyMap<string, ToolState>): number {
  let count = 0;
  for (const tool of known.values()) if (tool.status === 'listed') count++;
  return count;
}

/** Tools with the same name count as one, whose definition combines all of theirs in any order. */
function together(definitions: Found['definitions']): Pick<ListedTool, 'hash' | 'members'> {
  const [only] = definitions;
  if (only === undefined || definitions.length > 1) {
    const hash = setHash(definitions.map((each) => each.hash));
    return { hash, members: { [OTHER_MEMBERS]: hash.slice(0, 16) } };
  }
  return only;
}
