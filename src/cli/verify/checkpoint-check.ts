/** Checks the checkpoints of one chain, and which keys have signed them. */
import { readNote, type SignedNote } from '../../chain/note.js';
import { visible } from '../text.js';
import { parseTime } from '../time.js';
import type { ChainFindings } from './chain-findings.js';
import type { CheckpointDetails, DetailsStore } from './details.js';
import type { EntryView } from './entry.js';
import type { Judgement, Trust } from './trust.js';

export interface CheckpointOptions {
  readonly trust: Trust;
  readonly details: DetailsStore;
  /** Whether checkpoints without a signature of a trusted key count. */
  readonly unsigned: boolean;
}

/** A key that has signed in a chain, or claims to have. */
export interface KeyUse {
  readonly id: string | null;
  readonly result: Judgement['kind'];
  checkpoints: number;
  /** Times of the first and last of them. */
  readonly from: string;
  to: string;
}

const MAX_KEYS = 100;
/** Between the time of a checkpoint and that of its record, which are one. */
const MAX_DIFFERENCE_MS = 1000;

export class CheckpointCheck {
  readonly #chainId: string;
  readonly #options: CheckpointOptions;
  readonly #findings: ChainFindings;
  readonly #keys = new Map<string, KeyUse>();
  /** The pin that was judged last: it is asked for again and again. */
  #pin: { readonly details: number; readonly accepted: boolean } | undefined;

  constructor(chainId: string, options: CheckpointOptions, findings: ChainFindings) {
    this.#chainId = chainId;
    this.#options = options;
    this.#findings = findings;
  }

  get keys(): readonly KeyUse[] {
    return [...this.#keys.values()];
  }

  /**
   * The number of the last record that a checkpoint proves; undefined if it does not count.
   *
   * @param inside whether it is in the asked time
   */
  provenBy(entry: EntryView, inside: boolean): number | undefined {
    const details = this.#options.details.checkpoint(entry.details);
    const note = details.note === null ? undefined : readNote(details.note);
    const judged = note && this.#options.trust.judge(note, details.keyId);
    const problem = this.#problemWith(entry, details, note, judged);
    if (problem !== undefined || note === undefined || judged === undefined) {
      const text = `checkpoint ${entry.number} (${this.#findings.where(entry)}) ${problem}`;
      if (inside) this.#findings.tell('tampered', 'checkpoint', entry, text);
      return undefined;
    }
    if (inside) this.#noteKey(judged, details.keyId, note.time, entry);
    return this.#accepts(judged) ? note.size : undefined;
  }

  /** Whether a checkpoint of the second place counts: its note fits its record. */
  acceptsPin(entry: EntryView): boolean {
    if (this.#pin?.details !== entry.details) {
      const { note: text, keyId } = this.#options.details.checkpoint(entry.details);
      const note = readNote(text ?? '');
      const accepted = note !== undefined && this.#accepts(this.#options.trust.judge(note, keyId));
      this.#pin = { details: entry.details, accepted };
    }
    return this.#pin.accepted;
  }

  /** What is wrong with a checkpoint beyond the trust in its key: a sentence without its subject. */
  #problemWith(
    entry: EntryView,
    { size, keyId, time }: CheckpointDetails,
    note: SignedNote | undefined,
    judged: Judgement | undefined,
  ): string | undefined {
    if (note === undefined || judged === undefined) return 'has a note that cannot be read';
    if (note.chainId !== this.#chainId) return 'has the note of another chain';
    if (note.size !== entry.number - 1) return `has a note about ${note.size} records`;
    if (size !== note.size) return 'states another size than its note';
    if (note.head !== entry.prev) return `has a note about another record ${note.size}`;
    if (!(Math.abs(parsed(time) - parsed(note.time)) <= MAX_DIFFERENCE_MS)) return 'states another time than its note';
    if (judged.kind === 'forged') return `has a false signature of the key ${judged.keyId}`;
    const signer = 'keyId' in judged ? judged.keyId : undefined;
    const trusted = signer !== undefined || (keyId !== null && this.#options.trust.knows(keyId));
    return trusted && signer !== keyId ? 'names a key that has not signed it' : undefined;
  }

  #accepts({ kind }: Judgement): boolean {
    return kind === 'signed' || (this.#options.unsigned && (kind === 'unsigned' || kind === 'unknown'));
  }

  #noteKey(judged: Judgement, named: string | null, time: string, entry: EntryView): void {
    const id = 'keyId' in judged ? judged.keyId : named === null ? null : visible(named);
    const key = `${judged.kind} ${id}`;
    const use = this.#keys.get(key);
    if (use !== undefined) {
      use.checkpoints += 1;
      use.to = time;
      return;
    }
    if (this.#keys.size < MAX_KEYS) {
      this.#keys.set(key, { id, result: judged.kind, checkpoints: 1, from: time, to: time });
    }
    if (this.#accepts(judged)) return;
    const from = `from record ${entry.number} on (${this.#findings.where(entry)})`;
    const texts: Readonly<Record<Judgement['kind'], string>> = {
      signed: '',
      forged: '',
      outside: `the key ${id} has signed at a time at which it is not valid, ${from}`,
      unknown: `checkpoints are signed with a key that is not trusted, ${from}`,
      unsigned: `checkpoints are not signed, ${from}`,
    };
    this.#findings.tell('unproven', judged.kind, entry, texts[judged.kind]);
  }
}

function parsed(time: string | null): number {
  return parseTime(time ?? undefined) ?? Number.NaN;
}
