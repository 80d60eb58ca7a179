/** Opens what is packed: bytes that begin as gzip or an age file does. The file name does not count. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Something cannot be read. The message says what; it names no path. */
export class Unreadable extends Error {}

/**
 * Decrypts an age file.
 *
 * @throws Unreadable
 */
export type Decrypt = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const STARTS = {
  gzip: Buffer.of(0x1f, 0x8b),
  age: Buffer.from('age-encryption.org/v1\n'),
  armored: Buffer.from('-----BEGIN AGE ENCRYPTED FILE-----'),
} as const;

type Kind = keyof typeof STARTS;

const KINDS = Object.entries(STARTS) as readonly [Kind, Buffer][];

/** So many bytes tell how something is packed. */
export const START_BYTES = Math.max(...KINDS.map(([, start]) => start.length));

/** How something is packed that begins with these bytes; undefined if it is not. */
export function packedAs(head: Uint8Array): Kind | undefined {
  return KINDS.find(([, start]) => start.equals(head.subarray(0, start.length)))?.[0];
}

/**
 * Bytes, decrypted and decompressed if need be.
 *
 * @throws Unreadable for what cannot be decrypted; errors of the decompression
 */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>, decrypt: Decrypt): AsyncGenerator<Uint8Array> {
  const { kind, whole } = await opened(chunks);
  if (kind === 'armored') {
    throw new Unreadable('it is encrypted, in the armored form, which only the command age opens');
  }
  if (kind === 'gzip') yield* gunzipped(whole);
  else if (kind === undefined) yield* whole;
  else {
    const inner = await opened(decrypt(whole));
    yield* inner.kind === 'gzip' ? gunzipped(inner.whole) : inner.whole;
  }
}

function gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // No callback is needed: the loop throws the error.
  return pipeline(Readable.from(chunks, { objectMode: false }), createGunzip(), () => {});
}

interface Opened {
  readonly kind: Kind | undefined;
  /** All bytes, those that tell the kind included. */
  readonly whole: AsyncIterable<Uint8Array>;
}

async function opened(input: AsyncIterable<Uint8Array>): Promise<Opened> {
  const chunks = input[Symbol.asyncIterator]();
  let head: Uint8Array = Buffer.alloc(0);
  const isOpen = () =>
    KINDS.some(([, start]) => start.length > head.length && start.subarray(0, head.length).equals(head));
  while (isOpen()) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return { kind: packedAs(head), whole: joined(head, chunks) };
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
