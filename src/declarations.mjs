/**
 * Puts the compiler's declarations, a file per source, into one file without what no entry leads to: a third of the files of
 * the package, and a quarter of the size of its declarations.
 */
import { dirname, join } from 'node:path';

/** Where statements begin, in what the compiler writes: nothing else is at the start of a line, except closing brackets. */
const START = /^(?=\/\*\*|(?:export|declare|interface|type|import)\b)/m;
const DECLARATION = /^(?:export )?(?:declare )?(?:abstract )?(?:const|function|class|interface|type) (\w+)/;
const FROM = /^(?:import|export)(?: type)? \{([^}]*)\} from '([^']+)';\s*$/;
const COMMENT = /\/\*\*[\s\S]*?\*\//g;

/** What one file declares, by name, and in which file or package its other names are. */
function parse(file, text) {
  const declared = new Map();
  const elsewhere = new Map();
  let comment = '';
  for (const statement of text.split(START)) {
    const name = DECLARATION.exec(statement)?.[1];
    const from = FROM.exec(statement);
    if (name !== undefined) declared.set(name, `${declared.get(name) ?? ''}${comment}${statement}`);
    if (from !== null) {
      const place = from[2].startsWith('.') ? join(dirname(file), from[2]).replace(/\.js$/, '.d.ts') : from[2];
      for (const each of namesIn(from[1])) elsewhere.set(each, place);
    }
    const isComment = statement.startsWith('/**');
    const isKnown = name ?? from ?? (isComment || /^(?:export \{\};)?\s*$/.test(statement));
    if (!isKnown || /\bimport\(['"]\./.test(statement)) throw new Error(`${file}: cannot read ${statement}`);
    comment = isComment ? statement : '';
  }
  return { declared, elsewhere };
}

function namesIn(list) {
  const names = list.split(',').map((name) => name.trim().replace(/^type /, ''));
  const renamed = names.find((name) => /\s/.test(name));
  if (renamed !== undefined) throw new Error(`${renamed}: a name is the same in all declarations`);
  return names.filter((name) => name !== '');
}

/** The names that a declaration uses. In prose, those that an editor links. */
function wordsIn(text) {
  const code = text.replace(COMMENT, (comment) => [...comment.matchAll(/\{@link (\w+)/g)].join(' '));
  return new Set(code.match(/\b[A-Za-z]\w*/g));
}

/**
 * The text of the one file. `read` returns the text of a file, `entries` are those whose names are public.
 * Throws for a form of statement that it does not know, and for a name that two declarations have.
 */
export function bundled(entries, read) {
  const files = new Map();
  const owners = new Map();
  const imports = new Map();
  const texts = [];
  const fileOf = (path) => {
    if (!files.has(path)) files.set(path, parse(path, read(path)));
    return files.get(path);
  };
  const take = (path, name) => {
    const { declared, elsewhere } = fileOf(path);
    const place = elsewhere.get(name);
    if (place?.endsWith('.d.ts')) return take(place, name);
    const text = declared.get(name);
    const owner = text === undefined ? place : path;
    if (owner === undefined || owners.get(name) === owner) return;
    // As a type of its own, a name that is global would also be that of other files.
    if (owners.has(name) || name in globalThis)
      throw new Error(`${name}: in ${owner}, and ${owners.get(name) ?? 'global'}`);
    owners.set(name, owner);
    if (text === undefined) imports.set(owner, [...(imports.get(owner) ?? []), name]);
    else {
      texts.push(text);
      for (const word of wordsIn(text)) take(path, word);
    }
  };
  for (const entry of entries) for (const name of fileOf(entry).elsewhere.keys()) take(entry, name);
  const head = [...imports].map(([from, names]) => `import type { ${names.sort().join(', ')} } from '${from}';\n`);
  return [...head, ...texts].join('');
}
