/** One file of declarations for all entries, made from one per source. */
import { expect, it } from 'vitest';
import { bundled } from '../../src/declarations.mjs';

/** The one file that is made of these, of which the first is the entry. */
function bundle(files: Readonly<Record<string, string>>): string {
  const [entry = ''] = Object.keys(files);
  return bundled([entry], (path: string) => files[path] ?? expect.fail(`${path} is asked for`));
}

it('has what an entry exports, and what that needs, wherever it is', () => {
  const text = bundle({
    'index.d.ts': "/** The entry. */\nexport { type Tool, call } from './hook/call.js';\n",
    'hook/call.d.ts': [
      "import type { Name } from '../names.js';",
      'export interface Tool {\n    readonly name: Name;\n}',
      '/** Calls a tool. */\nexport declare function call(tool: Tool): void;',
    ].join('\n'),
    'names.d.ts': "export type { Name } from './lib/text.js';\nexport declare const NAMES: readonly [];\n",
    'lib/text.d.ts': 'type Text = string;\nexport type Name = Text;\n',
  });
  expect(text.split('\n').filter((line) => line !== '')).toEqual([
    'export interface Tool {',
    '    readonly name: Name;',
    '}',
    'export type Name = Text;',
    'type Text = string;',
    '/** Calls a tool. */',
    'export declare function call(tool: Tool): void;',
  ]);
});

it('has all declarations of one name in a file, with their comments', () => {
  const text = bundle({
    'index.d.ts': "export { call } from './call.js';\n",
    'call.d.ts': [
      '/** The file. */',
      "import type { Context } from '@opentelemetry/api';",
      '/** One. */\nexport declare function call(one: Context): void;',
      '/** Two. */\nexport declare function call(two: number): void;\n',
    ].join('\n'),
  });
  expect(text).toBe(
    [
      "import type { Context } from '@opentelemetry/api';",
      '/** One. */\nexport declare function call(one: Context): void;',
      '/** Two. */\nexport declare function call(two: number): void;\n',
    ].join('\n'),
  );
});

it('has what a comment links, and not what it only mentions', () => {
  const text = bundle({
    'index.d.ts': "export { call } from './call.js';\n",
    'call.d.ts': [
      '/** A {@link Linked} word, and a Mentioned one. */\nexport declare function call(): void;',
      'export interface Linked {\n}',
      'export interface Mentioned {\n}\n',
    ].join('\n'),
  });
  expect(text).toContain('interface Linked');
  expect(text).not.toContain('interface Mentioned');
});

it.each([
  [
    'two declarations with one name',
    "import type { Tool } from './b.js';\nexport type A = typeof other | Tool;\nimport { other } from './c.js';\n",
  ],
  ['a name that is global', 'export type A = URL;\nexport interface URL {\n}\n'],
  ['a name that is another one elsewhere', "import type { Tool as B } from './b.js';\nexport type A = B;\n"],
  ['an import in a type', "export type A = import('./b.js').Tool;\n"],
  ['a form of statement that it does not know', "export * from './b.js';\n"],
])('refuses %s', (_, text) => {
  const files = {
    'index.d.ts': "export type { A } from './a.js';\n",
    'a.d.ts': text,
    'b.d.ts': 'export interface Tool {\n}\n',
    'c.d.ts': 'interface Tool {\n}\nexport declare const other: Tool;\n',
  };
  expect(() => bundle(files)).toThrow();
});
