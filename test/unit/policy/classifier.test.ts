import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { parsePolicy } from '../../../src/options/policy.js';
import { Classifier } from '../../../src/policy/classifier.js';
import { type ClassificationRule, SENSITIVITIES, type Subject, VERBS } from '../../../src/policy/rule.js';
import { AUDIT_FIELDS } from '../../../src/semconv/audit-record.js';

const stderr = vi.spyOn(process.stderr, 'write');
const told = () => stderr.mock.calls.map(([line]) => String(line));
beforeEach(() => {
  stderr.mockReset().mockReturnValue(true);
});
afterEach(() => expect(told().every((line) => /^mcp-trail: [^\n]*\n$/.test(line))).toBe(true));

const call = (tool: string, args?: unknown, more: Partial<Subject> = {}): Subject => ({
  method: 'tools/call',
  tool,
  arguments: args,
  ...more,
});
const NOTHING = { rules: [], sensitive: false, tags: [] };
const evil = () => {
  throw new Error('no');
};

describe('whatever happens, the application is not affected', () => {
  it('skips a rule that is refused, and tells the operator', () => {
    const rules = [{ id: 'bad', tool: 'a{', sensitive: true }, null, { id: 'good', tool: 'a', sensitive: true }];
    const { policy, problems } = parsePolicy({ version: 1, rules }, 'policy.json');
    expect(Classifier.of(policy).classify(call('a')).rules).toEqual(['good']);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('policy.json: rules[0].tool is "a{"; accepted: a pattern of *, ? and {a,b}');
  });

  it.each<[string, () => unknown]>([
    ['a text', () => 'all'],
    ['null', () => null],
    ['a policy', () => ({ rules: [] })],
    ['a list with a getter', () => Object.defineProperty([], 0, { get: evil })],
  ])('has no rules if they are refused: %s', (_, rules) => {
    const { policy, problems } = parsePolicy({ version: 1, rules: rules() }, 'policy.json');
    expect(Classifier.of(policy).classify(call('a'))).toEqual(NOTHING);
    expect(problems).toHaveLength(1);
  });

  it('ignores later changes of the rules', () => {
    const tags = ['A'];
    const rule = { id: 'a', tool: 'a', tags };
    const classifier = Classifier.of(parsePolicy({ version: 1, rules: [rule] }, 'policy.json').policy);
    tags.push('B');
    rule.tool = 'b';
    expect(classifier.classify(call('a')).tags).toEqual(['A']);
  });

  it('a subject that throws has the defaults', () => {
    const classifier = new Classifier([{ id: 'a', tool: '*', sensitive: true }], { sensitivity: 'internal' });
    const subject = Object.defineProperty({ method: 'tools/call' }, 'tool', { get: evil }) as Subject;
    expect(classifier.classify(subject)).toEqual({ ...NOTHING, sensitivity: 'internal' });
  });

  it('values that are not strings match no name', () => {
    const classifier = new Classifier([{ id: 'a', tool: '*', sensitive: true }]);
    for (const tool of [undefined, null, 1, {}, ['x']]) {
      expect(classifier.classify({ method: 'tools/call', tool } as unknown as Subject)).toEqual(NOTHING);
    }
  });

  it('arguments that throw make a rule match', () => {
    const classifier = new Classifier([{ id: 'a', arguments: { path: { underPath: '/etc' } }, sensitive: true }]);
    const args = new Proxy({}, { getOwnPropertyDescriptor: evil });
    expect(classifier.classify(call('read', args)).sensitive).toBe(true);
  });

  it('the result is frozen', () => {
    const answer = new Classifier([{ id: 'a', tool: 'a', tags: ['A'] }]).classify(call('a'));
    for (const part of [answer, answer.rules, answer.tags]) expect(Object.isFrozen(part)).toBe(true);
  });

  it('many different and long names do not grow the cache without bound', () => {
    const classifier = new Classifier([{ id: 'long', tool: '*x', sensitive: true }]);
    for (let index = 0; index < 20_000; index++) classifier.classify(call(`tool-${index}`));
    expect(classifier.classify(call('y'.repeat(5_000_000))).rules).toEqual(['long']);
    expect(classifier.classify(call('tool-1'))).toEqual(NOTHING);
    expect(classifier.classify(call('tool-x')).rules).toEqual(['long']);
  });

  it('a record names at most 64 rules and tags', () => {
    const rules = Array.from({ length: 100 }, (_, index) => ({
      id: `rule-${index}`,
      tool: '*',
      tags: [`T${String(index).padStart(3, '0')}`],
      ...(index === 99 && { verb: 'delete' as const }),
    }));
    const answer = new Classifier(rules).classify(call('a'));
    expect(answer.rules).toHaveLength(64);
    expect(answer.tags).toHaveLength(64);
    expect(answer.verb).toBe('delete');
  });
});

