/** Copies structured content within bounds, redacted and safe to serialise. */
import { ownElements, ownValue } from '../lib/foreign.js';
import { cutChars } from '../lib/text.js';
import { secretArguments } from './commands.js';
import { DetectorFailure } from './detectors.js';
import { MARKER_RESERVE_BYTES, MAX_DEPTH, MAX_KEY_CHARS, MAX_NODES } from './limits.js';
import { isJwkPrivate, isNamedSecret, isPairedValue, isSecretOption } from './named-values.js';
import { newReading, REDACTED, type Reading, type ScrubContext, scrub, scrubToBytes, TRUNCATED } from './scrub.js';
import { isSensitiveKey, isStatement } from './sensitive-names.js';

const UNREADABLE = '[UNREADABLE]';

/** Larger integers only serve to carry data, and are slow to convert. */
const MAX_BIGINT = 2n ** 64n;

/** What is left to spend on one value, and the containers being copied, outermost first. */
interface Budget {
  nodes: number;
  bytes: number;
  readonly open: Set<object>;
  readonly context: ScrubContext;
  readonly reading: Reading;
}

/**
 * Copies JSON-like data within the bounds. Does not call getters, reads class instances as plain objects, and replaces
 * binary data by its type. Never throws, whatever proxies do.
 */
export function copyStructure(value: unknown, maxBytes: number, given: ScrubContext = {}): unknown {
  const { reading = newReading(), label = '' } = given;
  const context = { ...given, reading };
  return copy(value, label, {
    nodes: MAX_NODES,
    bytes: maxBytes - MARKER_RESERVE_BYTES,
    open: new Set(),
    context,
    reading,
  });
}

/**
 * The copy of one value; undefined for values without JSON. Spends the bytes of its JSON text. `label` is the name of the
 * value.
 */
function copy(value: unknown, label: string, budget: Budget): unknown {
  switch (typeof value) {
    case 'string':
      return copyString(value, label, budget);
    case 'number':
      return Number.isFinite(value) ? copyNumber(value, label, budget) : spend(null, budget);
    case 'bigint':
      return value < MAX_BIGINT && value > -MAX_BIGINT
        ? copyString(String(value), label, budget)
        : spend('[BIGINT]', budget);
    case 'boolean':
      return spend(value, budget);
    case 'object':
      return value === null ? spend(null, budget) : copyObject(value, label, budget);
    default:
      return undefined;
  }
}

function spend<T extends string | number | boolean | null>(leaf: T, budget: Budget): T {
  budget.bytes -= Buffer.byteLength(JSON.stringify(leaf)) + 1;
  return leaf;
}

/** Reading costs as much as writing, or many long secrets would buy more work than one long text. */
function copyString(value: string, label: string, budget: Budget): string {
  const limit = Math.max(0, budget.bytes - 3);
  const fitting = orRedacted(() => fittingText(value, limit, { ...budget.context, label }), budget);
  budget.bytes -= Math.max(0, Math.min(value.length, limit) - Buffer.byteLength(fitting));
  return spend(fitting, budget);
}

function fittingText(value: string, limit: number, context: ScrubContext): string {
  const fitting = scrubToBytes(value, limit, context);
  if (Buffer.byteLength(JSON.stringify(fitting)) <= limit + 2) return fitting;
  // Escaping at most doubles a scrubbed text. What is hidden was counted the first time.
  return scrubToBytes(value, limit >> 1, { ...context, counts: undefined });
}

/** Text that a detector failed on must not leave. */
function orRedacted(scrubbed: () => string, { context }: Budget): string {
  try {
    return scrubbed();
  } catch (error) {
    if (!(error instanceof DetectorFailure)) throw error;
    context.counts?.add('detector_error');
    return REDACTED;
  }
}

/** A number can be a card number. */
function copyNumber(value: number, label: string, budget: Budget): number | string {
  const text = String(value);
  const safe = orRedacted(() => scrub(text, text.length, false, { ...budget.context, label }), budget);
  return safe === text ? spend(value, budget) : spend(safe, budget);
}

