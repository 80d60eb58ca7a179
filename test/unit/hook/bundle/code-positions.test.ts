import { describe, expect, it } from 'vitest';
import { inCode } from '../../../../src/hook/bundle/code-positions.js';

/** Whether each `Ω` of a text is in code. */
function marks(text: string): boolean[] | undefined {
  const positions = [...text.matchAll(/Ω/g)].map(({ index }) => Buffer.byteLength(text.slice(0, index)));
  return inCode(Buffer.from(text), positions);
}

const BACKTICK = '`';

describe('what is in code', () => {
  it.each([
    ['a name', 'x.Ω', [true]],
    ['a string of either quote', `"Ω" + 'Ω' + Ω`, [false, false, true]],
    ['a string with escaped quotes', String.raw`"\"Ω\\" + Ω`, [false, true]],
    ['a string over two lines', '"Ω\\\r\nΩ" + Ω', [false, false, true]],
    ['comments', '// Ω\nΩ /* Ω \n Ω */ Ω // Ω', [false, true, false, false, true, false]],
    ['a first line that names an interpreter', '#!/usr/bin/env Ω "\nΩ', [false, true]],
    ['such a line behind a byte order mark', '\ufeff#!/usr/bin/env Ω "\nΩ', [false, true]],
    [
      'a template and the code in it',
      `_Ω #{Ω + _Ω #{Ω}_} Ω_ + Ω`.replaceAll('_', BACKTICK).replaceAll('#', '$'),
      [false, true, false, true, false, true],
    ],
    ['braces within the code of a template', `${BACKTICK}\${ {a: Ω} } Ω${BACKTICK}`, [true, false]],
    ['an escaped dollar', String.raw`${BACKTICK}\${Ω${BACKTICK} + Ω`, [false, true]],
    ['a regular expression with quotes, classes and slashes', String.raw`x = /["'Ω/]\/Ω/g, Ω`, [false, false, true]],
    ['divisions', 'a / "Ω" / Ω; (a) / Ω / "Ω"; a[0] / Ω / "Ω"', [false, true, true, false, true, false]],
    ['a regular expression after a word', 'return /"Ω/, Ω', [false, true]],
    ['a division after a member with the name of a word', 'x.return / "Ω" / Ω', [false, true]],
    ['a division after a counter', 'a++ / Ω / "Ω"', [true, false]],
    ['a regular expression after a counter on a line of its own', `a = b\n  ++/"Ω/.lastIndex; Ω`, [false, true]],
    ['a regular expression after a condition', `if (a) /"Ω/.test(Ω)`, [false, true]],
    ['a regular expression after a call in a condition', `while (f(a)) /'Ω/.test(Ω)`, [false, true]],
    ['a regular expression after a block', `{} /'Ω/.test(Ω)`, [false, true]],
    ['a regular expression after an arrow and a comma', `f(() => /"Ω/, /'Ω/, Ω)`, [false, false, true]],
    [
      'a division after an object',
      `x = {} / Ω / "Ω"; f({} / Ω / "Ω"); return {} / Ω / "Ω"`,
      [true, false, true, false, true, false],
    ],
    [
      'a regular expression after other blocks',
      `if (a) {} else {} /"Ω/; () => {}\n/'Ω/; do {} /"Ω/.test(Ω)`,
      [false, false, false, true],
    ],
    ['a regular expression after a class and its members', `class A { m() {} } /"Ω/.test(Ω)`, [false, true]],
    ['a division after a number that ends with a dot', `1. / Ω / "Ω"`, [true, false]],
    ['a regular expression that is spread', `[.../"Ω/.exec(Ω)]`, [false, true]],
    [
      'a regular expression after a jump',
      `break\n/"Ω/.test(Ω); continue\n/'Ω/; debugger\n/"Ω/`,
      [false, true, false, false],
    ],
    ['a regular expression after an asynchronous loop', `for await (a of b) /"Ω/.test(Ω)`, [false, true]],
    [
      'comments between the words and signs before a slash',
      `if /* a */ (b) /* c */ /"Ω/; for /* a */ await /* b */ (c of d) // e\n/"Ω/; return /* a */ /"Ω/; a /* b */ / Ω / "Ω"`,
      [false, false, false, true, false],
    ],
    [
      'a division after a call of a name that only ends like a word',
      `éfor (a) / Ω / "Ω"; x.if (a) / Ω / "Ω"; éfor await (a) / Ω / "Ω"; gif(a) / Ω / "Ω"`,
      [true, false, true, false, true, false, true, false],
    ],
    ['a regular expression after a comment that ends with a number and a dot', 'a = // 1.\n/"/.test(Ω)', [true]],
    ['a division after a number that ends with a dot and a comment', 'a = 1. /* x */ / Ω / "Ω"', [true, false]],
    ['an object behind a word and a comment', 'return /* a */ {} / Ω / "Ω"', [true, false]],
    ['a division after a comment that ends with a space', `a // return \n / Ω / "Ω"`, [true, false]],
    ['words that touch a text', `"a"in/"Ω/; /a/g\n/Ω/"Ω"`, [false, true, false]],
    ['counters and sums', `a+++/"Ω/; a++\n/Ω/"Ω"; a - --Ω / Ω`, [false, true, false, true, true]],
    [
      'several places in one text',
      `ΩΩ"ΩΩ"ΩΩ/*ΩΩ*/ΩΩ`,
      [true, true, false, false, true, true, false, false, true, true],
    ],
    ['a regular expression that an asynchronous arrow returns', `async a => /"Ω/.test(Ω)`, [false, true]],
    [
      'a class in a class of a regular expression, which only its flag tells',
      `/[["Ω]/v, Ω, [/]/v, "Ω"]`,
      [false, true, false],
    ],
    [
      'a division after new.target and import.meta',
      `new.target / Ω / "Ω"; import.meta / Ω / "Ω"`,
      [true, false, true, false],
    ],
    [
      'a regular expression behind spaces beyond ASCII',
      `return\u3000/"/.test(Ω);\u2003return\u00a0/"/.test(Ω)`,
      [true, true],
    ],
    [
      'names of which half a character would be a space',
      'return\u00e0 / Ω / "Ω"; \u2020return / Ω / "Ω"',
      [true, false, true, false],
    ],
    ['a regular expression after a counter on a line that a separator began', 'a\u2028++/"/.test(Ω)', [true]],
    [
      'text in characters of all lengths',
      `"é€𝒳Ω" + Ω + 'é€𝒳Ω' + \`é€𝒳Ω\` + Ω // é€𝒳Ω`,
      [false, true, false, false, true, false],
    ],
    ['private names and names beyond ASCII', 'this.#é / Ω / "Ω"', [true, false]],
    ['a line separator that ends a comment', '// Ω\u2028Ω', [false, true]],
  ])('%s', (_, text, expected) => {
    expect(marks(text)).toEqual(expected);
  });
});

