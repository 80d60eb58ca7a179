/**
 * Writes `src/redact/gitleaks.generated.ts`: rows for formats of secrets, made from the rules of gitleaks.
 *
 *     npm run generate:secrets [-- PATH/OF/gitleaks.toml]
 *
 * Run it manually, and commit its output. Without a path, Go fetches the module in the version below. A rule becomes
 * - a marked row, if each of its secrets contains a fixed text of three characters or more (`glpat-`, `.atlasv1.`), or
 * - a named row, if it requires the name of a service before a value (`algolia … = 32 letters and digits`).
 *
 * Patterns are rewritten to match in linear time: sequences of characters, sets and groups without nested repetitions, in
 * which only the last repetition is unbounded. A rule that cannot be rewritten is an error, unless `LEFT_OUT` has the reason
 * for leaving it out.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = 'github.com/zricethezav/gitleaks/v8';
const VERSION = 'v8.30.1';
const TARGET = fileURLToPath(new URL('./gitleaks.generated.ts', import.meta.url));

/** The least length of a mark, so that it is rare in other texts, and how far a rule may expand. */
const MIN_MARK = 3;
const MAX_MARKS = 40;
/** The longest run that is read before a match is certain. */
const MAX_RUN = 512;

/** Rules without a row, and why. A pattern of ids matches several. */
const LEFT_OUT = [
  [/-client-id$|-access-id$|-user-api-id$/, 'an id is not a secret'],
  [/-pub-key$|-pub-api-key$|-public-key$|^mapbox-api-token$|-browser-api-token$/, 'meant to be public'],
  [/^(?:generic-api-key|hashicorp-tf-password|snyk-api-token|freemius-secret-key)$/, 'sensitive-names.ts has the name'],
  [
    /^(?:jwt|jwt-base64|private-key|curl-auth-header|curl-auth-user|kubernetes-secret-yaml|nuget-config-password)$/,
    'patterns.ts or commands.ts has it',
  ],
  [
    /^(?:aws-a|azure-ad|anthropic|github-|gitlab-|slack-|stripe-|openai-|gcp-api|npm-|pypi-|rubygems-|sendgrid-)/,
    'a handwritten row has it',
  ],
  [
    /^(?:databricks|digitalocean|doppler|linear-api|notion|perplexity|planetscale|postman|sentry-(?:org|user)|shopify|twilio)-/,
    'a handwritten row has it',
  ],
  [
    /^(?:grafana|1password-service|flutterwave-secret|vault|sourcegraph|square-access|huggingface|atlassian|sonar|sidekiq-sensitive|age-secret|microsoft-teams|yandex-access)-/,
    'a handwritten row has it',
  ],
  [/^(?:facebook-access-token|facebook-page-access-token)$/, 'a handwritten row has its marked part'],
  [/^gitlab-session-cookie$/, 'sensitive-names.ts has the name'],
];

