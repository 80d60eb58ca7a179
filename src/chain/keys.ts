/**
 * Ed25519 keys as JSON Web Keys: those that sign checkpoints, and those that are trusted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8037
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { attempt } from '../lib/attempt.js';

/** Seconds since 1970 from and up to which a key is valid. */
export interface Validity {
  readonly notBefore?: number | undefined;
  readonly notAfter?: number | undefined;
}

/** A key whose signatures can be checked. */
export interface PublicKey extends Validity {
  /** The thumbprint of RFC 7638: SHA-256, in base64url. */
  readonly id: string;
  /** The 32 bytes of the key, in base64url. */
  readonly x: string;
  readonly key: KeyObject;
}

/** A key that signs. */
export interface SigningKey extends PublicKey {
  readonly privateKey: KeyObject;
}

/** The problem with a key, as a sentence without its subject. It quotes nothing of the key. */
export interface Unusable {
  readonly reason: string;
}

const ACCEPTED = 'accepted: an Ed25519 key as JWK or PEM';
const PRIVATE = 'is a private key; a file of trusted keys holds public ones only';
const PRIVATE_PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const THIRTY_TWO_BYTES = /^[A-Za-z0-9_-]{43}$/;
/** Keys of a set; one writer has a few a year. */
const MAX_KEYS = 10_000;
const YEAR_10000 = 253_402_300_800;

/** Reads a signing key: a private JWK, or PKCS#8 as PEM. */
export function signingKeyOf(text: string): SigningKey | Unusable {
  const jwk = jsonOf(text);
  if (jwk === undefined) {
    const privateKey = attempt(() => createPrivateKey(text));
    if (privateKey?.asymmetricKeyType !== 'ed25519') return { reason: `is not a private key; ${ACCEPTED}` };
    return { ...publicKeyFrom(createPublicKey(privateKey), {}), privateKey };
  }
  if (!isEd25519(jwk) || !isBytes(jwk.d)) return { reason: `holds no private key; ${ACCEPTED}` };
  const { x, d } = jwk;
  const validity = validityOf(jwk);
  if ('reason' in validity) return validity;
  const privateKey = attempt(() => createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' }));
  if (privateKey === undefined) return { reason: `holds no private key; ${ACCEPTED}` };
  const own = publicKeyFrom(createPublicKey(privateKey), validity);
  // Operators would trust `x`, which cannot check what `d` signs.
  if (own.x !== x) return { reason: 'has a public and a private part that do not belong together' };
  return { ...own, privateKey };
}

/**
 * Reads trusted keys: a JWK Set, one public JWK, or a public key as PEM. Keys of other kinds in a set are left out, as long
 * as there is one that can be used.
 */
export function trustedKeysOf(text: string): readonly PublicKey[] | Unusable {
  const json = jsonOf(text);
  if (json === undefined) {
    // Node.js makes a public key of it.
    if (PRIVATE_PEM.test(text)) return { reason: PRIVATE };
    const key = attempt(() => createPublicKey(text));
    if (key?.asymmetricKeyType !== 'ed25519')
      return { reason: 'is not a public key; accepted: a JWK Set, a JWK or PEM' };
    return [publicKeyFrom(key, {})];
  }
  const listed = Object.hasOwn(json, 'keys') ? json['keys'] : [json];
  if (!Array.isArray(listed)) return { reason: 'is not a JWK Set: its "keys" is not a list' };
  if (listed.length > MAX_KEYS) return { reason: `holds ${listed.length} keys; accepted: at most ${MAX_KEYS}` };
  const keys: PublicKey[] = [];
  let other: Unusable | undefined;
  for (const [place, jwk] of listed.entries()) {
    const key = publicKeyOf(jwk);
    if (!('reason' in key)) keys.push(key);
    // RFC 7517, section 5: keys of another kind are for others who share the set.
    else if (isOfAnotherKind(jwk)) other ??= { reason: `key ${place + 1} ${key.reason}` };
    else return { reason: `key ${place + 1} ${key.reason}` };
  }
  return keys.length > 0 ? keys : (other ?? keys);
}

function isOfAnotherKind(jwk: unknown): boolean {
  if (!isRecord(jwk) || typeof jwk['kty'] !== 'string' || Object.hasOwn(jwk, 'd')) return false;
  return jwk['kty'] !== 'OKP' || (typeof jwk['crv'] === 'string' && jwk['crv'] !== 'Ed25519');
}

/** Reads a public JWK. Its `kid` is not looked at: the id is made from the key. */
export function publicKeyOf(jwk: unknown): PublicKey | Unusable {
  if (isRecord(jwk) && Object.hasOwn(jwk, 'd')) return { reason: PRIVATE };
  if (!isRecord(jwk) || !isEd25519(jwk)) return { reason: 'is not an Ed25519 key (kty OKP, crv Ed25519, x)' };
  const validity = validityOf(jwk);
  if ('reason' in validity) return validity;
  return publicKeyIn(jwk.x, validity) ?? { reason: 'is not an Ed25519 key: its x is not a point' };
}

/** The key with these bytes in base64url; undefined if there is none. */
export function publicKeyIn(x: string, validity: Validity): PublicKey | undefined {
  if (!isBytes(x)) return undefined;
  const key = attempt(() => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
  return key && publicKeyFrom(key, validity);
}

/** Makes a key. */
export function newSigningKey(validity: Validity): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { ...publicKeyFrom(publicKey, validity), privateKey };
}

/** The JWK that others may see. */
export function publicJwk({ id, x, notBefore, notAfter }: PublicKey): Readonly<Record<string, unknown>> {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    x,
    kid: id,
    use: 'sig',
    alg: 'EdDSA',
    ...(notBefore !== undefined && { nbf: notBefore }),
    ...(notAfter !== undefined && { exp: notAfter }),
  };
}

