/** The findings about one chain, whose texts name records by number, file and line. */
import type { EntryView } from './entry.js';
import { Findings, type Severity } from './findings.js';

export class ChainFindings extends Findings {
  readonly #nameOf: (file: number) => string;

  /** @param nameOf names of inputs, for people */
  constructor(nameOf: (file: number) => string) {
    super();
    this.#nameOf = nameOf;
  }

  /** About one record. */
  tell(severity: Severity, kind: string, entry: EntryView, text: string): void {
    this.add({ severity, kind, text, number: entry.number, at: this.where(entry) });
  }

  /** About many records. */
  tellOf(severity: Severity, kind: string, text: string): void {
    this.add({ severity, kind, text });
  }

  where(entry: EntryView): string {
    return `${this.#nameOf(entry.file)}:${entry.line}`;
  }

  record(entry: EntryView): string {
    return `record ${entry.number} (${this.where(entry)})`;
  }
}
