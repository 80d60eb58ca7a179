/** Writes chains of records as the audit trail does: canonical lines, numbered and linked, with checkpoints. */
import { hashOf, NO_RECORD_HASH } from '../../src/chain/hash.js';
import type { PublicKey, SigningKey } from '../../src/chain/keys.js';
import { writeNote } from '../../src/chain/note.js';
import { canonicalJson } from '../../src/lib/canonical.js';
import { rfc3339 } from '../../src/lib/clock.js';

export type Fields = Readonly<Record<string, unknown>>;

export const START_MS = Date.parse('2026-11-21T09:20:07.000Z');

/** A chain id, as it is made at a time. */
export function chainId(index = 0, ms = START_MS): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7e0f-9d4e-${index.toString(16).padStart(12, '0')}`;
}

/** A line from the fields of a record. */
export function lineOf(fields: Fields): string {
  return canonicalJson(fields);
}

interface WriterOptions {
  readonly id?: string;
  /** Nothing for a chain without signatures. */
  readonly key?: SigningKey | undefined;
  readonly startMs?: number;
  /** Time from one record to the next. */
  readonly stepMs?: number;
  readonly service?: string;
}

/** What the record of a gap says. */
export interface Lost {
  readonly first: number;
  readonly last: number;
  readonly records: number;
  readonly prevHash?: string | undefined;
  readonly sink?: string;
}

/** One chain. Everything it writes is in `lines`. */
export class ChainWriter {
  readonly lines: string[] = [];
  readonly id: string;
  key: SigningKey | undefined;
  /** The time of the next record. */
  nowMs: number;
  readonly #stepMs: number;
  readonly #service: string;
  #number = 0;
  #head = NO_RECORD_HASH;

  constructor({ id = chainId(), key, startMs = START_MS, stepMs = 10, service = 'weather' }: WriterOptions = {}) {
    this.id = id;
    this.key = key;
    this.nowMs = startMs;
    this.#stepMs = stepMs;
    this.#service = service;
  }

  /** How many records there are. */
  get size(): number {
    return this.#number;
  }

  /** A record of any event; returns its line. */
  add(event = 'request', fields: Fields = {}): string {
    const line = this.#next(event, fields);
    this.lines.push(line);
    return line;
  }

  /** Records of calls. */
  calls(count: number): this {
    for (let made = 0; made < count; made++) this.add(made % 2 === 0 ? 'request' : 'response');
    return this;
  }

  /** Records that are in the chain, and never reach a file. */
  lose(count: number): Lost {
    const [first, prevHash] = [this.#number + 1, this.#head];
    for (let lost = 0; lost < count; lost++) this.#next('request', {});
    return { first, last: this.#number, records: count, prevHash };
  }

  /** The record of what was lost. */
  gap({ first, last, records, prevHash, sink = 'file' }: Lost): string {
    return this.add('gap', {
      'mcp_audit.gap.sink': sink,
      'mcp_audit.gap.first': first,
      'mcp_audit.gap.last': last,
      'mcp_audit.gap.records': records,
      'mcp_audit.gap.causes': ['ENOSPC'],
      ...(prevHash !== undefined && { 'mcp_audit.gap.prev_hash': prevHash }),
    });
  }

  checkpoint(fields: Fields = {}): string {
    return this.add('checkpoint', { ...this.#vouch(undefined), ...fields });
  }

  /** The key signs that another follows it, and that one signs from then on. */
  rotate(next: SigningKey): string {
    const line = this.add('key.rotated', { ...this.#vouch(next), 'mcp_audit.key.next_id': next.id });
    this.key = next;
    return line;
  }

  #vouch(nextKey: PublicKey | undefined): Fields {
    const checkpoint = { chainId: this.id, size: this.#number, head: this.#head, time: rfc3339(this.nowMs), nextKey };
    return {
      'mcp_audit.checkpoint.size': this.#number,
      'mcp_audit.checkpoint.note': writeNote(checkpoint, this.key),
      ...(this.key !== undefined && { 'mcp_audit.key.id': this.key.id }),
    };
  }

  #next(event: string, fields: Fields): string {
    this.#number += 1;
    const time = rfc3339(this.nowMs);
    this.nowMs += this.#stepMs;
    const line = lineOf({
      event_name: `mcp_audit.${event}`,
      time,
      observed_time: time,
      severity_number: 9,
      severity_text: 'INFO',
      'service.name': this.#service,
      'audit.record.id': `${this.id.slice(0, 24)}${this.#number.toString(16).padStart(12, '0')}`,
      'audit.schema.version': '1.3.0',
      'audit.action': 'EXECUTE',
      'audit.outcome': 'success',
      'audit.actor.id': 'u-8472',
      'audit.actor.type': 'user',
      'mcp_audit.actor.source': 'hook',
      'mcp_audit.correlation.id': 'req-8f7b2c9a',
      'mcp_audit.chain.id': this.id,
      'audit.sequence.number': this.#number,
      'audit.prev.hash': this.#head,
      ...fields,
    });
    this.#head = hashOf(line);
    return line;
  }
}

/** A line with some fields changed, as one who can write to the file would. */
export function edited(line: string, fields: Fields): string {
  return lineOf({ ...JSON.parse(line), ...fields });
}

/** The records from a line on, linked anew: what is possible without the key. */
export function relinked(lines: readonly string[], from: number): string[] {
  const result = lines.slice(0, from + 1);
  for (const line of lines.slice(from + 1)) {
    result.push(edited(line, { 'audit.prev.hash': hashOf(result.at(-1) as string) }));
  }
  return result;
}
