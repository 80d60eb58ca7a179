import { afterEach, expect, it } from 'vitest';
import { callersOf } from '../../../src/lib/caller.js';

const NAMES = ['stackTraceLimit', 'prepareStackTrace'] as const;
const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(Error, name)] as const);
afterEach(() => {
  for (const [name, descriptor] of before) {
    Reflect.deleteProperty(Error, name);
    if (descriptor !== undefined) Object.defineProperty(Error, name, descriptor);
  }
});

function called(): readonly string[] {
  return callersOf(called, 1);
}
function theCaller(): readonly string[] {
  return called();
}

it('names the caller, and leaves the settings of stack traces as they were', () => {
  Error.stackTraceLimit = 33;
  const { prepareStackTrace } = Error;
  expect(theCaller()).toEqual(['theCaller']);
  expect([Error.stackTraceLimit, Error.prepareStackTrace]).toEqual([33, prepareStackTrace]);
});

it.each(NAMES)('has no names where the application has made %s read-only, and changes nothing', (name) => {
  Error.stackTraceLimit = 33;
  const value = Error[name];
  const set = () => {
    throw new TypeError('read-only');
  };
  Object.defineProperty(Error, name, { configurable: true, get: () => value, set });
  const { prepareStackTrace } = Error;
  expect(theCaller()).toEqual([]);
  expect([Error.stackTraceLimit, Error.prepareStackTrace]).toEqual([33, prepareStackTrace]);
});
