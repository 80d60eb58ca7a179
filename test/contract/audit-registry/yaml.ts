/**
 * Writes YAML for registries: block mappings and sequences, lists of scalars on one line, and strings in JSON's double quotes,
 * except single words. A subset that every parser reads alike, and simple enough for a test to read back.
 */

export type Plain = string | number | boolean | readonly Plain[];
export type Yaml = Plain | readonly Yaml[] | { readonly [key: string]: Yaml };

/** A document with a leading comment. */
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

/** An item is indented by two columns; the dash of its first line takes their place. */
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

/** Words that every version of YAML reads as strings. */
const WORD = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][\w./[\]-]*$/i;

function inlineOf(value: Plain): string {
  if (typeof value === 'string' && WORD.test(value)) return value;
  return JSON.stringify(value)
    .replaceAll('","', '", "')
    .replaceAll('],[', '], [')
    .replaceAll(/(\d),(?=\d)/g, '$1, ');
}
