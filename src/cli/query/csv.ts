/** CSV as RFC 4180 has it, that a spreadsheet does not run. Pure. */
import { visible } from '../text.js';

/** How a cell begins that a spreadsheet takes for a formula. */
const FORMULA = /^[=+\-@\t\r\n]/;
const SPECIAL = /[",\r\n]/;

/**
 * A line with its end. What would be a formula has an apostrophe in front, and invisible characters are written as in
 * `\u{1b}`, so that no cell has several lines.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: string): string {
  const text = visible(value, Number.POSITIVE_INFINITY);
  const harmless = FORMULA.test(value) ? `'${text}` : text;
  return SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
