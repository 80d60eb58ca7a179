/** The secrets in variables: whatever is printed passes here last. */
import { attempt } from '../lib/attempt.js';
import { REDACTED, shown } from '../redact/scrub.js';
import { isSensitiveKey } from '../redact/sensitive-names.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter values are words, and no secrets. */
const MIN_CHARS = 6;
const MAX_SECRETS = 500;
const MAX_TEXT = 2000;
/** What a shell calls its working directory, and others a password. */
const FOLDERS = /^(?:OLD)?PWD$/;
/** The part of a path that is none of a name: many services take a token there. */
const TOKEN = /^(?=.*\d)[\w.~-]{16,}$/;

/** A function that hides them, and whatever looks like a secret. */
export function hidingSecretsOf(env: Environment): (text: string) => string {
  const secrets = new Set<string>();
  for (const [name, value = ''] of Object.entries(env)) {
    for (const secret of secretsIn(name, value)) {
      if (secret.length >= MIN_CHARS && secrets.size < MAX_SECRETS) secrets.add(secret);
    }
  }
  // A longer one may contain a shorter one.
  const inOrder = [...secrets].sort((a, b) => b.length - a.length);
  return (text) =>
    shown(
      inOrder.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text),
      MAX_TEXT,
    );
}

function secretsIn(name: string, value: string): readonly string[] {
  if (/^OTEL_EXPORTER_.*HEADERS$/.test(name)) return value.split(',').flatMap(inHeader);
  if ((isSensitiveKey(name) && !FOLDERS.test(name)) || name === 'MCP_TRAIL_AUDIT_DIGEST_KEY') return [value.trim()];
  return inUrl(value.trim(), name.endsWith('_ENDPOINT'));
}

/** Of `authorization=Bearer%20abc`: the value, also without its scheme. */
function inHeader(entry: string): readonly string[] {
  const value = entry.slice(entry.indexOf('=') + 1).trim();
  const decoded = attempt(() => decodeURIComponent(value)) ?? value;
  return [value, decoded, ...decoded.split(' ')];
}

/** @param isAddress whether it may lack its scheme */
function inUrl(value: string, isAddress: boolean): readonly string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
    return (isAddress ? /^[^/\s@]+@/.exec(value)?.[0].slice(0, -1).split(':') : undefined) ?? [];
  const url = attempt(() => new URL(value));
  if (url === undefined) return [/(?<=\/\/)[^/]*(?=@)/.exec(value)?.[0] ?? ''];
  const parts = [url.username, url.password, ...url.searchParams.values(), url.hash.slice(1)];
  return [
    ...parts,
    ...parts.map((part) => attempt(() => decodeURIComponent(part)) ?? ''),
    ...url.pathname.split('/').filter((part) => TOKEN.test(part)),
  ];
}
