/**
 * Checkpoints as signed notes: how many records a chain had, and the hash of the last of them.
 *
 * @see https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md
 * @see https://github.com/C2SP/C2SP/blob/main/signed-note.md
 */
import { createHash, sign, verify } from 'node:crypto';
import { attempt } from '../lib/attempt.js';
import { type PublicKey, publicKeyIn, type SigningKey } from './keys.js';

/** The facts of a checkpoint. */
export interface Checkpoint {
  readonly chainId: string;
  /** How many records it covers: the number of the last of them. */
  readonly size: number;
  /** SHA-256 of the text of record `size`, in hex. */
  readonly head: string;
  /** When it was made, as records write times. */
  readonly time: string;
  /** The key that signs from here on, if this is where keys change. */
  readonly nextKey?: PublicKey | undefined;
}

/** A note as read. Only {@link isSignedBy} proves it. */
export interface SignedNote extends Checkpoint {
  /** What is signed. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

interface Signature {
  /** The first four bytes, in hex: which key it claims to be of. */
  readonly keyHash: string;
  readonly bytes: Uint8Array;
}

const ORIGIN = 'mcp-trail/';
const KEY_NAME = 'mcp-trail';
const ED25519 = 1;
/** Room for a note and many signatures of witnesses. */
export const MAX_NOTE_LENGTH = 16_384;
const MAX_SIGNATURES = 64;

/** Later versions may have more lines, after those that we know: they are signed with the others. */
const TEXT =
  /^mcp-trail\/([0-9a-f-]{36})\n([1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\ntime (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)\n(?:next-key (\S{43}) (-|\d{1,12}) (-|\d{1,12})\n)?(?:(?!time |next-key )[a-z][a-z0-9-]{0,63} \P{Cc}+\n)*$/u;
const SIGNATURE = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/;

/** The text that is signed. */
export function noteText({ chainId, size, head, time, nextKey }: Checkpoint): string {
  const lines = [`${ORIGIN}${chainId}`, `${size}`, Buffer.from(head, 'hex').toString('base64'), `time ${time}`];
  if (nextKey !== undefined) lines.push(`next-key ${nextKey.x} ${nextKey.notBefore ?? '-'} ${nextKey.notAfter ?? '-'}`);
  return `${lines.join('\n')}\n`;
}

/** A note, signed if there is a key. */
export function writeNote(checkpoint: Checkpoint, key: SigningKey | undefined): string {
  const text = noteText(checkpoint);
  if (key === undefined) return `${text}\n`;
  const signature = Buffer.concat([keyHashOf(key), sign(null, Buffer.from(text), key.privateKey)]);
  return `${text}\n\u2014 ${KEY_NAME} ${signature.toString('base64')}\n`;
}

/** Reads a note; undefined for any other text. Signature lines that are not understood are left out. */
export function readNote(note: string): SignedNote | undefined {
  if (note.length > MAX_NOTE_LENGTH) return undefined;
  const end = note.indexOf('\n\n');
  if (end === -1) return undefined;
  const text = note.slice(0, end + 1);
  const [, chainId, size, head, time, x, notBefore, notAfter] = TEXT.exec(text) ?? [];
  if (chainId === undefined || !Number.isSafeInteger(Number(size))) return undefined;
  const nextKey =
    x === undefined ? undefined : publicKeyIn(x, { notBefore: seconds(notBefore), notAfter: seconds(notAfter) });
  if (x !== undefined && nextKey === undefined) return undefined;
  return {
    chainId,
    size: Number(size),
    head: Buffer.from(head as string, 'base64').toString('hex'),
    time: time as string,
    nextKey,
    text,
    signatures: signaturesIn(note.slice(end + 2)),
  };
}

/** Whether a key signed the note: false also for a signature that claims to be of the key and is not. */
export function isSignedBy(note: SignedNote, key: PublicKey): boolean {
  const hash = keyHashOf(key).toString('hex');
  return note.signatures.some(
    ({ keyHash, bytes }) =>
      keyHash === hash && attempt(() => verify(null, Buffer.from(note.text), key.key, bytes)) === true,
  );
}

function signaturesIn(lines: string): Signature[] {
  const signatures: Signature[] = [];
  for (const line of lines.split('\n', MAX_SIGNATURES)) {
    const [, name, base64 = ''] = SIGNATURE.exec(line) ?? [];
    if (name !== KEY_NAME) continue;
    const bytes = Buffer.from(base64, 'base64');
    signatures.push({ keyHash: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) });
  }
  return signatures;
}

/** By what a signature names its key: the first four bytes of a hash of name, kind and key. */
export function keyHashOf({ x }: PublicKey): Buffer {
  const hash = createHash('sha256').update(`${KEY_NAME}\n`).update(Buffer.of(ED25519)).update(x, 'base64url');
  return hash.digest().subarray(0, 4);
}

function seconds(text: string | undefined): number | undefined {
  return text === undefined || text === '-' ? undefined : Number(text);
}
