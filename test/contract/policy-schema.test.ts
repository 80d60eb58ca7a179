/** The JSON Schema of policy files, as applications import it, accepts what the reader accepts. `npm run generate` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import { parsePolicy } from '../../src/options/policy.js';
import type { PolicyDocument } from '../../src/policy/rule.js';
import { UPDATING } from './audit-registry/files.js';
import { type Json, jsonOf } from './audit-registry/schema.js';
import { policySchema } from './options/policy-schema.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FILE = `${ROOT}src/policy/policy.schema.json`;
const generated = `${jsonOf(policySchema() as Json, 5)}\n`;
if (UPDATING) writeFileSync(FILE, generated);

const validate = new Ajv2020({ strict: true, strictRequired: false, allowMatchingProperties: true }).compile(
  createRequire(`${ROOT}package.json`)('mcp-trail/policy.schema.json'),
);

const schemaAccepts = (policy: unknown) => validate(policy);
const readerAccepts = (policy: unknown) => parsePolicy(policy, 'policy.json').problems.length === 0;

/** With every member that there is. */
const FULL: PolicyDocument = {
  $schema: './policy.schema.json',
  version: 1,
  defaults: { sensitivity: 'internal' },
  tags: ['SOC2'],
  rules: [
    {
      id: 'all',
      tool: ['a', 'b*'],
      resource: '/etc/**',
      prompt: 'p',
      server: 's',
      method: 'tools/call',
      arguments: {
        'a.b': { equals: 'x', in: ['x', false, 1], glob: '*', underPath: ['/etc', '~/.ssh'], min: 0, max: 0 },
        '*': { present: true },
      },
      verb: 'delete',
      sensitivity: 'public',
      sensitive: false,
      tags: ['a:b/c'],
    },
  ],
  capture: {
    tools: {
      search: {
        arguments: {
          limit: { type: 'integer', min: 1, max: 100 },
          ratio: { type: 'number', max: 1 },
          'filter.lang': { type: 'enum', values: ['de', ''] },
          exact: { type: 'boolean' },
          query: { type: 'string', unsafeText: true, maxLength: 200 },
        },
      },
    },
  },
};

/** Policies that differ from {@link FULL} at one place. */
function variations(policy: PolicyDocument): [string, unknown][] {
  const values = [
    null,
    '',
    'x',
    ' ',
    'a b',
    'x'.repeat(300),
    -1,
    0,
    1,
    1.5,
    1e9,
    true,
    false,
    [],
    {},
    [null],
    ['x'],
    ['a b'],
    { x: 1 },
  ];
  const found: [string, unknown][] = [];
  const visit = (value: unknown, path: string, replaced: (by: unknown) => unknown) => {
    for (const by of [...values, undefined]) found.push([`${path} = ${JSON.stringify(by)}`.slice(0, 80), replaced(by)]);
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) {
      found.push([`${path} with another member`, replaced({ ...value, another: 1 })]);
      found.push([`${path} with an unusable name`, replaced({ ...value, 'a..b': { type: 'boolean' } })]);
    } else found.push([`${path} of 2000`, replaced(new Array(2000).fill('x'))]);
    for (const [name, member] of Object.entries(value)) {
      visit(member, `${path}.${name}`, (by) =>
        replaced(Array.isArray(value) ? value.with(Number(name), by) : withMember(value, name, by)),
      );
    }
  };
  visit(policy, '$', (by) => by);
  return found;
}

function withMember(value: object, name: string, by: unknown): object {
  const entries = Object.entries(value).map(([each, member]) => [each, each === name ? by : member]);
  return JSON.parse(JSON.stringify(Object.fromEntries(entries)));
}

describe('the JSON Schema of policies', () => {
  it('is generated from the reader', () => {
    expect(readFileSync(FILE, 'utf8'), 'npm run generate').toBe(generated);
  });

  it('describes every member of the document and of its rules', () => {
    const { properties } = policySchema();
    expect(Object.values(properties ?? {}).every(({ description }) => description !== undefined)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['no more than a version', { version: 1 }],
    ['every member', FULL],
    ['the example', JSON.parse(readFileSync(`${ROOT}examples/policy/policy.json`, 'utf8'))],
  ])('and the reader accept %s', (_, policy) => {
    validate(policy);
    expect(validate.errors ?? []).toEqual([]);
    expect(parsePolicy(policy, 'policy.json').problems).toEqual([]);
  });

  it('refuses nothing that the reader accepts, and accepts almost nothing that it refuses', () => {
    const all = variations(FULL);
    expect(all.length).toBeGreaterThan(1000);
    const wrong = all.filter(([, policy]) => readerAccepts(policy) && !schemaAccepts(policy));
    expect(wrong.map(([name]) => name)).toEqual([]);
    const looser = all.filter(([, policy]) => schemaAccepts(policy) && !readerAccepts(policy)).map(([name]) => name);
    // Of blanks only, and where min is above max: see below.
    expect(looser.filter((name) => !/\.(?:underPath|min|max)\b/.test(name))).toEqual([]);
  });

  /** What a schema cannot express. */
  test.each<[string, object]>([
    ['two rules of one id', { rules: [rule({}), rule({})] }],
    ['a pattern whose braces do not match', { rules: [rule({ tool: '{a' })] }],
    ['a folder without a name', { rules: [rule({ arguments: { a: { underPath: '.' } } })] }],
    ['min above max', { rules: [rule({ arguments: { a: { min: 2, max: 1 } } })] }],
    ['min above max of a captured number', { capture: { tools: { a: { arguments: { n: number(2, 1) } } } } }],
    ['a condition beside present: false', { rules: [rule({ arguments: { a: { present: false, min: 1 } } })] }],
    ['capture of a secret', { capture: { tools: { a: { arguments: { password: number(1, 2) } } } } }],
  ])('accepts %s, which the reader reports', (_, members) => {
    const policy = { version: 1, ...members };
    expect({ schema: schemaAccepts(policy), reader: readerAccepts(policy) }).toEqual({ schema: true, reader: false });
  });
});

function rule(members: object): object {
  return { id: 'a', tool: 'a', verb: 'read', ...members };
}

function number(min: number, max: number): object {
  return { type: 'number', min, max };
}
