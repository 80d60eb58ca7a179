/** Text for a terminal. Values come from peers: escape sequences in them have no effect. Pure. */
import { escapeOf, isHidden, notation, writtenOut } from '../redact/invisible-characters.js';
import type { World } from './command.js';

/** Longer values are cut, so that a value of a megabyte costs no more than others. */
const MAX_CHARACTERS = 200;

/** East Asian characters and emoji, which take two cells. An approximation: terminals differ. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{M}/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** With braces, to differ from escapes in the record itself, which has `\u200b` in place of the character. */
const IN_BRACES = notation('u\\{', (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** A value whose invisible and ASCII-like characters are escaped, as in `\u{1b}`; cut after `max` characters. */
export function visible(raw: string, max = MAX_CHARACTERS): string {
  return writtenOut(cut(raw, max), false, IN_BRACES);
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  // At most two units each: the rest of a long text is not read.
  const characters = [...text.slice(0, 2 * max + 2)];
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : text;
}

/** Number of terminal cells of a text. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

function cellsOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The text in at most `cells` cells; a cut text ends in `…`. */
export function fitInto(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let used = 1;
  let kept = '';
  for (const character of text) {
    used += cellsOf(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
}

/** JSON that is safe in a terminal: the same value, with invisible characters as JSON escapes. */
export function visibleJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, undefined, indent).replace(/[^\n\x20-\x7e]/gu, (character) =>
    /\p{C}/u.test(character) || isHidden(character) ? escapeOf(character) : character,
  );
}

/** Styles a text; no change without colours or text. */
export type Paint = (text: string) => string;

/** The styles of the command's output. */
export function painter(colour: boolean): Readonly<Record<'bold' | 'dim' | 'red' | 'yellow', Paint>> {
  const ansi =
    (code: number): Paint =>
    (text) =>
      colour && text.trim() !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: ansi(1), dim: ansi(2), red: ansi(31), yellow: ansi(33) };
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** @see https://no-color.org */
export function mayColour(env: World['env']): boolean {
  return (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
