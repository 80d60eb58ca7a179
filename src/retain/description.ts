/**
 * What lies beside an archive: what its deletion will have to tell, also of an archive that cannot be opened here. Anyone who can
 * write the folder could describe records that were removed elsewhere: only a signature makes it count.
 */
import { sign, verify } from 'node:crypto';
import { isValidAt, type PublicKey, type SigningKey } from '../chain/keys.js';
import { attempt } from '../lib/attempt.js';
import type { Facts, Run } from './facts.js';

const VERSION = 1;
/** In front of what is signed, so that it is never the text of anything else. */
const CONTEXT = 'mcp-trail archive\n';
const HASH = /^[0-9a-f]{64}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Whatever we say of a file. */
const PROBLEM = /^[ -~]{1,200}$/;
/** Room for the runs that a file may have. */
export const MAX_DESCRIPTION_BYTES = 8 * 1024 * 1024;

/** An archive, described. */
export interface Description extends Facts {
  /** The name of the archive, and the SHA-256 and size of its own bytes. */
  readonly archive: string;
  readonly archiveSha256: string;
  readonly archiveBytes: number;
  /** The original name. */
  readonly name: string;
  /** When it was archived, in milliseconds since 1970. */
  readonly archived: number;
}

/** A description as read. Only {@link isSignedBy} proves it. */
export interface ReadDescription {
  readonly description: Description;
  readonly signature: string | undefined;
}

/** The text of the file. */
export function writeDescription(description: Description, key: SigningKey | undefined): string {
  const text = textOf(description);
  const signature = key && sign(null, Buffer.from(`${CONTEXT}${text}`), key.privateKey).toString('base64');
  return `${signature === undefined ? text : `${text.slice(0, -1)},"signature":"${signature}"}`}\n`;
}

/** What is signed: the same text for the same description. */
function textOf(description: Description): string {
  const { archive, archiveSha256, archiveBytes, name, sha256, bytes, records, problem = null, runs } = description;
  return JSON.stringify({
    version: VERSION,
    archive,
    archiveSha256,
    archiveBytes,
    name,
    sha256,
    bytes,
    records,
    oldest: timeText(description.oldest),
    newest: timeText(description.newest),
    archived: timeText(description.archived),
    problem,
    runs: runs.map(({ chain, first, last, prevHash, headHash }) => ({ chain, first, last, prevHash, headHash })),
  });
}

/** Reads such a text; undefined for any other. */
export function readDescription(text: string): ReadDescription | undefined {
  const value = attempt(() => JSON.parse(text) as Partial<Record<string, unknown>> | null);
  if (typeof value !== 'object' || value === null || value['version'] !== VERSION) return undefined;
  const { archive, archiveSha256, archiveBytes, name, sha256, bytes, records, problem, signature } = value;
  const [oldest, newest, archived] = [timeIn(value['oldest']), timeIn(value['newest']), timeIn(value['archived'])];
  const runs = runsIn(value['runs']);
  if (
    !(isText(archive) && isText(name) && isHash(archiveSha256) && isHash(sha256)) ||
    !(isCount(archiveBytes) && isCount(bytes) && isCount(records)) ||
    !(problem === null || (isText(problem) && PROBLEM.test(problem))) ||
    oldest === undefined ||
    newest === undefined ||
    archived === undefined ||
    runs === undefined ||
    // Nothing would be recorded of their deletion.
    (records > 0 && runs.length === 0)
  ) {
    return undefined;
  }
  const facts = { sha256, bytes, records, oldest, newest, runs, problem: problem ?? undefined };
  return {
    description: { ...facts, archive, archiveSha256, archiveBytes, name, archived },
    signature: isText(signature) ? signature : undefined,
  };
}

/** Whether one of these keys signed the description while it was valid. */
export function isSignedBy({ description, signature }: ReadDescription, keys: readonly PublicKey[]): boolean {
  if (signature === undefined) return false;
  const [signed, bytes] = [Buffer.from(`${CONTEXT}${textOf(description)}`), Buffer.from(signature, 'base64')];
  return keys.some(
    (key) => isValidAt(key, description.archived) && attempt(() => verify(null, signed, key.key, bytes)) === true,
  );
}

/** Null for no time. */
function timeText(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(Math.ceil(ms)).toISOString();
}

/** NaN for no time; undefined for any other value. */
function timeIn(value: unknown): number | undefined {
  if (value === null) return Number.NaN;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) || timeText(time) !== value ? undefined : time;
}

function runsIn(value: unknown): readonly Run[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const runs: Run[] = [];
  for (const each of value as readonly (Partial<Record<string, unknown>> | null)[]) {
    const { chain, first, last, prevHash, headHash } = each ?? {};
    if (!isText(chain) || !UUID.test(chain) || !isHash(prevHash) || !isHash(headHash)) return undefined;
    if (!isCount(first) || !isCount(last) || first < 1 || last < first) return undefined;
    runs.push({ chain, first, last, prevHash, headHash });
  }
  return runs;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isHash(value: unknown): value is string {
  return isText(value) && HASH.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
