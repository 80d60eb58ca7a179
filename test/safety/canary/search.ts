/** Searches all output for planted secrets, in any encoding. */
import type { Fake } from './kinds.js';

/** A piece that was found, and its secret. */
export interface Hit {
  readonly field: string;
  readonly piece: string;
  readonly output: string;
  readonly around: string;
}

/** Long enough not to occur by chance; the shortest secret is one piece. */
const PIECE = 11;

/** The secret of each piece, and a table that quickly rules out places in a text. */
export interface Pieces {
  readonly fields: ReadonlyMap<string, string>;
  readonly starts: Uint8Array;
}

const TABLE_BITS = 20;

function startAt(text: string, at: number): number {
  let hash = 0;
  for (let index = at; index < at + 4; index++) hash = Math.imul(hash, 31) + text.charCodeAt(index);
  return Math.imul(hash, 0x9e3779b1) >>> (32 - TABLE_BITS);
}

/**
 * Secrets cut into pieces, in every form that they are looked for: any stretch of a secret that is twice as long as a
 * piece has one in it.
 */
export function piecesOf(planted: ReadonlyMap<string, Fake>): Pieces {
  const fields = new Map<string, string>();
  const starts = new Uint8Array(2 ** TABLE_BITS);
  const add = (field: string, piece: string) => {
    fields.set(piece, field);
    starts[startAt(piece, 0)] = 1;
  };
  for (const [field, { secret }] of planted) {
    for (const form of formsOf(secret)) {
      if (form.length < PIECE) continue;
      for (let at = 0; at + PIECE <= form.length; at += PIECE) add(field, form.slice(at, at + PIECE));
      add(field, form.slice(-PIECE));
    }
  }
  return { fields, starts };
}

/** Plain, JSON-escaped, percent-encoded in both cases and with `+`, base64 and base64url at each alignment. */
export function formsOf(secret: string): Set<string> {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const encoded = encodeURIComponent(secret);
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const forms = [secret, escaped, encoded, lower, encoded.replaceAll('%20', '+'), lower.replaceAll('%20', '+')];
  const bytes = Buffer.from(secret);
  for (const skipped of [0, 1, 2]) {
    const whole = bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3));
    forms.push(whole.toString('base64'), whole.toString('base64url'));
  }
  return new Set(forms);
}

/** Every piece in a text, once per field. */
export function hitsIn(output: string, text: string, { fields, starts }: Pieces): Hit[] {
  const hits = new Map<string, Hit>();
  for (let at = 0; at + PIECE <= text.length; at++) {
    if (starts[startAt(text, at)] === 0) continue;
    const piece = text.slice(at, at + PIECE);
    const field = fields.get(piece);
    if (field === undefined || hits.has(field)) continue;
    hits.set(field, { field, piece, output, around: text.slice(Math.max(0, at - 60), at + 60) });
  }
  return [...hits.values()];
}
