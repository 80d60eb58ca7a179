/**
 * Vouches for a trail: when it has begun, after every 100 records, a minute after a record, after a gap, and at its end, a record
 * says how many there are and what the hash of the last one is. A key signs that, and a second place keeps it.
 */
import type { SigningKey } from '../chain/keys.js';
import { writeNote } from '../chain/note.js';
import { rfc3339 } from '../lib/clock.js';
import { runLater, type Stop } from '../lib/timers.js';
import { guarded } from '../report/guarded.js';
import type { Chain } from './chain.js';
import type { FieldValues } from './record-fields.js';
import type { Signer } from './signer.js';

/** Keeps checkpoints out of reach of those who can change the trail. */
export interface SecondPlace {
  /**
   * Takes the text of a record. Reports once if it cannot; never throws.
   * @param isKept whether a later one does not make up for it
   */
  put(text: string, isKept?: boolean): void;
}

/** What vouches for a trail. Without either, there are no checkpoints. */
export interface Vouching {
  readonly signer?: Signer | undefined;
  readonly secondPlace?: SecondPlace | undefined;
}

type Kind = 'mcp_audit.checkpoint' | 'mcp_audit.key.rotated';

export interface CheckpointsParts extends Vouching {
  readonly chain: Chain;
  readonly now: () => number;
  /** Writes a record about the trail. Returns its text. */
  readonly write: (kind: Kind, values: FieldValues, time: number) => string;
}

const EVERY_RECORDS = 100;
const EVERY_MS = 60_000;

export class Checkpoints {
  readonly #parts: CheckpointsParts;
  /** The number of the last one, or of the record of another key; without a key, of the last record when one was due. */
  #last = 0;
  #stopTimer: Stop | undefined;
  /** Whether the record of a gap waits for one. */
  #isDue = false;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
  }

  get key(): SigningKey | undefined {
    return this.#parts.signer?.key;
  }

  /** A key file may get its key later. */
  get #areWanted(): boolean {
    return this.#parts.signer !== undefined || this.#parts.secondPlace !== undefined;
  }

  /** A record was finished. */
  finished(): void {
    if (this.#stopTimer !== undefined || this.#parts.chain.size === this.#last || !this.#areWanted) return;
    this.#stopTimer = runLater(EVERY_MS, () => this.write());
  }

  /** The record of a gap was written. Until a checkpoint covers it, anybody could have written it. */
  gapTold(): void {
    this.#isDue = true;
  }

  /** Call when the sinks have a record. */
  writeIfDue(): void {
    const isDue = this.#isDue || this.#parts.chain.size - this.#last >= EVERY_RECORDS;
    if (isDue && this.#areWanted) this.write();
  }

  /** Writes one, unless nothing was recorded since the last one. */
  write(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#isDue = false;
    if (this.#parts.chain.size === this.#last || !this.#areWanted) return;
    guarded('writing a checkpoint of the audit trail', () => this.#write());
  }

  close(): void {
    this.#stopTimer?.();
  }

  #write(): void {
    const { signer, secondPlace, chain } = this.#parts;
    const next = signer?.next();
    if (next !== undefined) {
      this.#add('mcp_audit.key.rotated', next);
      signer?.use(next);
    }
    signer?.warnOfExpiry();
    if (this.key !== undefined || secondPlace !== undefined) this.#add('mcp_audit.checkpoint');
    // As often as there would be one, the file is looked at.
    else this.#last = chain.size;
  }

  #add(kind: Kind, nextKey?: SigningKey): void {
    const { key } = this;
    const { chain, now, write, secondPlace } = this.#parts;
    const { id: chainId, size, head } = chain;
    const time = now();
    this.#last = size + 1;
    const text = write(
      kind,
      {
        'mcp_audit.checkpoint.size': size,
        'mcp_audit.checkpoint.note': writeNote({ chainId, size, head, time: rfc3339(time), nextKey }, key),
        'mcp_audit.key.id': key?.id,
        'mcp_audit.key.not_before': timeOf(key?.notBefore),
        'mcp_audit.key.not_after': timeOf(key?.notAfter),
        'mcp_audit.key.next_id': nextKey?.id,
      },
      time,
    );
    secondPlace?.put(text, nextKey !== undefined);
  }
}

function timeOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : rfc3339(seconds * 1000);
}
