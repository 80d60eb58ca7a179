/** Files of signing keys. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSigningKey, privateJwk, type SigningKey, type Validity } from '../../src/chain/keys.js';

export interface KeyFile {
  readonly path: string;
  readonly key: SigningKey;
}

/** Writes a new key. */
export function newKeyFile(folder: string, validity: Validity = {}): KeyFile {
  const key = newSigningKey(validity);
  const path = join(folder, 'signing.jwk');
  writeFileSync(path, JSON.stringify(privateJwk(key)), { mode: 0o600 });
  return { path, key };
}

/** Puts a new key in the place of another, in one step. */
export function replaceKey(path: string, validity: Validity = {}): SigningKey {
  const key = newSigningKey(validity);
  writeFileSync(`${path}.new`, JSON.stringify(privateJwk(key)), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return key;
}
