/** The hashes that link the records of a chain. */
import * as crypto from 'node:crypto';

/** What the first record of a chain has in place of the hash of an earlier one: SHA-256 of nothing. */
export const NO_RECORD_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Hashes at once, without an object that hashes in steps: not every runtime has it. */
const { hash } = crypto as { readonly hash?: typeof crypto.hash };

/** SHA-256 of the UTF-8 of a record's text, in hex. */
export const hashOf: (text: string | Uint8Array) => string =
  hash === undefined
    ? (text) => crypto.createHash('sha256').update(text).digest('hex')
    : (text) => hash('sha256', text, 'hex');
