import { describe, expect, test } from 'vitest';
import { SpanDescriber } from '../../../src/emit/span-describer.js';
import { resolveConfig } from '../../../src/options/instrumentation.js';
import { requestFacts } from '../../../src/session/message-facts.js';
import { SUCCESS } from '../../../src/session/outcome.js';

const CARD = ['4111', '1111', '1111', '1111'].join('');
const TOKEN = ['gh', 'p_', 'a1B2'.repeat(9)].join('');

const describer = new SpanDescriber(resolveConfig({ capturePromptVariables: true }, {}));

describe('a redacted outcome', () => {
  test('contains no class name that is a secret', () => {
    expect(describer.outcome({ errorType: TOKEN })).toEqual({ errorType: '[REDACTED:github]' });
  });

  test('has no code that is a card number', () => {
    expect(describer.outcome({ errorType: CARD, statusCode: CARD })).toEqual({
      errorType: '[REDACTED:card]',
      statusCode: '[REDACTED:card]',
    });
  });

  test.each([SUCCESS, { errorType: 'TypeError' }, { errorType: '-32603', statusCode: '-32603' }])(
    'is %o',
    (outcome) => {
      expect(describer.outcome(outcome)).toBe(outcome);
    },
  );
});

describe('the start attributes of a request', () => {
  const started = (id: string | number, params: object = {}, method = 'tools/list') => {
    const facts = requestFacts({ method, id, params }, 'request', 'outbound');
    const template = { facts: { row: facts.row }, spanAttributes: {} } as never;
    return describer.startAttributes(template, facts, undefined, undefined);
  };

  test('include its id, redacted only if formatted like a card number', () => {
    const grouped = CARD.replace(/\d{4}(?=\d)/g, '$& ');
    expect(started(7)).toEqual({ 'jsonrpc.request.id': '7' });
    expect(started(Number(CARD))).toEqual({ 'jsonrpc.request.id': CARD });
    expect(started(grouped)).toEqual({ 'jsonrpc.request.id': '[REDACTED:card]' });
  });

  test.each(['password', 'token', 'api-key'])('never include the value of a prompt variable named %s', (name) => {
    const { ['jsonrpc.request.id']: _, ...rest } = started(
      1,
      { arguments: { [name]: 'swordfish', city: 'Rome' } },
      'prompts/get',
    );
    expect(rest).toEqual({
      [`gen_ai.prompt.variable.${name}`]: '[REDACTED]',
      'gen_ai.prompt.variable.city': 'Rome',
    });
  });

  test('include prompt variables up to the bound of one call, and a mark for the rest', () => {
    const names = Array.from({ length: 64 }, (_, index) => `v${index}`);
    const given = Object.fromEntries(names.map((name) => [name, 'x'.repeat(4096)]));
    const attributes = started(1, { arguments: given }, 'prompts/get');
    const shown = names.filter((name) => attributes[`gen_ai.prompt.variable.${name}`] !== undefined);
    expect(shown).toEqual(names.slice(0, shown.length));
    expect(shown.length).toBeGreaterThanOrEqual(7);
    expect(shown.length).toBeLessThanOrEqual(8);
    expect(attributes['gen_ai.prompt.variable.[TRUNCATED]']).toBe(true);
  });
});
