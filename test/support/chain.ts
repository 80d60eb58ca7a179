/** Whether records are linked, told without the code that links them. */
import { createHash } from 'node:crypto';
import type { AuditRecord } from '../../src/semconv/audit-record.js';

/** What is known of a chain: its last record, and the numbers that are missing before it. */
interface Known {
  number: number;
  hash: string;
  readonly missing: Set<number>;
}

/** Follows the chains of the records that a sink got, in the order in which it got them. */
export class ChainCheck {
  readonly #chains = new Map<string, Known>();
  readonly #gaps: AuditRecord[] = [];
  readonly #seen = new Map<string, string>();

  /** What is wrong with the next record; undefined if nothing is. */
  next(text: string): string | undefined {
    const record: AuditRecord = JSON.parse(text);
    const { 'mcp_audit.chain.id': chain, 'audit.sequence.number': number, 'audit.prev.hash': previous } = record;
    const place = `${chain} ${number}`;
    // A provider that comes later gets a copy of the record of the start.
    const copy = this.#seen.get(place);
    if (copy !== undefined) return copy === text ? undefined : `two records are ${place}`;
    this.#seen.set(place, text);
    if (record.event_name === 'mcp_audit.gap') this.#gaps.push(record);
    const known = this.#chains.get(chain) ?? { number: 0, hash: sha256(''), missing: new Set() };
    this.#chains.set(chain, known);
    if (number < known.number) return `${place} comes after ${known.number}`;
    if (number === known.number + 1 && previous !== known.hash) return `${place} does not follow the record before it`;
    for (let lost = known.number + 1; lost < number; lost++) known.missing.add(lost);
    Object.assign(known, { number, hash: sha256(text) });
    return undefined;
  }

  /** Numbers that are missing, and that no record of a gap explains. */
  get unexplained(): string[] {
    return [...this.#chains].flatMap(([chain, { missing }]) => {
      const explains = (lost: number) => (gap: AuditRecord) =>
        gap['mcp_audit.chain.id'] === chain &&
        lost >= (gap['mcp_audit.gap.first'] ?? 0) &&
        lost <= (gap['mcp_audit.gap.last'] ?? 0);
      return [...missing].filter((lost) => !this.#gaps.some(explains(lost))).map((lost) => `${chain} ${lost}`);
    });
  }
}

/** Fails unless the records of a sink are in order and linked, and each that is missing is in a gap that is on record. */
export function expectChained(texts: readonly string[], check: ChainCheck = new ChainCheck()): void {
  for (const text of texts) {
    const problem = check.next(text);
    if (problem !== undefined) throw new Error(`the chain is broken: ${problem}\n${text}`);
  }
  const { unexplained } = check;
  if (unexplained.length > 0) throw new Error(`records are missing without a gap on record: ${unexplained.join(', ')}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
