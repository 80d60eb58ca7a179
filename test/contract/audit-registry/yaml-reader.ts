/** Reads the YAML subset that yaml.ts writes and rejects everything else, which parsers might read differently. */
import type { Yaml } from './yaml.js';

interface Line {
  readonly indent: number;
  readonly text: string;
}

const ENTRY = /^([a-z_$]+):(?: (.+))?$/;
const WORD = /^[A-Za-z][\w./[\]-]*$/;

export function readYaml(document: string): Yaml {
  const lines = document
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ indent: line.search(/\S/), text: line.trimStart() }));
  const [value, rest] = block(lines, 0);
  if (rest.length > 0) throw new Error(`not indented as expected: ${rest[0]?.text}`);
  return value;
}

/** Splits off the leading lines with at least this indentation. */
function block(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  return lines[0]?.text.startsWith('- ') ? list(lines, indent) : mapping(lines, indent);
}

function list(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  const items: Yaml[] = [];
  let rest = lines;
  while (rest[0]?.indent === indent && rest[0].text.startsWith('- ')) {
    // The dash counts as indentation of the item.
    const [item, after] = mapping([{ indent: indent + 2, text: rest[0].text.slice(2) }, ...rest.slice(1)], indent + 2);
    items.push(item);
    rest = after;
  }
  return [items, rest];
}

function mapping(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  const entries = new Map<string, Yaml>();
  let rest = lines;
  while (rest[0]?.indent === indent) {
    const [, key, text] = ENTRY.exec(rest[0].text) ?? [];
    if (key === undefined || entries.has(key)) throw new Error(`no new entry: ${rest[0].text}`);
    const [value, after] = text === undefined ? block(rest.slice(1), indent + 2) : [scalar(text), rest.slice(1)];
    entries.set(key, value);
    rest = after;
  }
  return [Object.fromEntries(entries), rest];
}

function scalar(text: string): Yaml {
  return WORD.test(text) ? text : JSON.parse(text);
}
