/** Reads files of keys. Their content is never quoted. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { codeOf, DATA, tooOpen } from '../lib/files.js';
import { type PublicKey, type SigningKey, signingKeyOf, trustedKeysOf, type Unusable } from './keys.js';

const MAX_SIGNING_KEY_BYTES = 16_384;
/** A set of ten thousand keys. */
const MAX_TRUST_BYTES = 4 * 1024 * 1024;

/** Reads a signing key. A file that others can use is refused: anyone who can read it can forge the trail. */
export function readSigningKey(path: string): SigningKey | Unusable {
  const file = readSecretFile(path, MAX_SIGNING_KEY_BYTES);
  if ('reason' in file) return file;
  const open = tooOpen(file.mode, DATA);
  if (open !== undefined) return { reason: `${open}; chmod 600 keeps them out` };
  return signingKeyOf(file.text);
}

/** Reads the keys that are trusted. */
export function readTrustedKeys(path: string): readonly PublicKey[] | Unusable {
  const file = readSecretFile(path, MAX_TRUST_BYTES);
  return 'reason' in file ? file : trustedKeysOf(file.text);
}

/** Reads a file whose content is not shown. */
export function readSecretFile(
  path: string,
  maxBytes: number,
): { readonly text: string; readonly mode: number } | Unusable {
  let fd: number;
  try {
    // O_NONBLOCK: a named pipe without a writer must not wait. A flag that the platform lacks counts as 0.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { reason: `cannot be read (${codeOf(error) ?? 'unknown error'})` };
  }
  try {
    // Of what was opened, not of what the path leads to a moment later.
    const found = fstatSync(fd);
    if (!found.isFile()) return { reason: 'is not a file' };
    if (found.size > maxBytes) return { reason: `has ${found.size} bytes; accepted: at most ${maxBytes}` };
    return { text: readFileSync(fd, 'utf8'), mode: found.mode };
  } catch (error) {
    return { reason: `cannot be read (${codeOf(error) ?? 'unknown error'})` };
  } finally {
    closeSync(fd);
  }
}
