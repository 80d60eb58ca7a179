/** Cuts text without splitting characters. */

/** `limit`, or one less if that would split a surrogate pair. */
export function wholeCharacters(text: string, limit: number): number {
  if (limit <= 0 || limit >= text.length) return limit;
  const isPair = isSurrogate(text.charCodeAt(limit - 1), 0xd800) && isSurrogate(text.charCodeAt(limit), 0xdc00);
  return isPair ? limit - 1 : limit;
}

/** High surrogates begin at U+D800, low ones at U+DC00; there are 1024 of each. */
function isSurrogate(code: number, first: number): boolean {
  return code >= first && code < first + 0x400;
}

/** At most the first `max` UTF-16 units of a text. */
export function startOf(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, wholeCharacters(text, max));
}

/** At most `max` UTF-16 units, ending in `…` if the text, or what it was made of (`more`), was longer. */
export function cutChars(text: string, max: number, more = false): string {
  if (text.length <= max && !more) return text;
  return `${text.slice(0, wholeCharacters(text, max - 1))}…`;
}

/**
 * At most `max` bytes of UTF-8, ending in the number of omitted bytes, if any; `unseen` ones count as omitted. A `max`
 * below about 30 bytes, the length of that mark, is exceeded.
 */
export function cutBytes(text: string, max: number, unseen = 0): string {
  const total = Buffer.byteLength(text);
  if (total <= max && unseen === 0) return text;
  const room = Math.max(0, max - Buffer.byteLength(cutMark(total + unseen)));
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(room));
  return text.slice(0, read) + cutMark(total - written + unseen);
}

function cutMark(bytes: number): string {
  return `…[cut ${bytes} bytes]`;
}

/** A copy that shares no memory: a slice keeps alive the whole string that it was cut from. */
export function detached(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le');
}
