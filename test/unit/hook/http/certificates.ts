/** Self-signed certificates, made in the test: no tool has to be installed, and the repository contains no key. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface Identity {
  readonly key: string;
  readonly cert: string;
  /** Hexadecimal SHA-256 of the certificate. */
  readonly sha256: string;
}

/** Object identifiers of the parts of a name, encoded. */
const NAME_PARTS: Readonly<Record<string, string>> = {
  CN: '0603550403',
  C: '0603550406',
  O: '060355040a',
  OU: '060355040b',
};
const ECDSA_WITH_SHA256 = '300a06082a8648ce3d040302';
const [INTEGER, BIT_STRING, UTF8_STRING, UTC_TIME, SEQUENCE, SET, VERSION] = [2, 3, 12, 23, 0x30, 0x31, 0xa0];

/** @param subject parts of the name as certificates have them: the most general first */
export function selfSigned(subject: readonly (readonly [part: string, value: string])[]): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = der(SEQUENCE, ...subject.map(([part, value]) => namePart(part, value)));
  const validity = der(SEQUENCE, der(UTC_TIME, '200101000000Z'), der(UTC_TIME, '491231235959Z'));
  const algorithm = Buffer.from(ECDSA_WITH_SHA256, 'hex');
  const content = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.from([1])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', content, privateKey));
  const certificate = der(SEQUENCE, content, algorithm, signature);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
    sha256: createHash('sha256').update(certificate).digest('hex'),
  };
}

function namePart(part: string, value: string): Buffer {
  return der(SET, der(SEQUENCE, Buffer.from(NAME_PARTS[part] as string, 'hex'), der(UTF8_STRING, value)));
}

/** One value of ASN.1's distinguished encoding: tag, length, content. */
function der(tag: number, ...contents: (Buffer | string)[]): Buffer {
  const content = Buffer.concat(contents.map((part) => Buffer.from(part as string)));
  const { length } = content;
  const digits = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...digits]), content]);
}
