/** A URI without the parts that carry secrets. */
import { MAX_URI_CHARS } from './limits.js';
import { cutChars, detached, type Means, REDACTED, scrub } from './scrub.js';

/** The start of a URI with an authority: any schemes, `//`. Backslashes count, as they do for browsers. */
const AUTHORITY_START = /^(?:[A-Za-z][A-Za-z0-9+.-]{0,63}:){0,3}[/\\]{2}/;

/** Host and port, and nothing that could be the first half of a password cut by a stray `/`, `?` or `#`. */
const HOST_AND_PORT = /^(?:\[[0-9A-Fa-f:.%]{0,64}\]|[^:@[\]]*)(?::\d{0,5})?$/;

const DATA_URI = /^data:/i;
const DATA_MEDIA_TYPE = /^data:([a-z]{1,32}\/[\w.+-]{1,64})[;,]/i;

/** Removes userinfo, query, fragment and the content of `data:`; hides secrets in what is left; bounds the length. */
export function safeUri(value: string, means?: Means): string {
  const uri = value.slice(0, 64).trimStart() + value.slice(64);
  if (DATA_URI.test(withoutBreaks(uri.slice(0, 16)))) {
    const media = DATA_MEDIA_TYPE.exec(withoutBreaks(uri.slice(0, 128)))?.[1] ?? '';
    means?.tally?.add('uri');
    return `data:${scrub(media, media.length, false, means)},[REDACTED:data]`;
  }
  const start = AUTHORITY_START.exec(uri)?.[0] ?? '';
  const authorityEnd = start === '' ? 0 : endOf(/[/\\?#]/g, uri, start.length);
  const end = endOf(/[?#]/g, uri, authorityEnd);
  const host = start === '' ? '' : safeAuthority(uri.slice(start.length, authorityEnd));
  // What follows half a password may be its other half.
  const kept = start + host + (host === REDACTED ? '' : uri.slice(authorityEnd, end));
  if (kept !== uri) means?.tally?.add('uri');
  const safe = cutChars(scrub(kept, MAX_URI_CHARS, false, means), MAX_URI_CHARS, kept.length > MAX_URI_CHARS);
  return value.length > MAX_URI_CHARS ? detached(safe) : safe;
}

function safeAuthority(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return HOST_AND_PORT.test(host) ? host : REDACTED;
}

/** URL parsers skip line breaks and tabs wherever they are. */
function withoutBreaks(text: string): string {
  return text.replace(/[\t\r\n]/g, '');
}

function endOf(separator: RegExp, text: string, from: number): number {
  separator.lastIndex = from;
  return separator.exec(text)?.index ?? text.length;
}