describe('no rule reduces the effect of another', () => {
  const rule = (id: string, effects: Partial<ClassificationRule>): ClassificationRule => ({
    id,
    tool: '*',
    ...effects,
  });
  const classify = (...effects: Partial<ClassificationRule>[]) =>
    new Classifier(effects.map((each, index) => rule(String(index), each))).classify(call('a'));

  it.each(permutations(SENSITIVITIES.map((sensitivity) => ({ sensitivity }))).slice(0, 24))(
    'the highest sensitivity wins, in any order',
    (...effects) => {
      expect(classify(...effects).sensitivity).toBe('highly_restricted');
      expect(classify(...effects.filter(({ sensitivity }) => !sensitivity.includes('restricted'))).sensitivity).toBe(
        'confidential',
      );
    },
  );

  it('the strongest verb wins', () => {
    expect(classify({ verb: 'read' }, { verb: 'delete' }, { verb: 'write' }).verb).toBe('delete');
    expect(classify({ verb: 'write' }, { verb: 'read' }).verb).toBe('write');
    expect(classify({ verb: 'read' }).verb).toBe('read');
  });

  it('tags are merged, sorted and unique', () => {
    expect(classify({ tags: ['SOC2', 'HIPAA'] }, { tags: ['HIPAA', 'GDPR'] }).tags).toEqual(['GDPR', 'HIPAA', 'SOC2']);
  });

  it('one sensitive rule is enough', () => {
    expect(classify({ sensitive: false }, { sensitive: true }).sensitive).toBe(true);
  });

  it.each([
    ['public', false],
    ['internal', false],
    ['confidential', false],
    ['restricted', true],
    ['highly_restricted', true],
  ] as const)('%s by itself is sensitive: %s', (sensitivity, expected) => {
    expect(classify({ sensitivity }).sensitive).toBe(expected);
  });

  it('sensitive: false applies to the sensitivity of its own rule only', () => {
    expect(classify({ sensitivity: 'restricted', sensitive: false }).sensitive).toBe(false);
    expect(classify({ sensitivity: 'restricted' }, { sensitive: false }).sensitive).toBe(true);
  });

  it('rules are named in the order of the policy, including those with conditions on arguments', () => {
    const classifier = new Classifier([
      { id: 'c', tool: '*', arguments: { a: { present: true } }, verb: 'read' },
      { id: 'b', tool: '*', verb: 'read' },
      { id: 'a', arguments: { a: { equals: 1 } }, verb: 'read' },
    ]);
    expect(classifier.classify(call('x', { a: 1 })).rules).toEqual(['c', 'b', 'a']);
    expect(classifier.classify(call('x', { a: 2 })).rules).toEqual(['c', 'b']);
    expect(classifier.classify(call('x')).rules).toEqual(['b']);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('the defaults', () => {
  const rules: ClassificationRule[] = [
    { id: 'open', tool: 'open', sensitivity: 'public' },
    { id: 'calm', tool: 'calm', sensitive: false },
    { id: 'other', tool: 'other', verb: 'read' },
  ];
  const classifier = new Classifier(rules, { sensitivity: 'restricted', tags: ['SOC2'] });

  it('give a sensitivity to operations without one, and tags to all', () => {
    expect(classifier.classify(call('x'))).toEqual({
      rules: [],
      sensitivity: 'restricted',
      sensitive: true,
      tags: ['SOC2'],
    });
    expect(classifier.classify(call('open'))).toMatchObject({
      sensitivity: 'public',
      sensitive: false,
      tags: ['SOC2'],
    });
  });

  it('make an operation sensitive unless a rule decides otherwise', () => {
    expect(classifier.classify(call('calm'))).toMatchObject({ sensitivity: 'restricted', sensitive: false });
    expect(classifier.classify(call('other'))).toMatchObject({ sensitivity: 'restricted', sensitive: true });
  });

  it('come from a policy, with its tags', () => {
    const defaults = { sensitivity: 'internal' } as const;
    const byPolicy = Classifier.of({ version: 1, defaults, rules, tags: ['GDPR'] });
    expect(byPolicy.classify(call('x'))).toMatchObject({ sensitivity: 'internal', tags: ['GDPR'] });
  });
});

describe('a rule matches', () => {
  const all: ClassificationRule = {
    id: 'all',
    method: 'tools/*',
    tool: ['delete_*', 'drop_*'],
    server: '{crm,billing}',
    arguments: { env: { equals: 'prod' } },
    sensitive: true,
  };
  const subject = call('drop_table', { env: 'prod' }, { server: 'crm' });

  it('if all its conditions hold', () => {
    expect(new Classifier([all]).classify(subject).sensitive).toBe(true);
  });

  test.each<[string, Partial<Subject>]>([
    ['the method', { method: 'prompts/get' }],
    ['the tool', { tool: 'list_tables' }],
    ['the tool, in its case', { tool: 'DROP_table' }],
    ['a tool', { tool: undefined }],
    ['the server', { server: 'wiki' }],
    ['a server', { server: undefined }],
    ['an argument', { arguments: { env: 'test' } }],
    ['arguments', { arguments: undefined }],
  ])('not if %s is missing', (_, other) => {
    expect(new Classifier([all]).classify({ ...subject, ...other })).toEqual(NOTHING);
  });

  it('prompts and resources by theirs', () => {
    const classifier = new Classifier([
      { id: 'prompt', prompt: 'hr_*', tags: ['HR'] },
      { id: 'resource', resource: ['db://patients/**', '/etc/**'], tags: ['HIPAA'] },
    ]);
    expect(classifier.classify({ method: 'prompts/get', prompt: 'hr_review' }).rules).toEqual(['prompt']);
    expect(classifier.classify({ method: 'resources/read', resource: 'db://patients/7' }).rules).toEqual(['resource']);
    expect(classifier.classify({ method: 'resources/read', resource: 'file:///etc/x' }).rules).toEqual(['resource']);
    expect(classifier.classify({ method: 'resources/read', resource: 'db://orders/7' })).toEqual(NOTHING);
    expect(classifier.classify({ method: 'resources/list' })).toEqual(NOTHING);
  });
});

describe('the cache', () => {
  it('has one result for the same names if no rule has conditions on arguments', () => {
    const classifier = new Classifier([{ id: 'a', tool: 'a', sensitive: true }]);
    const answer = classifier.classify(call('a', { x: 1 }));
    expect(classifier.classify(call('a', { x: 2 }))).toBe(answer);
  });

  it('has no result that depends on arguments', () => {
    const classifier = new Classifier([{ id: 'a', tool: 'a', arguments: { x: { equals: 1 } }, sensitive: true }]);
    const answers = [1, 2, 1, 3].map((x) => classifier.classify(call('a', { x })).sensitive);
    expect(answers).toEqual([true, false, true, false]);
  });

  it('does not confuse subjects', () => {
    const classifier = new Classifier([
      { id: 'tool', tool: 'a', verb: 'read' },
      { id: 'prompt', prompt: 'a', verb: 'read' },
      { id: 'server', server: 'a', verb: 'read' },
      { id: 'resource', resource: 'a', verb: 'read' },
      { id: 'empty', tool: '{,x}', verb: 'read' },
      { id: 'odd', tool: 'a-1:a', verb: 'read' },
    ]);
    const rules = (subject: Omit<Subject, 'method'>) => classifier.classify({ method: 'm', ...subject }).rules;
    for (let round = 0; round < 2; round++) {
      expect(rules({ tool: 'a' })).toEqual(['tool']);
      expect(rules({ prompt: 'a' })).toEqual(['prompt']);
      expect(rules({ server: 'a' })).toEqual(['server']);
      expect(rules({ resource: 'a' })).toEqual(['resource']);
      expect(rules({ tool: '' })).toEqual(['empty']);
      expect(rules({})).toEqual([]);
      expect(rules({ tool: 'a-1:a' })).toEqual(['odd']);
      expect(rules({ tool: 'a', server: 'a' })).toEqual(['tool', 'server']);
    }
  });
});

it('the words are those of the audit record, in their order', () => {
  expect(SENSITIVITIES).toEqual(AUDIT_FIELDS['mcp_audit.data.sensitivity'].values);
  expect(VERBS).toEqual(AUDIT_FIELDS['mcp_audit.tool.verb'].values);
});
