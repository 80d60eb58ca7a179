/** Keyed digests: equal values have equal digests, and without the key nobody can test guesses. */
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** A key for {@link Digester}, and the id under which records name it. */
export interface DigestKey {
  /** 1 to 32 of letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** Shorter keys can be guessed. */
const MIN_KEY_BYTES = 16;
const MAX_KEY_BYTES = 1024;

const KEY_ID = /^[A-Za-z0-9._-]{1,32}$/;

/** Makes digests with one key, and keeps a copy of it. */
export class Digester {
  readonly #find: () => DigestKey;
  #found: { readonly id: string; readonly key: KeyObject } | undefined;

  /** @param key a function is called once, when the key is first needed: finding a key may create a file */
  constructor(key: DigestKey | (() => DigestKey)) {
    this.#find = typeof key === 'function' ? key : () => key;
    if (typeof key !== 'function') this.ready();
  }

  /** Finds the key, unless it is known. */
  ready(): void {
    this.#key();
  }

  /** `hmac-sha256:<key id>:<64 hex digits>` of the text as UTF-8. */
  digest(text: string): string {
    const { id, key } = this.#key();
    return `hmac-sha256:${id}:${createHmac('sha256', key).update(text, 'utf8').digest('hex')}`;
  }

  #key(): { readonly id: string; readonly key: KeyObject } {
    if (this.#found === undefined) {
      const { id, secret } = this.#find();
      this.#found = { id, key: createSecretKey(Buffer.from(secret)) };
    }
    return this.#found;
  }
}

/**
 * Reads a key of 16 to 1024 bytes from hex digits, base64 or base64url, and ignores white space around it. The id defaults
 * to the first 8 hex digits of the SHA-256 of `kid` and the key.
 *
 * A reason completes a sentence that begins with a name, "MCP_TRAIL_… is too short: …", and never repeats the input.
 */
export function parseDigestKey(
  id: string | undefined,
  text: string,
): { readonly key: DigestKey; readonly reason?: never } | { readonly key?: never; readonly reason: string } {
  if (id !== undefined && !KEY_ID.test(id)) return { reason: 'has an id that is not 1 to 32 of A-Z a-z 0-9 . _ -' };
  const secret = decoded(text.trim());
  if (secret === undefined) return { reason: 'is neither hex nor base64' };
  if (secret.length < MIN_KEY_BYTES) {
    return {
      reason: `is too short: ${secret.length} bytes; accepted: at least ${MIN_KEY_BYTES} bytes as hex or base64`,
    };
  }
  if (secret.length > MAX_KEY_BYTES) {
    return { reason: `is too long: ${secret.length} bytes; accepted: at most ${MAX_KEY_BYTES}` };
  }
  return { key: { id: id ?? defaultId(secret), secret } };
}

function decoded(text: string): Buffer | undefined {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text)) return Buffer.from(text, 'hex');
  // One character after a group of four encodes nothing: the text is a piece of a longer one.
  const digits = /^([A-Za-z0-9+/]*|[\w-]*)={0,2}$/.exec(text)?.[1];
  return digits === undefined || digits.length % 4 === 1 ? undefined : Buffer.from(digits, 'base64');
}

function defaultId(secret: Uint8Array): string {
  return createHash('sha256').update('kid').update(secret).digest('hex').slice(0, 8);
}