/** The licence of gitleaks, which copies of its parts must include. */
const LICENCE = `MIT License

Copyright (c) 2019 Zachary Rice

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

const path = process.argv[2] ?? join(moduleFolder(), 'config/gitleaks.toml');
const rules = readRules(readFileSync(path, 'utf8'));
const marked = [];
const named = [];
for (const rule of rules) {
  if (rule.regex === undefined || LEFT_OUT.some(([id]) => id.test(rule.id))) continue;
  try {
    if (rule.regex.includes(GAP())) named.push(namedRow(rule));
    else marked.push(...markedRows(rule));
  } catch (error) {
    console.error(`${rule.id}: ${error.message}\n  ${rule.regex}`);
    process.exitCode = 1;
  }
}
if (process.exitCode === undefined) writeFileSync(TARGET, written());
console.log(`${rules.length} rules: ${marked.length} marked rows, ${named.length} named rows`);

function moduleFolder() {
  const answer = execFileSync('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], { encoding: 'utf8' });
  return JSON.parse(answer).Dir;
}

/** Reads the subset of TOML that the file uses. */
function readRules(toml) {
  return toml
    .split(/^\[\[rules\]\]$/m)
    .slice(1)
    .map((block) => {
      const own = block.split(/^\s*\[\[?rules\./m)[0];
      const id = /^id = "([^"]+)"$/m.exec(own)[1];
      const regex = /^regex = '''([\s\S]*?)'''$/m.exec(own)?.[1];
      const entropy = /^entropy = ([\d.]+)$/m.exec(own)?.[1];
      return { id, regex, entropy: entropy === undefined ? undefined : Number(entropy) };
    });
}

/** The text between a name and the sign of assignment, in every rule with a name. */
function GAP() {
  return String.raw`(?:[ \t\w.-]{0,20})`;
}

// Reading Go patterns.

/** The nodes of a pattern: `text`, `set` (its source), `any of` sequences, `repeat`, and `edge` (which reads nothing). */
function parse(source) {
  let at = 0;
  let fold = false;
  return sequence();

  function sequence() {
    const options = [[]];
    while (at < source.length && source[at] !== ')') {
      if (source[at] === '|') {
        at += 1;
        options.push([]);
      } else options.at(-1).push(...quantified(atom()));
    }
    return options.length === 1 ? options[0] : [{ kind: 'any of', options }];
  }

  function atom() {
    const character = source[at];
    if (character === '(') return group();
    if (character === '[') return [set()];
    at += 1;
    if (character === '^' || character === '$') return [{ kind: 'edge', at: character }];
    // An unescaped dot is meant literally: `hooks.slack.com`.
    return [character === '\\' ? escaped() : text(character)];
  }

  function escaped() {
    const character = source[at];
    at += 1;
    if (character === 'b' || character === 'z') return { kind: 'edge', at: character };
    if (/[dws]/.test(character)) return { kind: 'set', source: character === 'd' ? '0-9' : `\\${character}` };
    if (character === 'x') {
      at += 2;
      return text(String.fromCharCode(Number.parseInt(source.slice(at - 2, at), 16)));
    }
    return text(character);
  }

  function text(character) {
    return fold && /[a-z]/i.test(character)
      ? { kind: 'set', source: `${character.toUpperCase()}${character.toLowerCase()}`, letter: character }
      : { kind: 'text', text: character };
  }

  function set() {
    const body = /^\[((?:\[:\w+:\]|\\.|[^\]\\])+)\]/.exec(source.slice(at));
    at += body[0].length;
    let inner = body[1].replace('[:alnum:]', 'A-Za-z0-9').replaceAll('\\x60', '`');
    if (inner.startsWith('^')) return { kind: 'set', source: inner };
    if (/^(?:\\d|0-9)?$/.test(inner)) return { kind: 'set', source: '0-9' };
    // Case does not count: add the other case of every range and letter.
    if (fold) {
      inner = inner.replace(/([a-zA-Z])-([a-zA-Z])|\\.|([a-zA-Z])/g, (all, from, to, letter) => {
        if (from !== undefined)
          return `${from.toUpperCase()}-${to.toUpperCase()}${from.toLowerCase()}-${to.toLowerCase()}`;
        return letter === undefined ? all : `${letter.toUpperCase()}${letter.toLowerCase()}`;
      });
    }
    return { kind: 'set', source: tidy(inner) };
  }

  function group() {
    const before = fold;
    at += 1;
    const flags = /^\?(P<\w+>|[a-z-]*:|[a-z-]+\))/.exec(source.slice(at));
    if (flags !== null) {
      at += flags[0].length;
      if (/^\?-?i/.test(flags[0])) fold = !flags[0].startsWith('?-');
      // `(?i)` applies up to the end of its group.
      if (flags[0].endsWith(')')) return [];
    }
    const inner = sequence();
    at += 1;
    fold = before;
    return [{ kind: 'any of', options: [inner] }];
  }

  function quantified(nodes) {
    const found = /^(?:\{(\d+)(?:,(\d*))?\}|[?*+])\??/.exec(source.slice(at));
    if (found === null || nodes.length === 0) return nodes;
    at += found[0].length;
    const [min, max] =
      found[1] === undefined
        ? { '?': [0, 1], '*': [0, Infinity], '+': [1, Infinity] }[found[0][0]]
        : [Number(found[1]), found[2] === undefined ? Number(found[1]) : found[2] === '' ? Infinity : Number(found[2])];
    const last = nodes.at(-1);
    return [...nodes.slice(0, -1), { kind: 'repeat', node: last, min, max }];
  }
}

/** One form for each set, so that rows can be read and compared. */
function tidy(inner) {
  const plain = inner.replace(/\\([^wsd])/g, '$1');
  const parts = new Set(plain.match(/\\[wsd]|[A-Za-z0-9]-[A-Za-z0-9]|[\s\S]/g));
  const word = ['A-Z', 'a-z', '0-9', '_'].every((part) => parts.has(part));
  if (word || parts.has('\\w')) {
    for (const part of ['A-Z', 'a-z', '0-9', '_', '\\d']) parts.delete(part);
    parts.add('\\w');
  }
  const order = ['\\w', 'A-Z', 'a-z', '0-9'];
  const rank = (part) => (part === '-' ? 99 : order.includes(part) ? order.indexOf(part) : 50);
  return [...parts].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).join('');
}

