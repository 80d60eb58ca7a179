/** Which records were read already: files may hold copies of each other. One bit per record of a chain. */
import { numberOf, type ReadRecord, textOf } from '../read-records.js';

const PAGE_RECORDS = 1024;
/** About 40 MB. */
const MAX_PAGES = 100_000;

export class Once {
  readonly #pages = new Map<string, Uint8Array>();
  /** There were so many chains that copies may have been taken for new records. */
  full = false;

  /** Whether a record comes for the first time. Those without a number count as new. */
  isFirst(record: ReadRecord): boolean {
    const chain = textOf(record, 'mcp_audit.chain.id');
    const number = numberOf(record, 'audit.sequence.number');
    if (chain === undefined || number === undefined || !Number.isSafeInteger(number)) return true;
    const page = this.#page(`${chain.slice(0, 64)} ${Math.floor(number / PAGE_RECORDS)}`);
    if (page === undefined) return true;
    const [byte, bit] = [(number % PAGE_RECORDS) >> 3, 1 << (number & 7)];
    const known = page[byte] as number;
    page[byte] = known | bit;
    return (known & bit) === 0;
  }

  #page(key: string): Uint8Array | undefined {
    let page = this.#pages.get(key);
    if (page === undefined) {
      if (this.#pages.size >= MAX_PAGES) {
        this.full = true;
        return undefined;
      }
      page = new Uint8Array(PAGE_RECORDS / 8);
      this.#pages.set(key, page);
    }
    return page;
  }
}