/** The JWK that signs. */
export function privateJwk(key: SigningKey): Readonly<Record<string, unknown>> {
  return { ...publicJwk(key), d: key.privateKey.export({ format: 'jwk' }).d };
}

/** Whether a key is valid at a time, in milliseconds since 1970. */
export function isValidAt({ notBefore, notAfter }: Validity, time: number): boolean {
  return (notBefore === undefined || time >= notBefore * 1000) && (notAfter === undefined || time < notAfter * 1000);
}

function publicKeyFrom(key: KeyObject, validity: Validity): PublicKey {
  const x = key.export({ format: 'jwk' }).x as string;
  // RFC 7638: the required members, sorted, without white space.
  const id = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { id, x, key, ...validity };
}

function validityOf(jwk: Readonly<Record<string, unknown>>): Validity | Unusable {
  const notBefore = secondsIn(jwk, 'nbf');
  const notAfter = secondsIn(jwk, 'exp');
  if (notBefore === null || notAfter === null) return { reason: 'has an nbf or exp that is not a number of seconds' };
  return { notBefore, notAfter };
}

/** A whole second that RFC 3339 can write. Null for any other value. */
function secondsIn(jwk: Readonly<Record<string, unknown>>, name: 'nbf' | 'exp'): number | undefined | null {
  const value = Object.hasOwn(jwk, name) ? jwk[name] : undefined;
  if (value === undefined) return undefined;
  return typeof value === 'number' && value >= 0 && value < YEAR_10000 ? Math.floor(value) : null;
}

function isEd25519(jwk: Readonly<Record<string, unknown>>): jwk is { readonly x: string; readonly d?: unknown } {
  return jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519' && isBytes(jwk['x']);
}

function isBytes(value: unknown): value is string {
  return typeof value === 'string' && THIRTY_TWO_BYTES.test(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = attempt(() => JSON.parse(text) as unknown);
  return isRecord(value) ? value : undefined;
}
