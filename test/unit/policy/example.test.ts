/** The example policy classifies as its README describes. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { loadPolicyFile } from '../../../src/options/policy.js';
import { Classifier } from '../../../src/policy/classifier.js';
import type { Subject } from '../../../src/policy/rule.js';

const FOLDER = fileURLToPath(new URL('../../../examples/policy/', import.meta.url));
const { policy, problems } = loadPolicyFile(`${FOLDER}policy.json`);
const classifier = Classifier.of(policy);

const METHODS: Readonly<Record<string, string>> = {
  tool: 'tools/call',
  resource: 'resources/read',
  prompt: 'prompts/get',
};

/** The cells of each row of the table, without the code marks. */
const rows = readFileSync(`${FOLDER}README.md`, 'utf8')
  .split('\n')
  .filter((line) => /^\| (?:tool|resource|prompt) \|/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

it('the policy has no problems', () => {
  expect(problems).toEqual([]);
  expect(rows.length).toBeGreaterThan(10);
});

describe('an operation is classified as in the README', () => {
  test.each(rows)('%s of %s: %s %s', (kind, server, target, args, rules, sensitivity, sensitive, verb, tags) => {
    const subject: Subject = {
      method: METHODS[kind as string] as string,
      server: server as string,
      [kind as string]: target,
      ...(args !== '' && { arguments: JSON.parse(args as string) }),
    };
    expect(classifier.classify(subject)).toEqual({
      rules: listOf(rules),
      sensitivity,
      sensitive: sensitive === 'yes',
      ...(verb !== '' && { verb }),
      tags: listOf(tags),
    });
  });

  it('with every rule in it', () => {
    const named = new Set(rows.flatMap((row) => listOf(row[4])));
    expect([...named].sort()).toEqual(policy.rules.map(({ id }) => id).sort());
  });
});

function listOf(cell: string | undefined): string[] {
  return cell === undefined || cell === '' ? [] : cell.split(', ');
}