// Writing patterns.

function printed(nodes) {
  return nodes.map(printedNode).join('');
}

function printedNode(node) {
  if (node.kind === 'text') return node.text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  if (node.kind === 'set')
    return node.source === '\\w' || node.source === '\\s'
      ? node.source
      : node.source === '0-9'
        ? '\\d'
        : `[${node.source}]`;
  if (node.kind === 'any of') {
    if (node.options.length === 1 && node.options[0].length === 1) return printedNode(node.options[0][0]);
    return `(?:${node.options.map(printed).join('|')})`;
  }
  if (node.kind === 'repeat') {
    const { min, max } = node;
    const inner =
      node.node.kind === 'any of' && node.node.options.flat().length > 1
        ? printedNode(node.node)
        : printedNode(node.node);
    if (min === 0 && max === 1) return `${inner}?`;
    return `${inner}{${min}${max === min ? '' : `,${max === Infinity ? '' : max}`}}`;
  }
  throw new Error(`it has an edge (${node.at}) inside`);
}

/** A group of one sequence is replaced by that sequence. */
function flat(nodes) {
  return nodes.flatMap((node) =>
    node.kind === 'any of' && node.options.length === 1 ? flat(node.options[0]) : [node],
  );
}

function isEdge(node) {
  if (node.kind === 'edge') return true;
  return node.kind === 'any of' && node.options.some((option) => option.length === 1 && option[0].kind === 'edge');
}

/** The secret without the surroundings that a rule requires, and whether no letter may precede it. */
function trimmed(nodes) {
  let body = padded(flat(nodes));
  let alone = false;
  while (body.length > 0 && isEdge(body[0])) {
    alone = true;
    body = body.slice(1);
  }
  while (body.length > 0 && isEdge(body.at(-1))) body = body.slice(0, -1);
  return { body: padded(flat(body)), alone };
}

/** An unbounded run and the padding after it are one run. */
function padded(nodes) {
  const [run, padding] = nodes.slice(-2);
  const isPadding = padding?.kind === 'repeat' && ['=', '=='].includes(padding.node.source ?? padding.node.text);
  if (run?.kind !== 'repeat' || run.node.kind !== 'set' || !isPadding) return nodes;
  return [...nodes.slice(0, -2), { ...run, node: { ...run.node, source: tidy(`${run.node.source}=`) }, max: Infinity }];
}

function checkLinear(nodes, allowed = true) {
  for (const [index, node] of nodes.entries()) {
    const last = allowed && index === nodes.length - 1;
    if (node.kind === 'any of') for (const option of node.options) checkLinear(option, last);
    if (node.kind !== 'repeat') continue;
    if (JSON.stringify(node.node).includes('"repeat"') && node.max > 1) throw new Error('a repetition repeats');
    if (node.max > MAX_RUN && !last) throw new Error(`a run of ${node.max} is not the last`);
  }
}

// Rows.

/** Every literal start of a sequence, and what follows it. */
function beginnings(nodes, head = '') {
  const [first, ...rest] = flat(nodes);
  if (first === undefined) return [{ head, rest: [] }];
  if (first.kind === 'text') return beginnings(rest, head + first.text);
  if (first.kind === 'set' && first.letter !== undefined) return beginnings(rest, head + first.letter);
  if (first.kind === 'any of') return first.options.flatMap((option) => beginnings([...option, ...rest], head));
  if (first.kind === 'repeat' && first.min === 0 && first.max === 1 && head.length > 0) {
    return [...beginnings(rest, head), ...beginnings([first.node, ...rest], head)];
  }
  const letters = first.kind === 'set' ? lettersOf(first.source) : [];
  const short = head.length > 0 && head.length < MIN_MARK;
  if (letters.length > 0 && letters.length <= (short ? MAX_MARKS : 4)) {
    return letters.flatMap((letter) => beginnings(rest, head + letter));
  }
  if (first.kind === 'repeat' && first.min > 0 && short && first.node.kind === 'set') {
    const { node, min, max } = first;
    return beginnings([node, { kind: 'repeat', node, min: min - 1, max: max - 1 }, ...rest], head);
  }
  return [{ head, rest: [first, ...rest] }];
}

function lettersOf(set) {
  if (/[\\^]/.test(set)) return [];
  return [...set.matchAll(/(.)-(.)|(.)/g)].flatMap(([, from, to, one]) =>
    one === undefined
      ? Array.from({ length: to.charCodeAt(0) - from.charCodeAt(0) + 1 }, (_, index) =>
          String.fromCharCode(from.charCodeAt(0) + index),
        )
      : [one],
  );
}

