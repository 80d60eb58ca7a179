/** URIs without the parts that can contain secrets. */
import { cutChars, detached } from '../lib/text.js';
import { MAX_URI_CHARS } from './limits.js';
import { REDACTED, type ScrubContext, scrub } from './scrub.js';

/** The start of a URI with an authority: any schemes, and `//`. Backslashes count, as in browsers. */
const AUTHORITY_START = /^(?:[A-Za-z][A-Za-z0-9+.-]{0,63}:){0,3}[/\\]{2}/;

/** Host and port: a stray `/`, `?` or `#` cannot have cut a password here. */
const HOST_AND_PORT = /^(?:\[[0-9A-Fa-f:.%]{0,64}\]|[^:@[\]]*)(?::\d{0,5})?$/;

/** Schemes that take a user and a password. */
const WITH_LOGIN =
  /(?:^|:)(?:https?|wss?|s?ftps?|ssh|smb|ldaps?|smtps?|imaps?|pop3s?|amqps?|mqtts?|stomp|nats|kafka|rediss?|postgres(?:ql)?|mysqlx?|mariadb|mssql|sqlserver|oracle|db2|cockroachdb|clickhouse|mongodb|couchbases?|cassandra|neo4j|bolt|influxdb|snowflake|redshift|trino|presto|libsql|etcd|proxy|socks[45]h?|git)(?:\+[a-z0-9.+-]{1,32})?:[/\\]{2}$|^[/\\]{2}$/i;

/** The version of a package, which no host looks like: `npm://react@18.2.0`. */
const VERSION = /^v?\d+\.\d+\.\d+(?:[-+][\w.+-]*)?$/;

const DATA_URI = /^data:/i;
const DATA_MEDIA_TYPE = /^data:([a-z]{1,32}\/[\w.+-]{1,64})[;,]/i;

/** Removes userinfo, query, fragment and the content of `data:`; hides secrets in the rest; bounds the length. */
export function safeUri(value: string, context?: ScrubContext): string {
  const uri = value.slice(0, 64).trimStart() + value.slice(64);
  if (DATA_URI.test(withoutBreaks(uri.slice(0, 16)))) {
    const media = DATA_MEDIA_TYPE.exec(withoutBreaks(uri.slice(0, 128)))?.[1] ?? '';
    context?.counts?.add('uri');
    return `data:${scrub(media, media.length, false, context)},[REDACTED:data]`;
  }
  const start = AUTHORITY_START.exec(uri)?.[0] ?? '';
  const authorityEnd = start === '' ? 0 : endOf(/[/\\?#]/g, uri, start.length);
  const end = endOf(/[?#]/g, uri, authorityEnd);
  const host = withoutUserinfo(uri.slice(start.length, authorityEnd));
  // Half of a password; its other half follows.
  const cut = !HOST_AND_PORT.test(host) && uri.includes('@', authorityEnd) && WITH_LOGIN.test(start);
  const kept = start + (cut ? REDACTED : host + uri.slice(authorityEnd, end));
  if (kept !== uri) context?.counts?.add('uri');
  const safe = cutChars(scrub(kept, MAX_URI_CHARS, false, context), MAX_URI_CHARS, kept.length > MAX_URI_CHARS);
  return value.length > MAX_URI_CHARS ? detached(safe) : safe;
}

/** Userinfo is any text before the last `@` of the authority. */
function withoutUserinfo(authority: string): string {
  const at = authority.lastIndexOf('@');
  return at > 0 && !isPackage(authority, at) ? authority.slice(at + 1) : authority;
}

function isPackage(authority: string, at: number): boolean {
  return !/[:@]/.test(authority.slice(0, at)) && VERSION.test(authority.slice(at + 1));
}

/** URL parsers ignore line breaks and tabs everywhere. */
function withoutBreaks(text: string): string {
  return text.replace(/[\t\r\n]/g, '');
}

function endOf(separator: RegExp, text: string, from: number): number {
  separator.lastIndex = from;
  return separator.exec(text)?.index ?? text.length;
}
