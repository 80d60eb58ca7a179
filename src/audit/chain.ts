/** Links the records of a trail: each has a number, and the hash of the record before it. */
import { hashOf, NO_RECORD_HASH } from '../chain/hash.js';
import type { RecordFields } from './record-fields.js';

/** A record of a chain. */
export interface Linked {
  readonly number: number;
  readonly fields: RecordFields;
}

export class Chain {
  readonly id: string;
  #size = 0;
  #head = NO_RECORD_HASH;

  constructor(id: string) {
    this.id = id;
  }

  /** The number of the last record; 0 if there is none. */
  get size(): number {
    return this.#size;
  }

  /** The hash of the last record. */
  get head(): string {
    return this.#head;
  }

  /** Makes a record the next one. Nothing but its text may follow, or it would be the text of another. */
  link(fields: RecordFields): void {
    fields.set('mcp_audit.chain.id', this.id);
    fields.set('audit.sequence.number', this.#size + 1);
    fields.set('audit.prev.hash', this.#head);
  }

  /** Adds the text of the record that was linked last. Returns its number. */
  append(text: string): number {
    this.#head = hashOf(text);
    this.#size += 1;
    return this.#size;
  }

  /** Removes the last record, as if it had not been made; returns false for any other. */
  takeBack({ number, fields }: Linked): boolean {
    if (number !== this.#size) return false;
    this.#size -= 1;
    this.#head = fields.get('audit.prev.hash') as string;
    return true;
  }
}
