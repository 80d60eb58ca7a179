/** Trails of several processes that rotate, at times that the test chooses, and what of them is left. */
import { lstatSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Decrypter } from 'age-encryption';
import { RecordFields } from '../../src/audit/record-fields.js';
import { Signer } from '../../src/audit/signer.js';
import { lineSink } from '../../src/audit/sinks.js';
import { Trail } from '../../src/audit/trail.js';
import { hashOf } from '../../src/chain/hash.js';
import type { PublicKey } from '../../src/chain/keys.js';
import { isSignedBy, readNote } from '../../src/chain/note.js';
import { FileLogRecordExporter } from '../../src/export/file.js';
import { createUuidV7 } from '../../src/lib/uuid-v7.js';

type Fields = Readonly<Record<string, unknown>>;

/** A record as it was written. */
export interface Written {
  readonly chain: string;
  readonly number: number;
  readonly time: number;
}

/** A clock that only the test moves. */
export class Clock {
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  now = (): number => this.nowMs;
}

/** One process that writes a trail, in a file that rotates. */
export class Writer {
  readonly #trail: Trail;
  readonly #clock: Clock;

  /** @param written receives every record, when the file has it */
  constructor(path: string, keyFile: string, clock: Clock, written: Map<string, Written>) {
    const exporter = new FileLogRecordExporter({ path, reserve: 0, now: clock.now });
    const { accept, ...sink } = lineSink('file', exporter);
    this.#clock = clock;
    const signer = new Signer(keyFile, 'the test');
    signer.load();
    this.#trail = new Trail({
      key: path,
      sinks: [
        {
          ...sink,
          accept(finished, lost) {
            const record = JSON.parse(finished.text) as Fields;
            const [chain, number] = [String(record['mcp_audit.chain.id']), finished.number];
            written.set(hashOf(finished.text), { chain, number, time: clock.nowMs });
            return accept(finished, lost);
          },
        },
      ],
      now: clock.now,
      newId: createUuidV7({ now: clock.now }),
      resource: () => ({ 'service.name': 'kept' }),
      signer,
    });
    this.#trail.start();
  }

  write(count: number): void {
    for (let made = 0; made < count; made++) {
      const fields = new RecordFields().add({
        'audit.action': 'EXECUTE',
        'audit.outcome': 'success',
        'audit.actor.id': 'u-8472',
        'audit.actor.type': 'user',
        'mcp_audit.actor.source': 'hook',
        'mcp_audit.correlation.id': 'req-8f7b2c9a',
      });
      this.#clock.nowMs += 1;
      this.#trail.record({ name: 'mcp_audit.request', severity: 'INFO', fields });
    }
    // A checkpoint, which would come a minute later.
    this.#trail.end();
  }

  close(): void {
    this.#trail.close();
  }
}

/** Files that were written just now get the time of the clock, as they would have it. */
export function ageFiles(folder: string, clock: Clock, seen: Set<string>): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (!found.isFile() || !name.endsWith('.jsonl') || name.startsWith('retention')) continue;
    if (seen.has(`${found.ino} ${found.size} ${found.mtimeMs}`)) continue;
    utimesSync(path, clock.nowMs / 1000, clock.nowMs / 1000);
    const aged = lstatSync(path);
    seen.add(`${aged.ino} ${aged.size} ${aged.mtimeMs}`);
  }
}

/** What is left of trails in a folder and its archives: the hashes of all records. */
export class Kept {
  readonly #files = new Map<string, readonly string[]>();
  readonly #identity: string | undefined;

  constructor(identity: string | undefined) {
    this.#identity = identity;
  }

  async hashes(folder: string): Promise<Set<string>> {
    const all = new Set<string>();
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.jsonl(?:\.gz(?:\.age)?)?$/.test(name)) continue;
      for (const hash of await this.#read(join(folder, name))) all.add(hash);
    }
    return all;
  }

  async #read(path: string): Promise<readonly string[]> {
    const { ino, size, ctimeMs } = lstatSync(path);
    const key = `${ino} ${size} ${ctimeMs}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    let bytes: Uint8Array = readFileSync(path);
    if (path.endsWith('.age')) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(this.#identity as string);
      bytes = await decrypter.decrypt(bytes);
    }
    if (!path.endsWith('.jsonl')) bytes = gunzipSync(bytes);
    const hashes = Buffer.from(bytes).toString('utf8').split('\n').filter(Boolean).map(hashOf);
    this.#files.set(key, hashes);
    return hashes;
  }
}

/** A deletion, as its record tells it. */
export interface Deletion {
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  readonly prevHash: string;
  readonly headHash: string;
}

/** Deletions that a key has signed for: those in front of a checkpoint, in a chain that links up to it. */
export function signedDeletions(folder: string, key: PublicKey): Deletion[] {
  const chains = new Map<string, { head: string; waiting: Deletion[] }>();
  const signed: Deletion[] = [];
  const files = readdirSync(folder).filter((name) => /^retention(?:-.*)?\.jsonl$/.test(name));
  const lines = files.sort().flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean));
  for (const line of lines) {
    const record = JSON.parse(line) as Fields;
    const id = String(record['mcp_audit.chain.id']);
    const chain = chains.get(id) ?? { head: String(record['audit.prev.hash']), waiting: [] };
    chains.set(id, chain);
    if (record['audit.prev.hash'] !== chain.head) throw new Error(`${folder}: a record that does not fit`);
    if (record['event_name'] === 'mcp_audit.retention') {
      const of = (name: string) => record[`mcp_audit.retention.${name}`] as never;
      chain.waiting.push({
        chain: of('chain.id'),
        first: of('first'),
        last: of('last'),
        prevHash: of('prev_hash'),
        headHash: of('head_hash'),
      });
    }
    const note = readNote(String(record['mcp_audit.checkpoint.note'] ?? ''));
    if (note?.head === chain.head && isSignedBy(note, key)) signed.push(...chain.waiting.splice(0));
    chain.head = hashOf(line);
  }
  return signed;
}
