/** The JSON Schema of a policy file: what the reader accepts, described by the TSDoc of its types. */
import { policyKind } from '../../../src/options/policy.js';
import { declared } from './rows.js';

type Schema = { readonly properties?: Readonly<Record<string, Schema>>; readonly [word: string]: unknown };

/** The TSDoc of each type, by a member that no other one has. */
const MEANINGS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['version', declared('policy/rule.ts', 'PolicyDocument')],
  ['id', declared('policy/rule.ts', 'ClassificationRule')],
  ['equals', declared('policy/rule.ts', 'ArgumentPredicate')],
  ['type', declared('redact/captured-arguments.ts', 'CaptureRule')],
]);

export function policySchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Policy of mcp-trail',
    description: 'How sensitive the operations of MCP servers are, and which argument values are recorded',
    ...described(policyKind.schema as Schema),
  };
}

/** The schema with a description for each member that has one. */
function described(schema: Schema): Schema {
  const { properties = {} } = schema;
  const [, meanings = new Map<string, string>()] =
    [...MEANINGS].find(([name]) => Object.hasOwn(properties, name)) ?? [];
  const entries = Object.entries(schema).map(([word, value]) => [
    word,
    word === 'properties' ? describedMembers(value as Record<string, Schema>, meanings) : inner(value),
  ]);
  return Object.fromEntries(entries);
}

function describedMembers(members: Readonly<Record<string, Schema>>, meanings: ReadonlyMap<string, string>): Schema {
  const entries = Object.entries(members).map(([name, schema]) => {
    const description = meanings.get(name);
    return [name, { ...(description !== undefined && { description }), ...described(schema) }];
  });
  return Object.fromEntries(entries);
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner);
  return typeof value === 'object' && value !== null ? described(value as Schema) : value;
}