function copyObject(value: object, label: string, budget: Budget): unknown {
  if (budget.open.has(value)) return spend('[CYCLE]', budget);
  if (budget.open.size >= MAX_DEPTH) return spend(TRUNCATED, budget);
  budget.open.add(value);
  try {
    if (Array.isArray(value)) return copyArray(value, label, budget);
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
    if (kind === 'Object') return copyRecord(value, label, budget);
    if (kind === 'Date') return spend(Date.prototype.toISOString.call(value), budget);
    // `Symbol.toStringTag` can be any text.
    return spend(/^[A-Z][A-Za-z0-9]{1,31}$/.test(kind) ? `[${kind}]` : '[OBJECT]', budget);
  } catch {
    return spend(UNREADABLE, budget);
  } finally {
    budget.open.delete(value);
  }
}

function copyArray(source: readonly unknown[], label: string, budget: Budget): unknown[] {
  const result: unknown[] = [];
  const secrets = argumentsHidden(source, budget);
  budget.bytes -= 2;
  for (let index = 0; index < source.length; index++) {
    if (!takeNode(budget)) {
      result.push(TRUNCATED);
      break;
    }
    const hidden = secrets.has(index) || (index > 0 && isOptionsValue(source, index));
    const item = hidden ? hideValue(budget) : copyProperty(source, String(index), label, budget);
    result.push(item === undefined ? spend(null, budget) : item);
  }
  return result;
}

function copyRecord(source: object, label: string, budget: Budget): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  budget.bytes -= 2;
  for (const key of Object.keys(source)) {
    if (budget.reading.left <= 0) {
      entries.push([TRUNCATED, true]);
      break;
    }
    const scrubbed = orRedacted(() => scrub(key, MAX_KEY_CHARS, false, { ...budget.context, label: '' }), budget);
    const name = cutChars(scrubbed, MAX_KEY_CHARS, key.length > MAX_KEY_CHARS);
    const room = takeNode(budget);
    spend(name, budget);
    if (!room || budget.bytes < 0) {
      entries.push([TRUNCATED, true]);
      break;
    }
    const hidden = isHiddenMember(source, key);
    const value = hidden
      ? hideValue(budget)
      : copyProperty(source, key, `${lastOf(label)}.${key.slice(0, MAX_KEY_CHARS)}`, budget);
    if (value !== undefined) entries.push([name, value]);
  }
  // Unlike an assignment, this makes `__proto__` an ordinary property.
  return Object.fromEntries(entries);
}

/** A value's label is its own name and that of its container: `card.id`. */
function lastOf(label: string): string {
  return label.slice(label.lastIndexOf('.') + 1);
}

/** Whether the name of a member, or a member beside it, hides its value. Calls no getter. */
function isHiddenMember(source: object, key: string): boolean {
  if (isPairedValue(source, key) || isJwkPrivate(source, key)) return true;
  const value = ownValue(source, key);
  return (isSensitiveKey(key) && !isStatement(key, value)) || isNamedSecret(key, value);
}

/** In a list of arguments, `x` after `--password`. The next option is not a value. */
function isOptionsValue(source: readonly unknown[], index: number): boolean {
  const option: unknown = Object.getOwnPropertyDescriptor(source, String(index - 1))?.value;
  if (typeof option !== 'string' || !isSecretOption(option)) return false;
  const value: unknown = Object.getOwnPropertyDescriptor(source, String(index))?.value;
  return typeof value === 'number' || (typeof value === 'string' && !value.startsWith('-'));
}

/**
 * In a list of arguments, the indexes of the program's secrets. A member beside the list, or its first element, names the
 * program.
 */
function argumentsHidden(source: readonly unknown[], { open }: Budget): ReadonlySet<number> {
  const holder = [...open].at(-2);
  const program = holder === undefined ? undefined : (ownValue(holder, 'command') ?? ownValue(holder, 'program'));
  return secretArguments(program, ownElements(source, MAX_NODES) ?? []);
}

function hideValue(budget: Budget): string {
  budget.context.counts?.add('key_name');
  return spend(REDACTED, budget);
}

function takeNode(budget: Budget): boolean {
  budget.nodes -= 1;
  return budget.nodes >= 0 && budget.bytes > 0 && budget.reading.left > 0;
}

function copyProperty(source: object, key: string, label: string, budget: Budget): unknown {
  try {
    const property = Object.getOwnPropertyDescriptor(source, key);
    if (property === undefined) return undefined;
    return 'value' in property ? copy(property.value, label, budget) : spend('[GETTER]', budget);
  } catch {
    return spend(UNREADABLE, budget);
  }
}
