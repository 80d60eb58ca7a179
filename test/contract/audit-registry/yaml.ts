/**
 * YAML for registries: blocks of mappings and sequences, every list of plain values on one line, and every text in double
 * quotes, as JSON has it, but for single words. That is YAML for any parser, and simple enough to be read back by a test.
 */

export type Plain = string | number | boolean | readonly Plain[];
export type Yaml = Plain | readonly Yaml[] | { readonly [key: string]: Yaml };

/** A document, with a comment above it. */
export function yamlOf(value: Yaml, comment: readonly string[]): string {
  return [...comment.map((line) => `# ${line}`), ...blockOf(value, ''), ''].join('\n');
}

function blockOf(value: Yaml, indent: string): string[] {
  if (isPlain(value)) return [indent + inlineOf(value)];
  if (isList(value)) return value.flatMap((item) => withDash(blockOf(item, `${indent}  `), indent));
  return Object.entries(value).flatMap(([key, item]) =>
    isPlain(item) ? [`${indent}${key}: ${inlineOf(item)}`] : [`${indent}${key}:`, ...blockOf(item, `${indent}  `)],
  );
}

/** The first line of an item begins with a dash, in the two columns that the item is indented by. */
function withDash(lines: readonly string[], indent: string): string[] {
  const [first = '', ...rest] = lines;
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
}

function isList(value: Yaml): value is readonly Yaml[] {
  return Array.isArray(value);
}

function isPlain(value: Yaml): value is Plain {
  return isList(value) ? value.every(isPlain) : typeof value !== 'object';
}

/** Words that no version of YAML takes for anything but text. */
const WORD = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][\w./[\]-]*$/i;

function inlineOf(value: Plain): string {
  if (typeof value === 'string' && WORD.test(value)) return value;
  return JSON.stringify(value)
    .replaceAll('","', '", "')
    .replaceAll('],[', '], [')
    .replaceAll(/(\d),(?=\d)/g, '$1, ');
}
