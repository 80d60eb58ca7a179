/** Encrypts archives for recipients of age. The package is loaded only here. */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { codeOf } from '../lib/files.js';
import { Cannot } from './cannot.js';

/** Encrypts a stream. */
export type Encrypt = (plain: Readable) => Promise<Readable>;

type Age = typeof import('age-encryption');

/** A recipient, and where it stands, for messages. */
export interface Recipient {
  readonly text: string;
  readonly where: string;
}

/** @throws Cannot without the package, or for a recipient that age does not accept */
export async function encryptionFor(
  recipients: readonly Recipient[],
  load: () => Promise<Age> = () => import('age-encryption'),
): Promise<Encrypt | undefined> {
  if (recipients.length === 0) return undefined;
  let age: Age;
  try {
    age = await load();
  } catch (error) {
    const code = codeOf(error);
    const why = code?.endsWith('MODULE_NOT_FOUND')
      ? 'is not installed'
      : `cannot be loaded (${code ?? 'unknown error'})`;
    throw new Cannot(`--encrypt-to needs the package age-encryption, which ${why}: npm install age-encryption`);
  }
  const encrypter = new age.Encrypter();
  for (const { text, where } of recipients) {
    try {
      encrypter.addRecipient(text);
    } catch {
      // The error may quote it, and it may be an identity.
      throw new Cannot(`${where} is no recipient of age; accepted: age1…`);
    }
  }
  return async (plain) => {
    const encrypted = await encrypter.encrypt(Readable.toWeb(plain) as globalThis.ReadableStream<Uint8Array>);
    return Readable.fromWeb(encrypted as ReadableStream<Uint8Array>);
  };
}
