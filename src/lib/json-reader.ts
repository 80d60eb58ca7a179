/**
 * How a foreign value is read as JSON: the one place that decides it, for digests, redacted copies and lines of log records.
 *
 * | value | is read as |
 * | --- | --- |
 * | string, boolean, null, finite number | itself |
 * | NaN, ±Infinity | `null`, like `JSON.stringify`; its name in lines of log records |
 * | bigint | its digits, as a string; `[BIGINT]` from 2^128 on |
 * | undefined, function, symbol | nothing: no member, `null` in an array |
 * | date | its ISO form; `[UNREADABLE]` if it is invalid |
 * | binary data | base64, as a string; `[BINARY]` in redacted copies |
 * | array | its elements, with `null` for holes |
 * | boxed primitive | `[UNREADABLE]` |
 * | any other object | its own enumerable members with string names |
 * | getter | `[GETTER]` |
 * | proxy that throws | `[UNREADABLE]` |
 * | array or object within itself | `[CYCLE]` |
 * | array or object on a level too deep | `[TRUNCATED]` |
 *
 * Runs no code of the value but the traps of proxies: no getters, no `toJSON`, no methods. Reading throws nothing itself.
 */
import { types } from 'node:util';
import { arrayLength, ownKeys } from './foreign.js';

export const TRUNCATED = '[TRUNCATED]';
export const CYCLE = '[CYCLE]';
const UNREADABLE = '[UNREADABLE]';
const GETTER = '[GETTER]';
const BIGINT = '[BIGINT]';

/** Levels of arrays and objects. The outermost is level 1. */
export const MAX_DEPTH = 64;

/** Larger integers only serve to carry data, and are slow to convert. */
const MAX_BIGINT = 2n ** 128n;

const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);
const { toISOString } = Date.prototype;

type Kind = 'array' | 'members' | 'date' | 'binary' | 'unreadable';

/** What an object is read as. Never throws. */
export function kindOf(value: object): Kind {
  try {
    if (Array.isArray(value)) return 'array';
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return 'members';
    if (types.isDate(value)) return 'date';
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 'binary';
    return types.isBoxedPrimitive(value) ? 'unreadable' : 'members';
  } catch {
    return 'unreadable';
  }
}

/** The bytes of a buffer or view, not copied. The value's own properties may be getters; those of its class are not. */
function bytesOf(value: object): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value as ArrayBuffer);
  const own = types.isDataView(value) ? DataView.prototype : TYPED_ARRAY;
  const read = (name: string) => Reflect.get(own, name, value);
  return new Uint8Array(read('buffer'), read('byteOffset'), read('byteLength'));
}

/**
 * Reads values as the table above says. A subclass makes a `T` of each, and sets every bound but that of levels. A label is
 * passed on with a value, for subclasses that treat values by their names.
 */
export abstract class JsonReader<T> {
  /** The arrays and objects around the present value, outermost first. */
  protected readonly open: object[] = [];
  readonly #maxDepth: number;

  constructor(maxDepth = MAX_DEPTH) {
    this.#maxDepth = maxDepth;
  }

  protected abstract string(text: string, label: string): T;
  protected abstract scalar(value: number | boolean | null, label: string): T;
  protected abstract array(source: object, length: number, label: string): T;
  protected abstract members(source: object, names: string[], label: string): T;
  /** A mark or a date: text that needs neither escaping nor redaction. */
  protected abstract mark(text: string): T;

  protected binary(_bytes: Uint8Array): T {
    return this.mark('[BINARY]');
  }

  protected notFinite(_value: number): T {
    return this.scalar(null, '');
  }

  /** Undefined for a value without JSON. */
  read(value: unknown, label = ''): T | undefined {
    switch (typeof value) {
      case 'string':
        return this.string(value, label);
      case 'number':
        return Number.isFinite(value) ? this.scalar(value, label) : this.notFinite(value);
      case 'boolean':
        return this.scalar(value, label);
      case 'bigint':
        return value < MAX_BIGINT && value > -MAX_BIGINT ? this.string(String(value), label) : this.mark(BIGINT);
      case 'object':
        return value === null ? this.scalar(null, label) : this.#object(value, label);
      default:
        return undefined;
    }
  }

  /** Reads a member of an object or an element of an array; undefined if it is missing or without JSON. */
  protected member(source: object, key: string | number, label?: string): T | undefined {
    let property: PropertyDescriptor | undefined;
    try {
      property = Object.getOwnPropertyDescriptor(source, key);
    } catch {
      return this.mark(UNREADABLE);
    }
    if (property === undefined) return undefined;
    return 'value' in property ? this.read(property.value, label) : this.mark(GETTER);
  }

  #object(value: object, label: string): T {
    const kind = kindOf(value);
    if (kind === 'array' || kind === 'members') return this.#container(value, kind, label);
    let leaf: string | Uint8Array = UNREADABLE;
    try {
      if (kind === 'date') leaf = toISOString.call(value as Date);
      else if (kind === 'binary') leaf = bytesOf(value);
    } catch {
      // An invalid date, or a detached buffer.
    }
    return typeof leaf === 'string' ? this.mark(leaf) : this.binary(leaf);
  }

  #container(value: object, kind: 'array' | 'members', label: string): T {
    if (this.open.includes(value)) return this.mark(CYCLE);
    if (this.open.length >= this.#maxDepth) return this.mark(TRUNCATED);
    const contents = kind === 'array' ? arrayLength(value) : ownKeys(value);
    if (contents === undefined) return this.mark(UNREADABLE);
    this.open.push(value);
    const read =
      typeof contents === 'number' ? this.array(value, contents, label) : this.members(value, contents, label);
    this.open.pop();
    return read;
  }
}
