/** Copies structured content within bounds, redacted and safe to serialise. */
import { ownElements, ownValue } from '../lib/foreign.js';
import { JsonReader, TRUNCATED } from '../lib/json-reader.js';
import { cutChars } from '../lib/text.js';
import { secretArguments } from './commands.js';
import { DetectorFailure } from './detectors.js';
import { MARKER_RESERVE_BYTES, MAX_DEPTH, MAX_KEY_CHARS, MAX_NODES } from './limits.js';
import { isJwkPrivate, isNamedSecret, isPairedValue, isSecretOption } from './named-values.js';
import { newReading, REDACTED, type Reading, type ScrubContext, scrub, scrubToBytes } from './scrub.js';
import { isSensitiveKey, isStatement } from './sensitive-names.js';

/**
 * Copies JSON-like data within the bounds, as plain data without secrets. Undefined for values without JSON. Never throws,
 * whatever the value.
 */
export function copyStructure(value: unknown, maxBytes: number, context: ScrubContext = {}): unknown {
  return new Copier(maxBytes, context).read(value, context.label);
}

/** The label of a value is its own name and that of its container: `card.id`. */
class Copier extends JsonReader<unknown> {
  readonly #context: ScrubContext;
  readonly #reading: Reading;
  #nodes = MAX_NODES;
  /** What is left for the JSON text of the copy. */
  #bytes: number;

  constructor(maxBytes: number, context: ScrubContext) {
    super(MAX_DEPTH);
    const { reading = newReading() } = context;
    this.#context = { ...context, reading };
    this.#reading = reading;
    this.#bytes = maxBytes - MARKER_RESERVE_BYTES;
  }

  /** Reading costs as much as writing, or many long secrets would buy more work than one long text. */
  protected string(value: string, label: string): string {
    const limit = Math.max(0, this.#bytes - 3);
    const fitting = this.#orRedacted(() => fittingText(value, limit, { ...this.#context, label }));
    this.#bytes -= Math.max(0, Math.min(value.length, limit) - Buffer.byteLength(fitting));
    return this.#spend(fitting);
  }

  /** A number can be a card number. */
  protected scalar(value: number | boolean | null, label: string): number | string | boolean | null {
    if (typeof value !== 'number') return this.#spend(value);
    const text = String(value);
    const safe = this.#orRedacted(() => scrub(text, text.length, false, { ...this.#context, label }));
    return this.#spend(safe === text ? value : safe);
  }

  protected mark(text: string): string {
    return this.#spend(text);
  }

  protected array(source: object, length: number, label: string): unknown[] {
    const copy: unknown[] = [];
    const secrets = this.#secretArguments(source);
    this.#bytes -= 2;
    for (let index = 0; index < length; index++) {
      if (!this.#takeNode()) {
        copy.push(TRUNCATED);
        break;
      }
      const hidden = secrets.has(index) || (index > 0 && isOptionsValue(source, index));
      const item = hidden ? this.#hide() : this.member(source, index, label);
      copy.push(item === undefined ? this.#spend(null) : item);
    }
    return copy;
  }

  protected members(source: object, names: string[], label: string): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    this.#bytes -= 2;
    for (const key of names) {
      if (this.#reading.left <= 0) {
        entries.push([TRUNCATED, true]);
        break;
      }
      const name = this.#name(key);
      const room = this.#takeNode();
      this.#spend(name);
      if (!room || this.#bytes < 0) {
        entries.push([TRUNCATED, true]);
        break;
      }
      const value = isHiddenMember(source, key)
        ? this.#hide()
        : this.member(source, key, `${lastOf(label)}.${key.slice(0, MAX_KEY_CHARS)}`);
      if (value !== undefined) entries.push([name, value]);
    }
    // Unlike an assignment, this makes `__proto__` an ordinary property.
    return Object.fromEntries(entries);
  }

  #name(key: string): string {
    const safe = this.#orRedacted(() => scrub(key, MAX_KEY_CHARS, false, { ...this.#context, label: '' }));
    return cutChars(safe, MAX_KEY_CHARS, key.length > MAX_KEY_CHARS);
  }

  /**
   * In a list of arguments, the indexes of the program's secrets. A member beside the list, or its first element, names the
   * program.
   */
  #secretArguments(list: object): ReadonlySet<number> {
    const holder = this.open.at(-2);
    const program = ownValue(holder, 'command') ?? ownValue(holder, 'program');
    return secretArguments(program, ownElements(list, MAX_NODES) ?? []);
  }

  /** Text that a detector failed on must not leave. */
  #orRedacted(scrubbed: () => string): string {
    try {
      return scrubbed();
    } catch (error) {
      if (!(error instanceof DetectorFailure)) throw error;
      this.#context.counts?.add('detector_error');
      return REDACTED;
    }
  }

  #hide(): string {
    this.#context.counts?.add('key_name');
    return this.#spend(REDACTED);
  }

  #takeNode(): boolean {
    this.#nodes -= 1;
    return this.#nodes >= 0 && this.#bytes > 0 && this.#reading.left > 0;
  }

  #spend<V extends string | number | boolean | null>(leaf: V): V {
    this.#bytes -= Buffer.byteLength(JSON.stringify(leaf)) + 1;
    return leaf;
  }
}

function fittingText(value: string, limit: number, context: ScrubContext): string {
  const fitting = scrubToBytes(value, limit, context);
  if (Buffer.byteLength(JSON.stringify(fitting)) <= limit + 2) return fitting;
  // Escaping at most doubles a scrubbed text. What is hidden was counted the first time.
  return scrubToBytes(value, limit >> 1, { ...context, counts: undefined });
}

/** The own name of a value, from its label. */
function lastOf(label: string): string {
  return label.slice(label.lastIndexOf('.') + 1);
}

/** Whether the name of a member, or a member beside it, hides its value. */
function isHiddenMember(source: object, key: string): boolean {
  if (isPairedValue(source, key) || isJwkPrivate(source, key)) return true;
  const value = ownValue(source, key);
  return (isSensitiveKey(key) && !isStatement(key, value)) || isNamedSecret(key, value);
}

/** In a list of arguments, `x` after `--password`. The next option is not a value. */
function isOptionsValue(source: object, index: number): boolean {
  const option = ownValue(source, String(index - 1));
  if (typeof option !== 'string' || !isSecretOption(option)) return false;
  const value = ownValue(source, String(index));
  return typeof value === 'number' || (typeof value === 'string' && !value.startsWith('-'));
}
