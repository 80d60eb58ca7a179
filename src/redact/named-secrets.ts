/** Values that nothing tells from others but the name of the service before them: `algolia = <32 letters and digits>`. */
import { NAMED } from './gitleaks.generated.js';
import type { Marked } from './marks.js';
import { type Span, startsAlone } from './span.js';

/** One rule: names in small letters, the source of a pattern for the value, and how irregular the value is at least. */
export interface NamedSecret {
  readonly id: string;
  readonly names: readonly string[];
  readonly value: string;
  /** Shannon entropy in bits per character. */
  readonly entropy?: number | undefined;
}

/** What the rules of gitleaks lack. */
const OTHERS: readonly NamedSecret[] = [
  { id: 'atlassian', names: ['atlassian', 'confluence', 'jira'], value: '[a-z0-9]{24}', entropy: 3.5 },
  { id: 'sourcegraph', names: ['sourcegraph'], value: '[0-9a-f]{40}' },
  { id: 'honeycomb', names: ['honeycomb', 'honeycomb-team', 'honeycomb_team'], value: '(?:[a-z0-9]{22}|[0-9a-f]{32})' },
];

/** The rest of the name, the sign of assignment, and quotes on its way to the value. */
const GAP = /[ \t\w.-]{0,20}(?:\\{0,3}["'`]|%22|%27)?\s{0,4}(?:=>?|:{1,3}=?|\|\||\?=|>|,)\s{0,4}(?:\\{0,3}["'`]){0,1}/y;

/** Names of what is no secret, however irregular: `sentry_release`, `heroku_app_id`. */
const IDENTIFIER =
  /(?:id|ids|sha|hash|digest|commit|revision|release|version|checksum|etag|url|uri|name|user|account|region|project|org|organization|team|channel|host|email|object|index)$/i;

/** Values of one kind of character are words and numbers. Capitals count where they are not those of words: `aBCdE`. */
const MIXED = /^(?:(?=\D*\d)(?=[^a-zA-Z]*[a-zA-Z])|(?=.*[A-Z]{2}[a-z])(?=.*[a-z][A-Z]))/;

/** How long values are. */
const MIN_VALUE = 14;
const MAX_VALUE = 160;

interface ValueRule {
  readonly regex: RegExp;
  readonly entropy: number;
}

/** The rows of each name together, so that the name is read once. */
function rulesByName(rows: readonly NamedSecret[]): Map<string, ValueRule[]> {
  const rules = new Map<string, ValueRule[]>();
  for (const { names, value, entropy = 0 } of rows) {
    const rule = { regex: new RegExp(`(?:${value})(?![\\w-])`, 'iy'), entropy };
    for (const name of names) rules.set(name, [...(rules.get(name) ?? []), rule]);
  }
  return rules;
}

const RULES = rulesByName([...NAMED, ...OTHERS]);

export const NAMED_SECRETS: readonly Marked[] = [...RULES].map(([name, rules]) => ({
  id: 'assignment',
  marks: [name],
  anyCase: true,
  locate: (text, at) => {
    if (!startsName(text, at)) return undefined;
    GAP.lastIndex = at + name.length;
    const gap = GAP.exec(text)?.[0];
    if (gap === undefined || IDENTIFIER.test(/^[ \t\w.-]*/.exec(gap)?.[0].trimEnd() ?? '')) return undefined;
    return secretAt(rules, text, at + name.length + gap.length);
  },
}));

/** Says whether a member holds a value that its name makes a secret: `{ algolia: '…' }`. */
export function isNamedSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string' || value.length < MIN_VALUE || value.length > MAX_VALUE) return false;
  if (name.length > MAX_VALUE) return false;
  const text = name.toLowerCase();
  if (IDENTIFIER.test(text)) return false;
  for (const [service, rules] of RULES) {
    const at = text.indexOf(service);
    if (at !== -1 && startsName(text, at) && secretAt(rules, value, 0)?.end === value.length) return true;
  }
  return false;
}

/** A name may follow others (`MY_ALGOLIA`), but is no end of a word (`protravis`). */
function startsName(text: string, at: number): boolean {
  return startsAlone(text, at) || /[a-z][A-Z]/.test(text.slice(at - 1, at + 1));
}

function secretAt(rules: readonly ValueRule[], text: string, start: number): Span | undefined {
  for (const { regex, entropy } of rules) {
    regex.lastIndex = start;
    const value = regex.exec(text)?.[0];
    if (value !== undefined && MIXED.test(value) && entropyOf(value) >= entropy) {
      return { start, end: start + value.length };
    }
  }
  return undefined;
}

/** Shannon entropy in bits per character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
