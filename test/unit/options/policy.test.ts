import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { loadPolicyFile, parsePolicy } from '../../../src/options/policy.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const EMPTY = { version: 1, defaults: {}, rules: [], tags: [] };
const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const getter = (name: string) => Object.defineProperty({}, name, { get: evil, enumerable: true });

/** The problems of a rule that is valid except for these members. */
function problemsOf(members: Record<string, unknown>): string[] {
  const rule = { id: 'a', tool: 'a', sensitive: true, ...members };
  const { policy, problems } = parsePolicy({ version: 1, rules: [rule] }, 'policy.json');
  expect(policy.rules).toEqual(problems.length === 0 ? [rule] : []);
  return problems;
}

describe('a document that is not a policy has no rules', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'the policy is missing; accepted: an object. There are no rules'],
    ['null', null, 'the policy is null; accepted: an object. There are no rules'],
    ['a list', [1, 2], 'the policy is a list of 2; accepted: an object. There are no rules'],
    ['no version', { rules: [] }, 'version is missing; accepted: 1. There are no rules'],
    ['another version', { version: 2 }, 'version is 2; accepted: 1. There are no rules'],
    ['a version of another type', { version: '1' }, 'version is "1"; accepted: 1. There are no rules'],
    [
      'values that are not rules',
      { version: 1, rules: {} },
      'rules is an object; accepted: a list of rules. There are no rules',
    ],
    ['a revoked proxy', revoked.proxy, 'the policy is unreadable; accepted: data that can be read. There are no rules'],
    ['a getter', getter('version'), 'the policy is an object; accepted: data that can be read. There are no rules'],
  ])('%s', (_, value, problem) => {
    expect(parsePolicy(value, 'policy.json')).toEqual({ policy: EMPTY, problems: [`policy.json: ${problem}`] });
  });
});