function markedRows({ id, regex }) {
  const { body, alone } = trimmed(parse(regex));
  const found = beginnings(body);
  if (found.length > MAX_MARKS) throw new Error(`it has ${found.length} marks`);
  const rows = found.every(({ head }) => head.length >= MIN_MARK)
    ? found.map(({ head, rest }) => ({ id, marks: [head], rest: opened(head, rest), alone }))
    : split(body).map(({ before, mark, rest }) => ({ id, marks: [mark], rest: opened(mark, rest), before, alone }));
  const merged = new Map();
  for (const row of rows) {
    const key = `${row.before} ${row.rest}`;
    const other = merged.get(key);
    if (other === undefined) merged.set(key, row);
    else if (!other.marks.includes(row.marks[0])) other.marks.push(row.marks[0]);
  }
  return [...merged.values()];
}

/** For a mark in the middle: the text before it must be bounded, because it is read backwards. */
function split(nodes) {
  for (const [index] of nodes.entries()) {
    const [{ head, rest }, ...others] = beginnings(nodes.slice(index));
    if (others.length > 0 || head.length < MIN_MARK) continue;
    checkLinear(nodes.slice(0, index), false);
    return [{ before: printed(nodes.slice(0, index)), mark: head, rest }];
  }
  throw new Error('nothing marks it');
}

/**
 * Providers sometimes make keys longer, and the rest of a longer key must not stay visible. After a mark that could be part
 * of any text, the length has to match.
 */
function opened(mark, read) {
  const nodes = padded(read);
  checkLinear(nodes);
  const last = nodes.at(-1);
  if (last === undefined || last.kind !== 'repeat' || last.max === 1 || last.node.kind !== 'set') return printed(nodes);
  const strong = mark.length > 4 || /[^A-Za-z0-9]/.test(mark);
  if (strong) return printed([...nodes.slice(0, -1), { ...last, max: Infinity }]);
  return `${printed(nodes)}(?![${last.node.source}])`;
}

function namedRow({ id, regex, entropy }) {
  const [before, after] = regex.split(GAP());
  const names = before.replace(/\(\?i:?\)?\[\\w\.-\]\{0,50\}\?|\[\\w\.-\]\{0,50\}\?/g, '').replace(/^\(\?i[:)]/, '');
  const literal = beginnings(parse(balanced(names)));
  if (literal.some(({ rest }) => rest.length > 0)) throw new Error('its name is not a list of words');
  const start = after.indexOf(String.raw`[\x60'"\s=]{0,5}`);
  if (start === -1) throw new Error('no value');
  const { body } = trimmed(parse(after.slice(start + String.raw`[\x60'"\s=]{0,5}`.length)));
  checkLinear(body);
  return {
    id,
    names: [...new Set(literal.map(({ head }) => head.toLowerCase().replaceAll(',', '')))],
    value: printed(body),
    entropy,
  };
}

/** The name is cut out of a group, which is closed after it. */
function balanced(names) {
  const open = names.match(/(?<!\\)\(/g)?.length ?? 0;
  const closed = names.match(/(?<!\\)\)/g)?.length ?? 0;
  return names + ')'.repeat(Math.max(0, open - closed));
}

function written() {
  const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const list = (texts) => `[${texts.map(quote).join(', ')}]`;
  const row = (fields) => `  { ${fields.filter((field) => field !== undefined).join(', ')} },`;
  return `/**
 * Formats of secrets by the rules of gitleaks ${VERSION} (config/gitleaks.toml), rewritten by src/redact/secret-rows.mjs. Do not edit.
 *
${LICENCE.split('\n')
  .map((line) => ` * ${line}`.trimEnd())
  .join('\n')}
 */
/** Secrets with a literal prefix. */
// biome-ignore format: one row, one line.
export const MARKED = [
${marked
  .map(({ id, marks, rest, before, alone }) =>
    row([
      `id: ${quote(id)}`,
      `marks: ${list(marks)}`,
      `rest: ${quote(rest)}`,
      before === undefined ? undefined : `before: ${quote(before)}`,
      alone ? 'alone: true' : undefined,
    ]),
  )
  .join('\n')}
];

/** Secrets recognised only by the name before them. */
// biome-ignore format: one row, one line.
export const NAMED = [
${named
  .map(({ id, names, value, entropy }) =>
    row([
      `id: ${quote(id)}`,
      `names: ${list(names)}`,
      `value: ${quote(value)}`,
      entropy === undefined ? undefined : `entropy: ${entropy}`,
    ]),
  )
  .join('\n')}
];
`;
}
