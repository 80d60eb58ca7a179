/** Personal data that can be told from other numbers and words by its own check. */
import { MAX_LOOKBACK_CHARS } from './limits.js';
import { type Span, standsAlone, startsAlone } from './span.js';

/** The numbers of a payment card: a length its issuer uses, and a Luhn check digit. */
const CARD_ISSUERS =
  /^(?:4\d{12}|4\d{15}|4\d{18}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/;

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** A card number, in one run or in the groups it is embossed in. */
export function cardAt(match: Span, text: string): Span | undefined {
  // The first digits may be the end of an escape, `%20` or `%B4`.
  const escaped = /%[A-Fa-f]?$/.exec(text.slice(Math.max(0, match.start - 2), match.start))?.[0];
  const span = {
    start: match.start + (escaped === undefined ? 0 : 3 - escaped.length),
    end: match.end,
  };
  const digits = text.slice(span.start, span.end).replace(/%20|\D/g, '');
  return CARD_ISSUERS.test(digits) && passesLuhn(digits) && standsAlone(text, span) ? span : undefined;
}

/** A US social security number of a range that was ever issued. */
export function ssnAt(span: Span, text: string): Span | undefined {
  const issued = /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(text.slice(span.start, span.end));
  return issued && standsAlone(text, span) ? span : undefined;
}

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

function passesMod97(iban: string): boolean {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const digits = Number.parseInt(character, 36);
    rest = (rest * (digits > 9 ? 100 : 10) + digits) % 97;
  }
  return rest === 1;
}

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
  return length > 0 && iban.length === length && passesMod97(iban) && standsAlone(text, span) ? span : undefined;
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

/** An e-mail address. The match is `@` and the host; the local part is looked for before it. `git@host` is nobody. */
export function emailAt({ start, end }: Span, text: string): Span | undefined {
  const labels = text.slice(start + 1, end).split('.');
  while (labels.length > 0 && !/^(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{1,60})$/.test(labels.at(-1) ?? '')) labels.pop();
  const before = text.slice(Math.max(0, start - MAX_LOOKBACK_CHARS), start);
  // Between `://` and the host it is userinfo, which has a row of its own.
  if (/:\/\/[^\s/?#"'<>\\]*$/.test(before)) return undefined;
  const local = localPart(before);
  if (labels.length < 2 || local === '' || local === 'git') return undefined;
  return {
    start: start - local.length,
    end: start + 1 + labels.join('.').length,
  };
}

function localPart(before: string): string {
  let start = before.length;
  while (start > 0 && /[\p{L}\p{N}._%+-]/u.test(before.charAt(start - 1))) start -= 1;
  return before.slice(start);
}