describe('what cannot be read with certainty', () => {
  it.each([
    ['an open string', 'Ω "x'],
    ['a string that ends with its line', 'Ω "x\n"'],
    ['an open template', 'Ω `x'],
    ['an open code in a template', `Ω ${BACKTICK}\${`],
    ['an open comment', 'Ω /* x'],
    ['an open regular expression', 'Ω = /x'],
    ['a regular expression that ends with its line', 'Ω = /x\n/'],
    ['an open brace', 'Ω {'],
    ['an open parenthesis', 'Ω ('],
    ['a closing brace too many', 'Ω }'],
    ['a closing parenthesis too many', 'Ω )'],
    ['an escape at the end', 'Ω "\\'],
    ['a comment of old scripts, which is an operator in modules', 'Ω <!-- "x'],
    ['the end of one', 'Ω\n  --> it is over'],
    ['the end of one behind a comment', 'Ω\n/* and */ /* that */-->"x"'],
    ['a slash after a word that is a name or an operator', 'for (Ω of /"x"/g);'],
    ['such a slash behind a comment', 'for (Ω of /* x */ /"x"/g);'],
  ])('%s', (_, text) => {
    expect(marks(text)).toBeUndefined();
  });
});

it('nesting of any depth is read', () => {
  const deep = 100_000;
  expect(marks(`${'(['.repeat(deep)}Ω${'])'.repeat(deep)}`)).toEqual([true]);
  expect(marks(`${'`${'.repeat(deep)}Ω${'}`'.repeat(deep)}`)).toEqual([true]);
});

/** A generator of numbers that are the same in every run. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it('no text of any kind makes it throw, and each position has an answer or no position has one', () => {
  const pieces = [
    '"',
    "'",
    '`',
    '${',
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '/',
    '//',
    '/*',
    '*/',
    '\\',
    '\n',
    '\r\n',
    'a',
    ' return ',
    ' if',
    '1.',
    '.',
    '<!--',
    '-->',
    '=',
    '+',
    '++',
    'é',
    '\u2028',
    '#!',
    '\ud800',
    ' of ',
  ];
  const next = sequence(1);
  for (let round = 0; round < 5_000; round++) {
    const text = Array.from({ length: next(40) }, () => pieces[next(pieces.length)]).join('');
    const positions = Array.from({ length: text.length }, (_, index) => index);
    const found = inCode(Buffer.from(text), positions);
    if (found !== undefined) expect(found).toHaveLength(positions.length);
  }
});

describe('time grows with the length of the text, whatever is in it', () => {
  it.each([
    ['braces', '{'.repeat(8), '}'.repeat(8)],
    ['spaces before braces', ' '.repeat(15), '{}'],
    ['slashes', 'a/b/', '/c/'],
    ['dots', '...', '.'],
    ['words', 'await ', '() '],
    ['wide spaces', '\u3000', '\u3000'],
    ['spaces before signs', ' '.repeat(16), '  ++'],
    ['comments', '/*', '*/'],
    ['arrows of old scripts', '--', '>'],
  ])('%s', { timeout: 60_000 }, (_, some, others) => {
    // What is linear takes well under a second; what is quadratic does not come back within the time limit.
    const length = 1 << 21;
    const text = some.repeat(length / some.length) + others.repeat(length / others.length);
    expect(inCode(Buffer.from(text), [0])).toHaveLength(1);
  });
});
