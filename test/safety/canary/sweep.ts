/** One sweep: one kind of canary, a different one in every field, and where each was found. */
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

  /** The canary of a message's field. It is always the same for a field. */
  plant(field: string, put: (text: string) => string = (text) => text): string {
    this.#onWire.add(field);
    return this.plantLocally(field, put);
  }

  /** The canary of a place outside messages: a hook's return value, an option. */
  plantLocally(field: string, put: (text: string) => string = (text) => text): string {
    const fake = this.#planted.get(field) ?? this.kind.make(`${this.#seed} ${field}`);
    this.#planted.set(field, fake);
    const text = put(fake.text);
    this.#expected.set(field, text);
    return text;
  }

  /** A message that is sent. */
  sent(message: unknown): void {
    collectStrings(message, this.#wire);
  }

  get fields(): string[] {
    return [...this.#planted.keys()].sort();
  }

  /** The canary of a field, without the text around it. */
  textOf(field: string): string {
    return this.#planted.get(field)?.text ?? '';
  }

  /** Fields of messages that were planted but never sent. */
  get notSent(): string[] {
    const all = this.#wire.join('\n');
    return [...this.#onWire].filter((field) => !all.includes(this.#expected.get(field) as string)).sort();
  }

  hits(outputs: ReadonlyMap<string, string>): Hit[] {
    const pieces = piecesOf(this.#planted);
    return [...outputs].flatMap(([output, text]) => hitsIn(output, text, pieces));
  }

  /** Fields whose text is in one of the outputs, plain or JSON-escaped. */
  leaving(outputs: ReadonlyMap<string, string>): string[] {
    // Log records are in the file, too, which contains each once.
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