describe('a policy file', () => {
  it('that cannot be read has no rules', () => {
    const path = join(folder, 'none.json');
    expect(loadPolicyFile(path)).toEqual({
      policy: EMPTY,
      problems: [`${path}: the policy cannot be read (ENOENT). There are no rules`],
    });
  });

  it('that is not JSON has no rules', () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{\n  "version": 1,\n}');
    expect(loadPolicyFile(path).problems).toEqual([
      `${path}: the policy is not JSON at line 3, column 1. There are no rules`,
    ]);
  });

  it('is read', () => {
    const path = join(folder, 'policy.json');
    writeFileSync(path, '{"version": 1, "rules": [{"id": "a", "tool": "a", "verb": "read"}, {}]}');
    const { policy, problems } = loadPolicyFile(path);
    expect(policy.rules).toEqual([{ id: 'a', tool: 'a', verb: 'read' }]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${path}: rules[1].id is missing; accepted: 1 to 64 of `);
  });
});

describe('an invalid rule is reported and skipped', () => {
  const PATTERN = 'a pattern of *, ? and {a,b}, at most 256 characters';
  test.each<[Record<string, unknown>, string]>([
    [{ id: undefined }, 'rules[0].id is missing; accepted: 1 to 64 of A-Z a-z 0-9 . _ -'],
    [{ id: 'a b' }, 'rules[0].id is "a b"; accepted: 1 to 64 of A-Z a-z 0-9 . _ -'],
    [{ id: 'x'.repeat(65) }, `rules[0].id is "${'x'.repeat(38)}…; accepted: 1 to 64`],
    [{ id: 'a\n\u001b[31m\u202e' }, 'rules[0].id is "a\\n\\u001b[31m\\u202e"; accepted: '],
    [{ id: 7 }, 'rules[0].id is 7; accepted: '],
    [{ tool: undefined }, 'rules[0] is an object; accepted: at least one of tool'],
    [{ sensitive: undefined }, 'rules[0] is an object; accepted: at least one of tool'],
    [{ tool: '' }, `rules[0].tool is ""; accepted: ${PATTERN}`],
    [{ tool: '{a' }, `rules[0].tool is "{a"; accepted: ${PATTERN}`],
    [{ tool: 'x'.repeat(257) }, `accepted: ${PATTERN}`],
    [{ tool: /delete/ }, `rules[0].tool is an object; accepted: ${PATTERN}`],
    [{ tool: () => true }, `rules[0].tool is a function; accepted: ${PATTERN}`],
    [{ tool: [] }, 'rules[0].tool is an empty list; accepted: a list of 1 to 256'],
    [{ tool: new Array(257).fill('a') }, 'rules[0].tool is a list of 257; accepted: a list of 1 to 256'],
    [{ tool: ['a', 1] }, `rules[0].tool[1] is 1; accepted: ${PATTERN}`],
    [{ tool: ['a', undefined, 'b'] }, `rules[0].tool[1] is missing; accepted: ${PATTERN}`],
    [{ resource: 'notes://{id}' }, 'rules[0].resource is "notes://{id}"; accepted: a pattern of *, **, ? and {a,b}'],
    [{ verb: 'drop' }, 'rules[0].verb is "drop"; accepted: read, write, delete'],
    [{ verb: 'constructor' }, 'rules[0].verb is "constructor"; accepted: read, write, delete'],
    [
      { sensitivity: 'secret' },
      'rules[0].sensitivity is "secret"; accepted: public, internal, confidential, restricted, h',
    ],
    [{ sensitive: 'yes' }, 'rules[0].sensitive is "yes"; accepted: true, false'],
    [{ tags: 'HIPAA' }, 'rules[0].tags is "HIPAA"; accepted: a list of 1 to 256'],
    [{ tags: ['a b'] }, 'rules[0].tags[0] is "a b"; accepted: 1 to 64 of A-Z a-z 0-9 . _ : / -'],
    [{ tols: 'x' }, 'rules[0].tols is "x"; accepted: the members id, tool, resource, '],
    [{ 'a\nb': 1 }, 'rules[0]["a\\nb"] is 1; accepted: the members id, tool, '],
    [{ toString: 1 }, 'rules[0].toString is 1; accepted: the members id, tool, '],
    [JSON.parse('{"__proto__": {"id": "b"}}'), 'rules[0]'],
    [{ arguments: [] }, 'rules[0].arguments is an empty list; accepted: an object with 1 to 32 names of arguments'],
    [{ arguments: {} }, 'rules[0].arguments is an object; accepted: an object with 1 to 32 names of arguments'],
    [
      { arguments: { 'a..b': { equals: 1 } } },
      'rules[0].arguments["a..b"] is an object; accepted: names of at most 256',
    ],
    [{ arguments: { 'a.b.c.d.e.f.g.h.i': { equals: 1 } } }, 'and 8 parts, with dots between'],
    [
      { arguments: { a: 'x' } },
      'rules[0].arguments.a is "x"; accepted: an object with equals, in, glob, underPath, min, ',
    ],
    [{ arguments: { a: {} } }, 'rules[0].arguments.a is an object; accepted: at least one condition'],
    [{ arguments: { a: { equal: 1 } } }, 'rules[0].arguments.a.equal is 1; accepted: the members equals, in, '],
    [{ arguments: { a: { equals: null } } }, 'rules[0].arguments.a.equals is null; accepted: a text of at most 256'],
    [{ arguments: { a: { equals: Number.NaN } } }, 'rules[0].arguments.a.equals is NaN; accepted: a text'],
    [{ arguments: { a: { in: [] } } }, 'rules[0].arguments.a.in is an empty list; accepted: a list of 1 to 256'],
    [
      { arguments: { a: { underPath: '.' } } },
      'rules[0].arguments.a.underPath is "."; accepted: a path of at most 256',
    ],
    [{ arguments: { a: { min: '1' } } }, 'rules[0].arguments.a.min is "1"; accepted: a number'],
    [{ arguments: { a: { min: 2, max: 1 } } }, 'rules[0].arguments.a is an object; accepted: at least one condition; '],
    [{ arguments: { a: { present: false, equals: 1 } } }, 'present: false by itself'],
    [
      { arguments: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, { equals: 1 }])) },
      '1 to 32 names',
    ],
  ])('%j', (members, problem) => {
    const problems = problemsOf(members);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).toMatch(/^policy\.json: [^\n]*\. The rule is skipped$/);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'delete_*'],
    ['a list', []],
    ['a getter', getter('id')],
    ['a revoked proxy', revoked.proxy],
    ['something with a revoked proxy in it', { id: 'a', tool: [revoked.proxy], verb: 'read' }],
  ])('%s instead of a rule', (_, rule) => {
    const { policy, problems } = parsePolicy({ version: 1, rules: [rule, { id: 'b', tool: 'b', verb: 'read' }] }, 'p');
    expect(policy.rules).toHaveLength(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^p: rules\[0\]\S* is .*; accepted: .*\. The rule is skipped$/);
  });

  it('reports all its problems at once', () => {
    expect(problemsOf({ verb: 'x', sensitive: 1, tool: ['{', '}'] })).toHaveLength(4);
  });

  it('is one with the id of an earlier rule', () => {
    const rule = { id: 'a', tool: 'a', verb: 'read' };
    const { policy, problems } = parsePolicy({ version: 1, rules: [rule, { ...rule, tool: 'b' }] }, 'p');
    expect(policy.rules).toEqual([rule]);
    expect(problems).toEqual(['p: rules[1].id is "a"; accepted: an id that no earlier rule has. The rule is skipped']);
  });

  it('is one after the thousandth', () => {
    const rules = Array.from({ length: 1_002 }, (_, index) => ({ id: `r${index}`, tool: 'a', verb: 'read' }));
    const { policy, problems } = parsePolicy({ version: 1, rules }, 'p');
    expect(policy.rules).toHaveLength(1_000);
    expect(problems).toEqual(['p: rules is a list of 1002; accepted: at most 1000. The rules after that are skipped']);
  });

  it('is reported a hundred times; further ones are counted', () => {
    const { problems } = parsePolicy({ version: 1, rules: new Array(150).fill(null) }, 'p');
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toBe('p: 50 more problems');
  });
});

