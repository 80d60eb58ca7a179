/** docs/troubleshooting.md quotes lines of stderr: their words are those of the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = readFileSync(`${ROOT}docs/troubleshooting.md`, 'utf8');
/** Shorter pieces prove nothing. */
const MIN_CHARS = 6;

/** All source, with string literals joined, `…` for what is put into them, and one space between words. */
const SOURCE = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'))
  .join('\n')
  .replace(/['"`]\s*\+\s*['"`]/g, '')
  .replace(/\$\{[^{}]*\}/g, '…')
  .replace(/\s+/g, ' ');

/** The first column of the table: each line that it quotes. */
const QUOTED = [...PAGE.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line),
);

it('the page quotes lines', () => {
  expect(QUOTED.length).toBeGreaterThan(10);
});

it.each(QUOTED)('"%s" is a text of the code', (line) => {
  // What the code fills in: values, names of variables and signals.
  const pieces = line.split(/…|\b(?:OTEL|MCP_TRAIL)_[A-Z_]*|\b(?:spans|metrics|log records)\b/);
  const words = pieces
    .map((piece) => piece.replace(/^[\s,;:()]+|[\s,;:()]+$/g, ''))
    .filter(({ length }) => length >= MIN_CHARS);
  expect(words.filter((piece) => !SOURCE.includes(piece))).toEqual([]);
});
