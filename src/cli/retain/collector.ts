/** Finds the records of chains in the bytes of a file, for what its deletion has to tell. */
import { hashOf } from '../../chain/hash.js';
import type { Collector } from '../../retain/content.js';
import { FactsOfRecords } from '../../retain/facts.js';
import type { FoundRecord } from '../exports/copies.js';
import { provable } from '../exports/found.js';
import { LineSplitter, type RawLine, textOfLine } from '../read-lines.js';
import { parseTime } from '../time.js';
import { gapDetails } from '../verify/details.js';
import { placeOf } from '../verify/read-trail.js';

const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** In every record, several times. */
const MARK = 'mcp_audit.';
const CHECKPOINTS: ReadonlySet<unknown> = new Set(['mcp_audit.checkpoint', 'mcp_audit.key.rotated']);
const REPLACEMENT = '\ufffd';

export class RecordCollector implements Collector {
  readonly #splitter = new LineSplitter(MAX_LINE_BYTES, MARK);
  readonly #facts = new FactsOfRecords();

  add(chunk: Uint8Array): void {
    for (const line of this.#splitter.push(chunk)) this.#line(line);
  }

  hasEvents = false;

  get hasRecords(): boolean {
    return this.#facts.records > 0;
  }

  end() {
    for (const line of this.#splitter.end()) this.#line(line);
    return this.#facts.facts;
  }

  #line({ number, bytes, marked }: RawLine): void {
    if (bytes === undefined) {
      if (marked) this.#facts.problem ??= `has a record in line ${number}, which is too long`;
      return;
    }
    const line = textOfLine(bytes, number);
    const { records, damaged } = provable(line);
    // A record that is cut off was never whole. One that was changed is for `verify` to find, not for us to delete.
    const isChanged = damaged.some(({ how }) => how === 'changed');
    const isGarbled = line.includes(REPLACEMENT) && !bytes.includes(REPLACEMENT);
    if (isChanged || (isGarbled && records.length > 0)) this.#facts.problem ??= changed(number);
    for (const found of records) this.#record(number, found);
  }

  #record(line: number, { text, record, differ }: FoundRecord): void {
    const place = placeOf(record);
    if (place === 'malformed' || differ.length > 0) this.#facts.problem ??= changed(line);
    if (place === undefined || place === 'malformed' || text === undefined) return;
    this.hasEvents ||= !CHECKPOINTS.has(record['event_name']);
    const times = ['time', 'observed_time'].map((name) => {
      const value = record[name];
      return typeof value === 'string' ? (parseTime(value) ?? Number.NaN) : Number.NaN;
    });
    const { chainId: chain, number, prev } = place;
    this.#facts.add({
      chain,
      number,
      prev,
      hash: hashOf(text),
      oldest: Math.min(...times),
      newest: Math.max(...times),
    });
    const gap = record['event_name'] === 'mcp_audit.gap' ? gapDetails(record) : undefined;
    if (gap?.prevHash === undefined || gap.sink !== 'file') return;
    const { first, last, records, prevHash } = gap;
    this.#facts.lose({ chain, first, last, records, prevHash });
  }
}

function changed(line: number): string {
  return `has a record in line ${line} that was changed`;
}
