import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { callIn } from '../../../src/hook/application-call.js';

describe('a call of an application function', () => {
  it.each([
    ['the active context', undefined],
    ['another context', ROOT_CONTEXT.setValue(Symbol('key'), 'value')],
  ])('in %s passes `this` and both arguments on, and returns what the function returns', (_which, target) => {
    const self = {};
    const seen: unknown[] = [];
    const fn = function (this: unknown, ...args: unknown[]) {
      seen.push(this, ...args);
      return 'answer';
    };
    expect(callIn(target, { fn, self, first: 1, second: 2 })).toBe('answer');
    expect(seen).toEqual([self, 1, 2]);
    expect(seen[0]).toBe(self);
    expect(context.active()).toBe(ROOT_CONTEXT);
  });

  it('throws what the function throws', () => {
    const error = new Error('from the application');
    const fn = () => {
      throw error;
    };
    expect(() => callIn(undefined, { fn, self: undefined, first: 1, second: 2 })).toThrow(error);
  });
});