describe('other invalid members are reported and ignored', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ rule: [] }, 'rule is an empty list; accepted: the members $schema, version, defaults, rules, capture, tags'],
    [{ defaults: 'internal' }, 'defaults is "internal"; accepted: an object'],
    [{ $schema: 1 }, '$schema is 1; accepted: the URI of a JSON Schema'],
    [{ defaults: { sensitivity: 'secret' } }, 'defaults.sensitivity is "secret"; accepted: public, internal, '],
    [{ defaults: { tags: [] } }, 'defaults.tags is an empty list; accepted: the members sensitivity'],
    [{ tags: 'SOC2' }, 'tags is "SOC2"; accepted: a list of up to 256'],
    [{ tags: ['a b'] }, 'tags[0] is "a b"; accepted: 1 to 64 of '],
  ])('%j', (members, problem) => {
    const rules = [{ id: 'a', tool: 'a', verb: 'read' }];
    const { policy, problems } = parsePolicy({ version: 1, rules, ...members }, 'p');
    expect(policy).toEqual({ ...EMPTY, rules });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).toMatch(/\. It is ignored$/);
  });

  it('valid tags stay', () => {
    expect(parsePolicy({ version: 1, tags: ['SOC2', 1, 'a:b/c'] }, 'p').policy.tags).toEqual(['SOC2', 'a:b/c']);
  });
});

it('a valid policy is copied unchanged', () => {
  const capture = { tools: { search: { arguments: { limit: { type: 'integer' } } } } };
  const document = {
    version: 1,
    defaults: { sensitivity: 'internal' },
    tags: ['SOC2'],
    capture,
    rules: [
      {
        id: 'everything',
        tool: ['a', 'b*'],
        resource: '/etc/**',
        prompt: 'p',
        server: 's',
        method: 'tools/call',
        arguments: {
          'a.b': {
            equals: 0,
            in: ['x', false],
            glob: '*',
            underPath: ['/etc', '~/.ssh'],
            min: 0,
            max: 0,
            present: true,
          },
          ...JSON.parse('{"__proto__x": {"present": false}}'),
          '*': { max: 5 },
        },
        verb: 'delete',
        sensitivity: 'public',
        sensitive: false,
        tags: ['a:b/c'],
      },
    ],
  };
  const before = JSON.stringify(document);
  const { policy, problems } = parsePolicy(document, 'p');
  expect(problems).toEqual([]);
  expect(policy).toEqual(document);
  expect(policy.capture).not.toBe(capture);
  expect(JSON.stringify(document)).toBe(before);
  expect(parsePolicy({ version: 1 }, 'p')).toEqual({ policy: EMPTY, problems: [] });
});
