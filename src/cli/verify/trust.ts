/** Which keys are trusted, and whether one of them has signed a checkpoint. */
import { hashOf } from '../../chain/hash.js';
import { isValidAt, type PublicKey, type Validity } from '../../chain/keys.js';
import { isSignedBy, keyHashOf, readNote, type SignedNote } from '../../chain/note.js';
import { parseTime } from '../time.js';

/** Changes of keys that are remembered. A writer has a few a year. */
const MAX_CHANGES = 10_000;

export type Judgement =
  /** A trusted key signed it while it was valid. */
  | { readonly kind: 'signed'; readonly keyId: string }
  /** A trusted key signed it while it was not valid. */
  | { readonly kind: 'outside'; readonly keyId: string }
  /** It has a signature that claims to be of a trusted key and is not. */
  | { readonly kind: 'forged'; readonly keyId: string }
  /** Only others have signed it. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unsigned' };

/** A change of keys. Its note can be long, and is read again when it is needed. */
interface Change {
  readonly at: number;
  /** By what its signatures name their keys. */
  readonly keyHashes: string;
}

interface Known {
  readonly key: PublicKey;
  /** When it is trusted: between the times of one of these. */
  readonly windows: Validity[];
  /** Whether it was learned from a change of keys. */
  readonly learned: boolean;
}

/** Of several signatures, the best one counts. */
const RANK: Readonly<Record<Judgement['kind'], number>> = { unsigned: 0, unknown: 0, forged: 1, outside: 2, signed: 3 };

export class Trust {
  /** By what signatures name them: keys may share it. */
  readonly #known = new Map<string, Known[]>();
  readonly #ids = new Set<string>();
  readonly #changes: Change[] = [];
  /** Hashes of their notes: copies count once. */
  readonly #seen = new Set<string>();
  readonly #noteAt: (at: number) => string | null;
  #forgotten = 0;

  /** @param noteAt reads a note that was remembered by its place */
  constructor(keys: readonly PublicKey[], noteAt: (at: number) => string | null) {
    this.#noteAt = noteAt;
    for (const key of keys) this.#add(key, key, false);
  }

  /** Remembers where a change of keys is; {@link learn} looks at it. What nobody has signed is of no use. */
  remember(text: string, at: number): void {
    const note = readNote(text);
    if (note?.nextKey === undefined || note.signatures.length === 0) return;
    const hash = hashOf(text);
    if (this.#seen.has(hash)) return;
    if (this.#changes.length === MAX_CHANGES) {
      this.#forgotten += 1;
      return;
    }
    this.#seen.add(hash);
    this.#changes.push({ at, keyHashes: [...new Set(note.signatures.map(({ keyHash }) => keyHash))].join() });
  }

  /** Changes of keys that were not remembered. The keys that they name are not trusted. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Trusts the keys that trusted keys have named as theirs to follow, from then on. */
  learn(): void {
    let waiting: readonly Change[] = this.#changes;
    let fresh: ReadonlySet<string> = new Set(this.#known.keys());
    while (fresh.size > 0) {
      const learned = new Set<string>();
      waiting = waiting.filter(({ at, keyHashes }) => {
        if (!keyHashes.split(',').some((hash) => fresh.has(hash))) return true;
        const key = this.#learnFrom(readNote(this.#noteAt(at) ?? ''));
        if (key !== undefined) learned.add(key);
        return key === undefined;
      });
      fresh = learned;
    }
  }

  /** Whether a key is trusted, at whatever time. */
  knows(keyId: string): boolean {
    return this.#ids.has(keyId);
  }

  /** @param expected the id of the key that should have signed: of several signatures, its own counts */
  judge(note: SignedNote, expected?: string | null): Judgement {
    if (note.signatures.length === 0) return { kind: 'unsigned' };
    const time = parseTime(note.time);
    let best: Judgement = { kind: 'unknown' };
    for (const keyHash of new Set(note.signatures.map((signature) => signature.keyHash))) {
      for (const known of this.#known.get(keyHash) ?? []) {
        const judged: Judgement = { kind: judgedBy(known, note, time), keyId: known.key.id };
        const better = RANK[judged.kind] - RANK[best.kind];
        if (better > 0 || (better === 0 && known.key.id === expected)) best = judged;
      }
    }
    return best;
  }

  /** Returns by what signatures name the key that was learned, if it was. */
  #learnFrom(note: SignedNote | undefined): string | undefined {
    if (note?.nextKey === undefined || this.judge(note).kind !== 'signed') return undefined;
    const { nextKey, time } = note;
    const since = (parseTime(time) as number) / 1000;
    return this.#add(nextKey, { ...nextKey, notBefore: Math.max(nextKey.notBefore ?? 0, since) }, true);
  }

  #add(key: PublicKey, { notBefore, notAfter }: Validity, learned: boolean): string {
    this.#ids.add(key.id);
    const hash = keyHashOf(key).toString('hex');
    const keys = this.#known.get(hash) ?? [];
    this.#known.set(hash, keys);
    const known = keys.find((each) => each.key.id === key.id);
    if (known === undefined) keys.push({ key, windows: [{ notBefore, notAfter }], learned });
    // The operator's word on a key counts, and no record extends it.
    else if (known.learned === learned) known.windows.push({ notBefore, notAfter });
    return hash;
  }
}

function judgedBy(
  { key, windows }: Known,
  note: SignedNote,
  time: number | undefined,
): 'signed' | 'outside' | 'forged' {
  if (!isSignedBy(note, key)) return 'forged';
  return time !== undefined && windows.some((window) => isValidAt(window, time)) ? 'signed' : 'outside';
}
