/** What proves a record in its chain, for schemas that have a place for it. */
import { createHash } from 'node:crypto';
import type { AuditKey } from '../semconv/audit-record.js';
import { type Conversion, epochMilliseconds } from './convert.js';
import { type Fields, type JsonObject, textOf } from './fields.js';

/** The fields of a record with a place in a chain. The last is in its body alone: attributes have no hash. */
const PLACE = ['mcp_audit.chain.id', 'audit.sequence.number', 'audit.prev.hash'] as const satisfies readonly AuditKey[];

const HASH = /^[0-9a-f]{64}$/;

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}

/** The hash of the record: what the next record of the chain has as `audit.prev.hash`. */
export const recordHash: Conversion = {
  says: 'SHA-256 of the record’s text, if it has a place in a chain',
  of: (_, fields) => {
    if (!PLACE.every((key) => fields.has(key)) || !isHash(fields.get('audit.prev.hash'))) return undefined;
    const members = [...fields.keys()].sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(fields.get(key))}`);
    return createHash('sha256')
      .update(`{${members.join(',')}}`)
      .digest('hex');
  },
};

/** A hash of a record as an OCSF fingerprint; undefined for any other value. */
export function fingerprint(value: unknown): JsonObject | undefined {
  if (!isHash(value)) return undefined;
  return {
    algorithm_id: 3,
    algorithm: 'SHA-256',
    encoding_id: 1,
    encoding: 'Hex',
    serialization_id: 2,
    serialization: 'JCS',
    value,
  };
}

export const recordFingerprint: Conversion = {
  says: `${recordHash.says}: a fingerprint`,
  of: (value, fields) => fingerprint(recordHash.of(value, fields)),
};

/** OCSF has no number for Ed25519 and for notes, and no place for the bytes of a signature. */
export const noteSignature: Conversion = {
  says: 'if it is signed: the algorithm, the time, and as `digest` the hash that the note vouches for',
  of: (note, fields) => {
    if (typeof note !== 'string' || textOf(fields, 'mcp_audit.key.id') === undefined) return undefined;
    const signature: JsonObject = {
      algorithm_id: 99,
      algorithm: 'Ed25519',
      serialization_id: 99,
      serialization: 'C2SP signed note',
    };
    const digest = fingerprint(fields.get('audit.prev.hash'));
    const time = epochMilliseconds(/\ntime (\S{1,40})\n/.exec(note)?.[1]);
    if (digest !== undefined) signature['digest'] = digest;
    if (time !== undefined) signature['created_time'] = time;
    return [signature];
  },
};

/** The record before this one, for OCSF; undefined for the first of a chain, and if its id is not known. */
export function previousEvent(fields: Fields, uid: string | undefined): JsonObject | undefined {
  const hash = fingerprint(fields.get('audit.prev.hash'));
  if (uid === undefined || uid === '' || hash === undefined || fields.get('audit.sequence.number') === 1)
    return undefined;
  return { uid, fingerprint: hash };
}
