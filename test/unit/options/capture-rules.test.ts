import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../src/options/policy.js';
import { githubToken } from '../redact/samples.js';

const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** Reads the rules of one tool. */
function parse(rules: unknown) {
  const { policy, problems } = parsePolicy(
    { version: 1, capture: { tools: { search: { arguments: rules } } } },
    'policy.json',
  );
  return { rules: policy.capture?.tools['search']?.arguments ?? {}, problems };
}

describe('a rule that is refused is named, with what is accepted', () => {
  const ACCEPTED = 'an object with one rule for each path of an argument. Nothing of the tool is captured';
  const TYPES = 'number, integer, boolean, enum, string';
  const VALUES = 'a list of 1 to 64 texts of at most 128 characters';

  test.each<[unknown, string]>([
    [undefined, ` is missing; accepted: ${ACCEPTED}`],
    [['limit'], ` is a list of 1; accepted: ${ACCEPTED}`],
    [{ limit: 'integer' }, `.limit is "integer"; accepted: an object with a type (${TYPES})`],
    [{ limit: {} }, `.limit.type is missing; accepted: ${TYPES}`],
    [{ limit: { type: 'foo' } }, `.limit.type is "foo"; accepted: ${TYPES}`],
    [{ limit: { type: '__proto__' } }, `.limit.type is "__proto__"; accepted: ${TYPES}`],
    [{ limit: { type: ['integer'] } }, `.limit.type is a list of 1; accepted: ${TYPES}`],
    [{ a: { b: { type: 'integer' } } }, `.a.type is missing; accepted: ${TYPES}`],
    [{ n: { type: 'number', min: '1' } }, '.n.min is "1"; accepted: a number'],
    [{ n: { type: 'number', max: Number.NaN } }, '.n.max is NaN; accepted: a number'],
    [{ n: { type: 'number', min: 2, max: 1 } }, '.n is an object; accepted: min up to max'],
    [{ n: { type: 'integer', values: ['a'] } }, '.n.values is a list of 1; accepted: the members type, min, max'],
    [{ b: { type: 'boolean', typo: 1 } }, '.b.typo is 1; accepted: the members type'],
    [{ e: { type: 'enum' } }, `.e.values is missing; accepted: ${VALUES}`],
    [{ e: { type: 'enum', values: [] } }, `.e.values is an empty list; accepted: ${VALUES}`],
    [{ e: { type: 'enum', values: [1] } }, '.e.values[0] is 1; accepted: a text of at most 128 characters'],
    [{ s: { type: 'string' } }, '.s.unsafeText is missing; accepted: true'],
    [{ s: { type: 'string', unsafeText: 'yes' } }, '.s.unsafeText is "yes"; accepted: true'],
    [
      { s: { type: 'string', unsafeText: true, maxLength: 1025 } },
      '.s.maxLength is 1025; accepted: a whole number from 1 to 1024',
    ],
    [
      { s: { type: 'string', unsafeText: true, maxLength: 0.5 } },
      '.s.maxLength is 0.5; accepted: a whole number from 1 to 1024',
    ],
    [
      { 'login.password': { type: 'boolean' } },
      '["login.password"] is an object; accepted: names that are not those of secrets, whose values are never captured',
    ],
    [
      { 'a.b.c.d.e.f.g.h.i': { type: 'boolean' } },
      '["a.b.c.d.e.f.g.h.i"] is an object; accepted: paths of 1 to 8 names and at most 256 characters',
    ],
  ])('%j', (rules, expected) => {
    const { problems } = parse(rules);
    expect(problems).toHaveLength(1);
    const consequence = expected.includes(ACCEPTED) ? '' : '. Its value is not captured';
    expect(problems).toEqual([`policy.json: capture.tools.search.arguments${expected}${consequence}`]);
  });

  test.each<[string, unknown]>([
    ['a revoked proxy', revoked.proxy],
    ['a proxy that throws', new Proxy({}, { ownKeys: evil, getOwnPropertyDescriptor: evil })],
    ['throwing getters', Object.defineProperty({}, 'limit', { get: evil, enumerable: true })],
    ['a throwing type', { limit: Object.defineProperty({}, 'type', { get: evil, enumerable: true }) }],
    ['a billion values', { e: { type: 'enum', values: new Array(1e9) } }],
    [
      'a hundred thousand rules',
      Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`n${i}`, { type: 'foo' }])),
    ],
    ['names of a megabyte', { ['n'.repeat(1_000_000)]: { type: 'integer' } }],
  ])('%s neither throws nor takes long', (_, given) => {
    const { rules, problems } = parse(given);
    expect(rules).toEqual({});
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(65);
    expect(problems.join('').length).toBeLessThan(20_000);
  });

  test('without a secret in it', () => {
    const [problem] = parse({ limit: { type: githubToken } }).problems;
    expect(problem).not.toContain(githubToken.slice(0, 8));
    expect(parse({ limit: { type: 'x'.repeat(1_000_000) } }).problems[0]).toMatch(/type is "x{38}…; accepted/);
    expect(parse({ [githubToken]: { type: 'x' } }).problems[0]).not.toContain(githubToken.slice(0, 8));
  });

  test('and the others are kept', () => {
    const { rules, problems } = parse({ a: { type: 'foo' }, b: { type: 'boolean' } });
    expect(Object.keys(rules)).toEqual(['b']);
    expect(problems).toHaveLength(1);
  });
});

describe('what is around the rules', () => {
  test.each<[unknown, string]>([
    ['all', 'capture is "all"; accepted: an object with tools. Nothing is captured'],
    [{}, 'capture.tools is missing; accepted: an object with one member for each tool. Nothing is captured'],
    [{ tools: {}, more: 1 }, 'capture.more is 1; accepted: the members tools. It is ignored'],
    [
      { tools: { search: 'all' } },
      'capture.tools.search is "all"; accepted: an object with arguments. Nothing of the tool is captured',
    ],
  ])('%j', (capture, problem) => {
    expect(parsePolicy({ version: 1, capture }, 'policy.json').problems).toEqual([`policy.json: ${problem}`]);
  });
});

test('a tool whose rules are refused is left out', () => {
  const tools = { search: { arguments: 'all' }, list: { arguments: {} } };
  expect(parsePolicy({ version: 1, capture: { tools } }, 'policy.json').policy.capture).toEqual({
    tools: { list: { arguments: {} } },
  });
});

test('rules are read as they are written, and copied', () => {
  const values = ['de', 'en'];
  const given = {
    limit: { type: 'integer', min: 1, max: 100 },
    'filter.lang': { type: 'enum', values },
    exact: { type: 'boolean' },
    query: { type: 'string', unsafeText: true, maxLength: 200 },
    ratio: { type: 'number', min: undefined },
  };
  const { rules, problems } = parse(given);
  expect(problems).toEqual([]);
  expect(rules).toEqual({ ...given, ratio: { type: 'number' } });
  values.push('later');
  expect(rules['filter.lang']?.values).toEqual(['de', 'en']);
});
