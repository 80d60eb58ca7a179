/** Personal data that is told from other words and numbers by what it is made of. What numbers are somebody's: `numbers.ts`. */
import { mod97 } from './check-digits.js';
import { MAX_LOOKBACK_CHARS } from './limits.js';
import { type Span, standsAlone, startsAlone } from './span.js';

/** IBAN length by country. */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 ' +
    'LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 ' +
    'SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry): [string, number] => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** An IBAN of its country's length, alone or in groups of four. The match is only its first eight characters. */
export function ibanAt({ start }: Span, text: string): Span | undefined {
  const length = IBAN_LENGTHS.get(text.slice(start, start + 2)) ?? 0;
  let iban = '';
  let end = start;
  while (iban.length < length && end < text.length) {
    const character = text.charAt(end);
    if (/[A-Z0-9]/.test(character)) iban += character;
    else if (!/[ -]/.test(character) || iban.length % 4 !== 0) break;
    end += 1;
  }
  const span = { start, end };
  return length > 0 &&
    iban.length === length &&
    mod97(iban.slice(4) + iban.slice(0, 4)) === 1 &&
    standsAlone(text, span)
    ? span
    : undefined;
}

/** A telephone number with `+` and country code, 8 to 15 digits. One dot alone makes it a decimal fraction. */
export function phoneAt(span: Span, text: string): Span | undefined {
  const number = text.slice(span.start, span.end).replace(/\D+$/, '');
  const digits = number.replace(/\D/g, '').length;
  const grouped = /[ ()-]|\..*\./.test(number);
  const plausible = digits >= (grouped ? 8 : 10) && digits <= 15 && (grouped || !number.includes('.'));
  const found = { start: span.start, end: span.start + number.length };
  return plausible && startsAlone(text, span.start) && !/^[A-Za-z0-9]/.test(text.charAt(found.end)) ? found : undefined;
}

/** Top-level domains, of any script, and those as they go over the wire. */
const TOP_LEVEL = /^(?:\p{L}[\p{L}\p{M}]{1,23}|xn--[A-Za-z0-9-]{1,60})$/u;

/** What files end in that are no domains: `icon@2x.png`. */
const FILE =
  /^(?:7z|aar|apk|bak|bz2|bmp|cfg|cjs|class|conf|crt|csv|css|csproj|deb|dll|dmg|docx?|egg|exe|gif|go|gz|html?|ico|ini|ipynb|jar|java|jpe?g|js|json|jsonl?|jsx|kt|lock|log|map|mjs|mts|nupkg|pdf|pem|php|png|pptx?|py[cd]|rar|rb|rpm|sql|svg|swift|tar|tgz|toml|tsx?|txt|war|wasm|webp|whl|xlsx?|xml|xz|ya?ml|zst)$/i;

/** A version, as in `pkg@1.2.3-next.tgz`: hosts do not begin with two numbers. */
const VERSION = /^v?\d+\.\d+(?:[.-]|$)/;

/** `@` and a host, in any script. */
export const AT_HOST = /@[\p{L}\p{M}\p{N}.-]{4,253}/gu;

/** An e-mail address. The match is `@` and the host; the local part is looked for before it. `git@host` is nobody. */
export function emailAt({ start, end }: Span, text: string): Span | undefined {
  const host = text.slice(start + 1, end);
  const labels = host.split('.');
  while (labels.length > 0 && !TOP_LEVEL.test(labels.at(-1) ?? '')) labels.pop();
  if (labels.length < 2 || VERSION.test(host) || FILE.test(labels.at(-1) as string)) return undefined;
  const before = text.slice(Math.max(0, start - MAX_LOOKBACK_CHARS), start);
  // Between `://` and the host it is userinfo, which has a row of its own.
  if (/:\/\/[^\s/?#"'<>\\]*$/.test(before)) return undefined;
  const local = localPart(before);
  if (local === '' || local === 'git') return undefined;
  return {
    start: start - local.length,
    end: start + 1 + labels.join('.').length,
  };
}

function localPart(before: string): string {
  let start = before.length;
  while (start > 0 && /[\p{L}\p{M}\p{N}._%+'-]/u.test(before.charAt(start - 1))) start -= 1;
  // A quotation mark before it is none of its own.
  return before.slice(start).replace(/^'+/, '');
}
