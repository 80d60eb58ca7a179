/** Records that a line has more than once. */
import type { Members } from './json.js';
import { differing } from './members.js';

/** A record, and the text whose hash is in the record that follows it. */
export interface FoundRecord {
  /**
   * The canonical JSON. For a line of an audit file it is the line itself. Undefined if the export has only the attributes of
   * the record, and not its body.
   */
  readonly text: string | undefined;
  /** Its members by their names, flat. Values are unchecked. */
  readonly record: Members;
  /** Names of fields that the export has again, beside the text, with another value; sorted. */
  readonly differ: readonly string[];
}

/** The records of a line. */
export class Copies {
  readonly all: FoundRecord[] = [];
  /** Their places by their texts and ids; made when there is a record again. */
  #places: Map<unknown, number> | undefined;

  add(record: FoundRecord): void {
    if (this.#places !== undefined) this.#remember(record, this.all.length);
    this.all.push(record);
  }

  /** A record that may be a copy of one before it. A copy of members may lack some; a whole one must have the same text. */
  addAgain(record: FoundRecord, whole: boolean): void {
    if (this.#places === undefined) {
      this.#places = new Map();
      for (const [place, each] of this.all.entries()) this.#remember(each, place);
    }
    const same = record.text === undefined ? undefined : this.#places.get(record.text);
    const place = same ?? (whole ? undefined : this.#places.get(idOf(record)));
    const first = place === undefined ? undefined : this.all[place];
    if (place === undefined || first === undefined) {
      this.add(record);
      return;
    }
    const more = same === undefined ? differing(first.record, record.record, record.text !== undefined) : [];
    if (more.length + record.differ.length === 0) return;
    this.all[place] = { ...first, differ: [...new Set([...first.differ, ...record.differ, ...more])].sort() };
  }

  #remember(record: FoundRecord, place: number): void {
    for (const name of [record.text, idOf(record)]) {
      if (name !== undefined && !this.#places?.has(name)) this.#places?.set(name, place);
    }
  }
}

function idOf({ record }: FoundRecord): unknown {
  return record['audit.record.id'];
}
