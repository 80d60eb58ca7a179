import { describe, expect, it } from 'vitest';
import { requestContent, resultContent } from '../../../src/describe/content.js';
import { METHODS } from '../../../src/protocol/methods.js';
import { requestFacts } from '../../../src/session/message-facts.js';
import { rowOf } from '../build.js';

const factsOf = (method: string, params: unknown) => requestFacts({ method, params }, rowOf(method).kind, 'outbound');

const NOTHING = { captureArguments: false, captureResults: false, capturePromptVariables: false };
const EVERYTHING = { captureArguments: true, captureResults: true, capturePromptVariables: true };
const PARAMS = { name: 'x', arguments: { city: 'Bonn' } };

describe('content', () => {
  it.each([...METHODS.keys()])('of %s is empty without opt-in', (method) => {
    expect(requestContent(factsOf(method, PARAMS), NOTHING)).toEqual([]);
    expect(resultContent(rowOf(method), { content: [] }, NOTHING)).toEqual([]);
  });

  it.each([...METHODS.keys()].filter((method) => !['tools/call', 'prompts/get'].includes(method)))(
    'of %s is empty with every opt-in',
    (method) => {
      expect(requestContent(factsOf(method, PARAMS), EVERYTHING)).toEqual([]);
      expect(resultContent(rowOf(method), { content: [] }, EVERYTHING)).toEqual([]);
    },
  );

  it.each([
    undefined,
    null,
    'text',
    {},
    { arguments: undefined },
    { arguments: null },
    { arguments: 'text' },
    { arguments: 7 },
  ])('of a request with the params %o is empty', (params) => {
    for (const method of ['tools/call', 'prompts/get'])
      expect(requestContent(factsOf(method, params), EVERYTHING)).toEqual([]);
  });

  it('follows its own option only', () => {
    const keys = (method: string, options: Partial<typeof NOTHING>) =>
      requestContent(factsOf(method, PARAMS), { ...NOTHING, ...options }).map(([key]) => key);
    expect(keys('tools/call', { captureArguments: true })).toEqual(['gen_ai.tool.call.arguments']);
    expect(keys('tools/call', { capturePromptVariables: true, captureResults: true })).toEqual([]);
    expect(keys('prompts/get', { capturePromptVariables: true })).toEqual(['gen_ai.prompt.variable.city']);
    expect(keys('prompts/get', { captureArguments: true, captureResults: true })).toEqual([]);
  });

  it('of a tool call is its arguments, uncopied', () => {
    expect(requestContent(factsOf('tools/call', PARAMS), EVERYTHING)[0]?.[1]).toBe(PARAMS.arguments);
  });

  it('of a prompt is one value per variable, 64 at most', () => {
    const args = Object.fromEntries(Array.from({ length: 1000 }, (_, each) => [`v${each}`, each]));
    const content = requestContent(factsOf('prompts/get', { arguments: args }), EVERYTHING);
    expect(content).toHaveLength(64);
    expect(content[0]).toEqual(['gen_ai.prompt.variable.v0', 0]);
  });

  it('of a failed result is empty: it is error text', () => {
    expect(resultContent(rowOf('tools/call'), { isError: true, content: [] }, EVERYTHING)).toEqual([]);
  });

  it.each([undefined, null, 'text', 7])('of the result %o is empty', (result) => {
    expect(resultContent(rowOf('tools/call'), result, EVERYTHING)).toEqual([]);
  });

  it('of a result is the result, uncopied', () => {
    const result = { content: [], structuredContent: {} };
    const [[key, value] = []] = resultContent(rowOf('tools/call'), result, EVERYTHING);
    expect(key).toBe('gen_ai.tool.call.result');
    expect(value).toBe(result);
  });
});
