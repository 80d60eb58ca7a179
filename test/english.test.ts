/** Phrases that read as translated, and keep coming back. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

const PHRASES: Readonly<Record<string, RegExp>> = {
  '"… is none"': /(?<!\bthere )\b(?:is|are|was|were) none\b(?! of)/i,
  '"is no text"':
    /\b(?:is|are) no (?:text|number|list|object|array|string|function|field|member|folder|pattern|schema|token|timestamp|digits|JSON)\b/i,
  '"is told of"': /\b(?:is|are|was|were|be|been) told (?:of|that)\b/i,
  '"is said of"': /\b(?:is|are|was|were) said (?:of|about)\b/i,
  '"whoever"': /\bwho(?:ever|mever)\b/i,
  '"nobody is"': /\bnobody is\b/i,
  '"as somebody says"': /\b(?:as somebody says|somebody (?:says|has said))\b/i,
  '"all the same"': /\ball the same\b/i,
  '"as it stands"': /\bas (?:it stands|they stand)\b/i,
  '"by hand" (manual, manually, handwritten)': /\bby hand\b/i,
  '"by its own word"': /\bby (?:its|their) own word\b/i,
  '"what … says" as a noun': /\bwhat (?:\w+ ){1,3}says?\b(?! (?:of|about) (?:you|us)\b)/i,
  '"what became of"': /\bwhat (?:became|becomes) of\b/i,
};

const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');
const under = (folder: string, ending: string) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !path.includes('node_modules'))
    .map((path) => `${folder}/${path}`);

const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...under('docs', '.md'),
  ...['.md', '.mjs', '.yaml', '.sh', '.json'].flatMap((ending) => under('collector-config', ending)),
  ...['.md', '.mjs', '.cjs'].flatMap((ending) => under('examples', ending)),
  ...['.md', '.mjs', '.cjs', '.ts', '.yaml'].flatMap((ending) => under('test', ending)),
  ...['.ts', '.mjs', '.md'].flatMap((ending) => under('src', ending)),
]
  .filter((path) => path !== 'test/english.test.ts')
  .sort();

it.each(Object.entries(PHRASES))('no page and no comment says %s', (_, phrase) => {
  // Comments that go on in the next line are read as one text.
  const found = FILES.flatMap((path) => {
    const text = read(path).replace(/\n\s*(?:\*|\/\/|#)? ?/g, ' ');
    return [...text.matchAll(new RegExp(phrase, 'gi'))].map(
      ({ index, 0: match }) => `${path}: …${text.slice(Math.max(0, index - 20), index + match.length + 20)}…`,
    );
  });
  expect(found).toEqual([]);
});
