/** What a number is called: by the words before it, or by the name that it stands under. */
import type { Span } from './span.js';

/** How far back a name is looked for. */
const MAX_BEFORE = 64;

/** The words before a place in a text, and those of the name it stands under, one by one: `taxFileNumber` is three. */
export function wordsBefore(text: string, start: number, label: string | undefined): string {
  const before = `${label ?? ''} ${text.slice(Math.max(0, start - MAX_BEFORE), start)}`;
  return before.replace(/([a-z])([A-Z])/g, '$1 $2');
}

/** The last word of a name that says which of many, and not how to pay or whom to call. */
const ID = /(?:^|[^A-Za-z])(?:ids?|uids?|guids?|uuids?|identifiers?|refs?|references?)$|(?:Id|Ids|ID|IDs|Uid|UID|Ref)$/;

/** One that says how many or when. */
const QUANTITY =
  /(?:^|[^a-z])(?:bytes?|size|count|total|length|offset|duration|time|timestamp|epoch|at|ms|us|ns|seconds|milli(?:second)?s|nano(?:second)?s|sum|amount|balance|views|rows|seq|sequence|cursor|position|limit|max|min)$/i;

/** Names that say what it is all the same: `card_id`. */
const PERSONAL = /card|(?<![a-z])pan(?![a-z])|visa|amex|credit|debit|national|citizen|tax|identity/i;

/** Words that name a number, each whole. */
export const named = (words: string) => new RegExp(`(?<![a-z])(?:${words})(?![a-z])`, 'i');

/** Fields that hold a name where there is no id. */
const ID_OR_NAME = /^audit\.(?:actor|target)\.id$/;

/** Whether a bare number is an id, a quantity or a time, by the name before it or that of the field that the text stands under. */
export function isNobodys(text: string, { start, end }: Span, label: string | undefined): boolean {
  const first = Math.max(0, start - MAX_BEFORE);
  // What may stand before one of several values.
  let at = start;
  while (at > first && /[\s"'`[\\\d,;]/.test(text.charAt(at - 1))) at -= 1;
  const sign = text.charAt(at - 1);
  if (at > first && sign === '#') return true;
  // Where there is more in the text than the number, the name of the field is not the number's.
  const whole = at === first && first === 0 && end >= text.length - 1;
  const name = whole ? idField(label) : /[:=>]/.test(sign) ? nameBefore(text, first, at - 1) : '';
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2');
  return (ID.test(name) || QUANTITY.test(words)) && !PERSONAL.test(name) && !PERSONAL.test(label ?? '');
}

function idField(label: string | undefined): string {
  return label === undefined || ID_OR_NAME.test(label) ? '' : label;
}

/** The name that ends before a sign of assignment, perhaps in quotes. */
function nameBefore(text: string, first: number, sign: number): string {
  let end = sign;
  while (end > first && /[\s"'`\\=\]]/.test(text.charAt(end - 1))) end -= 1;
  let start = end;
  while (start > first && /[\p{L}\w.-]/u.test(text.charAt(start - 1))) start -= 1;
  return text.slice(start, end);
}
