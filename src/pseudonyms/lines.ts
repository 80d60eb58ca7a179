/** The lines of a map of pseudonyms. Each stands for itself, so that processes append without a lock. Pure. */

/** The name of the map in the state directory. */
export const MAP_FILE = 'pseudonyms.jsonl';
/** Begins the name of the copy of a damaged map. */
export const ASIDE = `${MAP_FILE}.damaged-`;

/** Whom or what a pseudonym stands for: somebody's id, or what else identifies them. */
export type PseudonymKind = 'actor' | 'detail';

const VERSION = 1;
const PSEUDONYM = /^(actor|detail)-[0-9a-f]{24}$/;
/** Most entries: reading them as JSON takes several times as long. */
const PLAIN_ENTRY = /^\{"v":1,"pseudonym":"((actor|detail)-[0-9a-f]{24})","id":"([ !#-[\]-~]*)"\}$/;
const ERASED = `{"v":${VERSION},"erased":"`;
const TOLD = '","told":';

export type Line =
  | { readonly is: 'entry'; readonly kind: PseudonymKind; readonly pseudonym: string; readonly id: string }
  /** In the place of an entry. Told: an audit record says so. */
  | { readonly is: 'tombstone'; readonly pseudonym: string; readonly told: boolean }
  /** Appended, for processes that have the entry in memory. */
  | { readonly is: 'notice'; readonly pseudonym: string }
  | { readonly is: 'blank' | 'newer' | 'damaged' };

export function isPseudonym(text: string): boolean {
  return PSEUDONYM.test(text);
}

export function entryLine(pseudonym: string, id: string): string {
  return `{"v":${VERSION},"pseudonym":"${pseudonym}","id":${JSON.stringify(id)}}`;
}

export function noticeLine(pseudonym: string): string {
  return `${ERASED}${pseudonym}"}`;
}

/** Takes the place of an entry of so many bytes. Any entry is long enough. */
export function tombstone(pseudonym: string, bytes: number): Buffer {
  return Buffer.from(`${`${ERASED}${pseudonym}${TOLD}0`.padEnd(bytes - 1)}}`);
}

/** Where the digit in a tombstone is that says whether it is told. */
export function toldAt(pseudonym: string): number {
  return ERASED.length + pseudonym.length + TOLD.length;
}

/** @param bytes undefined for a line that is too long */
export function parseLine(bytes: Buffer | undefined): Line {
  if (bytes === undefined) return { is: 'damaged' };
  const plain = PLAIN_ENTRY.exec(bytes.toString('latin1'));
  if (plain !== null) {
    const [, pseudonym = '', kind, id = ''] = plain;
    return { is: 'entry', kind: kind as PseudonymKind, pseudonym, id };
  }
  const text = bytes.toString('utf8');
  if (text.trim() === '') return { is: 'blank' };
  // What is not UTF-8 reads as U+FFFD, which an id may have, too.
  if (text.includes('\ufffd') && !Buffer.from(text).equals(bytes)) return { is: 'damaged' };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return lineOf(value as Members);
  } catch {}
  return { is: 'damaged' };
}

interface Members {
  readonly v?: unknown;
  readonly pseudonym?: unknown;
  readonly id?: unknown;
  readonly erased?: unknown;
  readonly told?: unknown;
}

function lineOf({ v, pseudonym, id, erased, told }: Members): Line {
  if (typeof v === 'number' && v > VERSION) return { is: 'newer' };
  if (v !== VERSION) return { is: 'damaged' };
  const kind = typeof pseudonym === 'string' ? PSEUDONYM.exec(pseudonym)?.[1] : undefined;
  if (kind !== undefined && typeof id === 'string') {
    return { is: 'entry', kind: kind as PseudonymKind, pseudonym: pseudonym as string, id };
  }
  if (typeof erased !== 'string' || !isPseudonym(erased)) return { is: 'damaged' };
  if (told === undefined) return { is: 'notice', pseudonym: erased };
  return { is: 'tombstone', pseudonym: erased, told: told === 1 };
}
