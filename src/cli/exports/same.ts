/** Whether a value beside a record is that of the record, in whatever form a backend gives it back. */
import { parsed } from './json.js';

/** Limits of SDKs and backends cut attributes, but not as short as this. */
const SHORTEST_CUT = 64;

/** A time to the millisecond, or more exact. Elasticsearch gives fields of type `date` back in milliseconds. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}?)0*Z$/;

/**
 * Whether an attribute has the value of the record. Numbers and booleans may be text, a list may be its JSON, in another
 * order, or its only element, a long text may be cut off, and a time may be in milliseconds.
 */
export function isSame(own: unknown, other: unknown): boolean {
  if (Array.isArray(own)) return isSameList(own.map(textOf), other);
  const single = Array.isArray(other) && other.length === 1 ? other[0] : other;
  if (typeof own === 'string') return isSameText(own, textOf(single));
  return textOf(own) === textOf(single);
}

function isSameList(own: readonly string[], other: unknown): boolean {
  return listsIn(other).some((list) => {
    const inOrder = own.length === list.length && own.every((each, index) => isSameText(each, list[index] as string));
    return inOrder || textSet(own) === textSet(list);
  });
}

/** The lists that a value can stand for. */
function listsIn(value: unknown): string[][] {
  if (Array.isArray(value)) return [value.map(textOf)];
  const text = textOf(value);
  const list = text.startsWith('[') ? parsed(text) : undefined;
  return Array.isArray(list) ? [list.map(textOf), [text]] : [[text]];
}

function textSet(texts: readonly string[]): string {
  return JSON.stringify([...new Set(texts.map(withoutReplaced))].sort());
}

function isSameText(own: string, other: string): boolean {
  if (own === other) return true;
  const [time, cut] = [TIME.exec(own)?.[1], TIME.exec(other)?.[1]];
  if (time !== undefined && cut !== undefined) return time.startsWith(cut);
  const [whole, start] = [withoutReplaced(own), withoutReplaced(other)];
  return whole === start || (start.length >= SHORTEST_CUT && whole.startsWith(start));
}

/** Text of a value that records can have. No record has the text for others. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '\0';
}

/** UTF-8 has no lone surrogates, and Loki writes spaces for what replaces them. */
function withoutReplaced(text: string): string {
  return text.replace(/[\p{Surrogate}\ufffd]/gu, ' ');
}
