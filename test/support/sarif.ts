/** What SARIF 2.1.0 and GitHub's code scanning require of a log, written from their texts. */
import { Ajv2020 } from 'ajv/dist/2020.js';

export interface SarifLog {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly [
        {
          readonly physicalLocation: {
            readonly artifactLocation: { readonly uri: string };
            readonly region: { readonly startLine: number };
          };
        },
      ];
      readonly partialFingerprints: { readonly primaryLocationLineHash: string };
    }[];
  }[];
}

const closed = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const listOf = (items: unknown, minItems = 0) => ({ type: 'array', items, minItems });
const TEXT = { type: 'string', minLength: 1 };
const LEVEL = { enum: ['none', 'note', 'warning', 'error'] };

/** The sections are those of the specification, where each member that the command uses is defined. */
const SCHEMA = closed({
  // 3.13.3, 3.13.2
  $schema: { type: 'string', format: 'uri' },
  version: { const: '2.1.0' },
  runs: listOf(
    // 3.14
    closed({
      // 3.18.2, 3.19.2
      tool: closed({
        driver: closed({
          name: TEXT,
          version: TEXT,
          rules: listOf(
            // 3.49
            closed({
              id: TEXT,
              // 3.12.3
              shortDescription: closed({ text: TEXT }),
              fullDescription: closed({ text: TEXT }),
              help: closed({ text: TEXT }),
              // 3.50
              defaultConfiguration: closed({ level: LEVEL }),
              // Read by GitHub.
              properties: closed({
                tags: { ...listOf(TEXT), uniqueItems: true, contains: { const: 'security' } },
                precision: { enum: ['very-high', 'high', 'medium', 'low'] },
                'security-severity': { type: 'string', pattern: '^(?:\\d(?:\\.\\d)?|10\\.0)$' },
              }),
            }),
          ),
        }),
      }),
      // 3.20.14
      invocations: listOf(closed({ executionSuccessful: { type: 'boolean' } })),
      results: listOf(
        // 3.27
        closed({
          ruleId: TEXT,
          ruleIndex: { type: 'integer', minimum: 0 },
          level: LEVEL,
          message: closed({ text: TEXT }),
          // GitHub needs one.
          locations: listOf(
            closed({
              // 3.29
              physicalLocation: closed({
                artifactLocation: closed({ uri: { type: 'string', format: 'uri-reference', minLength: 1 } }),
                region: closed({ startLine: { type: 'integer', minimum: 1 } }),
              }),
            }),
            1,
          ),
          // The only one that GitHub reads.
          partialFingerprints: closed({ primaryLocationLineHash: { type: 'string', pattern: '^[0-9a-f]+:\\d+$' } }),
        }),
      ),
    }),
    1,
  ),
});

const validate = new Ajv2020({
  strict: true,
  allErrors: true,
  formats: {
    uri: (text) => URL.canParse(text),
    'uri-reference': (text) => /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(text) && URL.canParse(text, 'file:///repository/'),
  },
}).compile<SarifLog>(SCHEMA);

/** @throws an error with what is wrong */
export function validSarif(text: string): SarifLog {
  const log: unknown = JSON.parse(text);
  if (!validate(log)) throw new Error(JSON.stringify(validate.errors, undefined, 2));
  for (const { tool, results } of log.runs) {
    const ids = tool.driver.rules.map(({ id }) => id);
    // 3.49.3
    if (new Set(ids).size !== ids.length) throw new Error('rules with the same id');
    // 3.27.6, 3.52.4
    for (const { ruleId, ruleIndex } of results)
      if (ids[ruleIndex] !== ruleId) throw new Error(`${ruleId} is not rule ${ruleIndex}`);
    // 3.11.5, 3.11.6
    for (const { message } of results)
      if (/(?<!\\)[[\]]|(?<!\{)(?:\{\{)*\{(?!\{)/.test(message.text))
        throw new Error(`a link or placeholder in ${message.text}`);
  }
  return log;
}
