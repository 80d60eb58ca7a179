import { trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { isLaterRound, nextNumber, Rounds, roundOf } from '../../../src/session/rounds.js';
import { operation, spanContext } from '../build.js';

function round(span: number, number: number | undefined = 1) {
  const each = operation({ span: trace.wrapSpanContext(spanContext(span)) });
  each.round = number;
  return each;
}

describe('rounds', () => {
  it.each([undefined, null, {}, { requestState: undefined }, { requestState: 7 }, { requestState: {} }])(
    'are not kept for a result without a state: %o',
    (result) => {
      const rounds = new Rounds();
      rounds.remember(round(1), result);
      expect(rounds.continuedBy('tools/call', result)).toBeUndefined();
    },
  );

  it('are not kept for an overlong state', () => {
    const rounds = new Rounds();
    const [longest, tooLong] = [4096, 4097].map((length) => ({ requestState: 'x'.repeat(length) }));
    rounds.remember(round(1), longest);
    rounds.remember(round(2), tooLong);
    expect(rounds.continuedBy('tools/call', tooLong)).toBeUndefined();
    expect(rounds.continuedBy('tools/call', longest)).toBeDefined();
  });

  it('do not continue with another method or state', () => {
    const rounds = new Rounds();
    rounds.remember(round(1), { requestState: 'a' });
    expect(rounds.continuedBy('prompts/get', { requestState: 'a' })).toBeUndefined();
    expect(rounds.continuedBy('tools/call', { requestState: 'b' })).toBeUndefined();
    expect(rounds.continuedBy('tools/call', { inputResponses: {} })).toBeUndefined();
  });

  it('are bounded at 256, oldest first out', () => {
    const rounds = new Rounds();
    for (let each = 0; each < 257; each++) rounds.remember(round(1), { requestState: `state ${each}` });
    const known = (each: number) => rounds.continuedBy('tools/call', { requestState: `state ${each}` }) !== undefined;
    expect([known(0), known(1), known(256)]).toEqual([false, true, true]);
  });

  it('do not continue if several wait with the same state: a wrong link is worse than a missing one', () => {
    const rounds = new Rounds();
    for (const span of [1, 2, 3]) rounds.remember(round(span), { requestState: 'same' });
    expect(rounds.continuedBy('prompts/get', { requestState: 'same' })).toBeUndefined();
    expect(rounds.continuedBy('tools/call', { requestState: 'same' })).toBeUndefined();
  });

  it('continue once, with a request that returns their state', () => {
    const rounds = new Rounds();
    const params = { requestState: 'a', inputResponses: {} };
    rounds.remember(round(7, 2), { requestState: 'a' });
    expect(rounds.continuedBy('prompts/get', params)).toBeUndefined();
    expect(rounds.continuedBy('tools/call', params)).toEqual({
      method: 'tools/call',
      number: 2,
      first: spanContext(7),
    });
    expect(rounds.continuedBy('tools/call', params)).toBeUndefined();
  });

  it('all link to the first', () => {
    const third = round(3, 3);
    third.firstRound = spanContext(1);
    expect(roundOf(third)).toEqual({ method: 'tools/call', number: 3, first: spanContext(1) });
  });
});

describe('the number of a round', () => {
  it('is unknown after an unknown number', () => {
    expect(nextNumber({ method: 'tools/call', number: undefined, first: spanContext(1) })).toBeUndefined();
  });

  it('is one more than the previous', () => {
    expect(nextNumber(roundOf(round(1, 2)))).toBe(3);
  });
});

describe('a later round', () => {
  it.each([undefined, null, 'x', {}, { name: 'x' }, { requestState: undefined }])(
    'is not recognised from %o',
    (params) => {
      expect(isLaterRound(params)).toBe(false);
    },
  );

  it.each([{ inputResponses: {} }, { requestState: 'a' }, { requestState: null }])(
    'is recognised from %o',
    (params) => {
      expect(isLaterRound(params)).toBe(true);
    },
  );
});
