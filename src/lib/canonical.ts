/** One text for a JSON value, whatever the order of its members: the input of hashes and signatures. */
import { CYCLE, JsonReader, MAX_DEPTH, TRUNCATED } from './json-reader.js';

/** Length of the text in UTF-16 units, names of omitted members included. */
const MAX_LENGTH = 1_048_576;

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * The canonical JSON of a value: members sorted by the UTF-16 units of their names, no white space, numbers and strings as
 * JavaScript writes them. Values outside RFC 8785 become what {@link JsonReader} says, and a lone surrogate U+FFFD.
 *
 * @throws RangeError for cycles, more than 64 levels, more than 1 Mi characters, and two names that differ in lone
 *   surrogates only. Throws nothing else, whatever the value.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown): string {
  return new CanonicalWriter().read(value) ?? 'null';
}

class CanonicalWriter extends JsonReader<string> {
  #left = MAX_LENGTH;

  protected string(value: string): string {
    if (value.length > this.#left) this.#take(value.length);
    const text = JSON.stringify(value);
    // In well-formed text, `\\ud` can only come from a literal backslash.
    return this.#spend(text.includes('\\ud') ? JSON.stringify(wellFormed(value)) : text);
  }

  protected scalar(value: number | boolean | null): string {
    return this.#spend(String(value));
  }

  protected override binary(bytes: Uint8Array): string {
    this.#take(Math.ceil(bytes.length / 3) * 4 + 2);
    return `"${Buffer.from(bytes).toString('base64')}"`;
  }

  protected mark(text: string): string {
    if (text === CYCLE || text === TRUNCATED) throw new RangeError(`canonical JSON is limited to ${MAX_DEPTH} levels`);
    return this.string(text);
  }

  protected array(source: object, length: number): string {
    this.#take(length + 1);
    let text = '[';
    for (let index = 0; index < length; index++) {
      if (index > 0) text += ',';
      text += this.member(source, index) ?? this.scalar(null);
    }
    return `${text}]`;
  }

  protected members(source: object, names: string[]): string {
    // Room for commas. Omitted members count, because looking at them costs time.
    this.#take(names.length + 2);
    let text = '';
    const keys = keysByName(names);
    for (const name of (keys === undefined ? names : [...keys.keys()]).sort()) {
      const label = this.string(name);
      const member = this.member(source, keys?.get(name) ?? name);
      if (member === undefined) continue;
      text += `${text === '' ? '' : ','}${label}:${member}`;
      this.#take(1);
    }
    return `{${text}}`;
  }

  #spend(text: string): string {
    this.#take(text.length);
    return text;
  }

  #take(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw new RangeError(`canonical JSON is limited to ${MAX_LENGTH} characters`);
  }
}

function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATES, '\ufffd');
}

/** Names without lone surrogates, each with its key; undefined if every key is well-formed. */
function keysByName(keys: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (!keys.some((key) => LONE_SURROGATE.test(key))) return undefined;
  const byName = new Map(keys.map((key) => [wellFormed(key), key] as const));
  if (byName.size < keys.length) throw new RangeError('canonical JSON cannot tell two names apart');
  return byName;
}
