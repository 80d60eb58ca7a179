/** One sweep: one kind of thing, planted everywhere, each time another one, and what has become of it. */
import type { Fake, Kind } from './kinds.js';
import { type Hit, hitsIn, piecesOf } from './search.js';

export class Sweep {
  readonly kind: Kind;
  readonly #seed: string;
  readonly #planted = new Map<string, Fake>();
  readonly #expected = new Map<string, string>();
  readonly #onWire = new Set<string>();
  readonly #wire: string[] = [];

  constructor(kind: Kind, seed: string) {
    this.kind = kind;
    this.#seed = seed;
  }

  /** What is planted in a field of a message. The same field always has the same. */
  plant(field: string, put: (text: string) => string = (text) => text): string {
    this.#onWire.add(field);
    return this.plantLocally(field, put);
  }

  /** The same in what no message carries: a hook's answer, an option. */
  plantLocally(field: string, put: (text: string) => string = (text) => text): string {
    const fake = this.#planted.get(field) ?? this.kind.make(`${this.#seed} ${field}`);
    this.#planted.set(field, fake);
    const text = put(fake.text);
    this.#expected.set(field, text);
    return text;
  }

  /** A message on its way. */
  sent(message: unknown): void {
    collectStrings(message, this.#wire);
  }

  get fields(): string[] {
    return [...this.#planted.keys()].sort();
  }

  /** What was planted in a field, without what was put around it. */
  textOf(field: string): string {
    return this.#planted.get(field)?.text ?? '';
  }

  /** Fields of messages that were planted and were in no message. */
  get notSent(): string[] {
    const all = this.#wire.join('\n');
    return [...this.#onWire].filter((field) => !all.includes(this.#expected.get(field) as string)).sort();
  }

  hits(outputs: ReadonlyMap<string, string>): Hit[] {
    const pieces = piecesOf(this.#planted);
    return [...outputs].flatMap(([output, text]) => hitsIn(output, text, pieces));
  }

  /** Fields whose text stands in one of the outputs as it is, or as JSON has it. */
  leaving(outputs: ReadonlyMap<string, string>): string[] {
    // What log records say is in the file, too, and that has it once.
    const texts = [...outputs].filter(([output]) => output !== 'log records').map(([, text]) => text);
    return this.fields.filter((field) => {
      const { text } = this.#planted.get(field) as Fake;
      const forms = [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)];
      forms.push(JSON.stringify(forms[1]).slice(1, -1), text.toLowerCase());
      return texts.some((each) => forms.some((form) => each.includes(form)));
    });
  }
}

function collectStrings(value: unknown, into: string[], depth = 0): void {
  if (typeof value === 'string') into.push(value);
  else if (typeof value === 'number') into.push(String(value));
  if (typeof value !== 'object' || value === null || depth > 12) return;
  for (const [key, member] of Object.entries(value)) {
    into.push(key);
    collectStrings(member, into, depth + 1);
  }
}
