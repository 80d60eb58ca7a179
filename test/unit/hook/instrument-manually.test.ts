import { describe, expect, it } from 'vitest';
import { instrumentClient, instrumentServer } from '../../../src/hook/instrument-manually.js';

describe('an object that cannot be instrumented', () => {
  class Unrelated {}
  const GIVEN = [
    [undefined, 'undefined'],
    [null, 'null'],
    ['server', 'string'],
    [new Unrelated(), 'an object of class Unrelated'],
    [{ server: {} }, 'an object of class Object'],
  ] as const;

  it.each(GIVEN)('is refused as a server, and the error names what was expected: %o', (given, found) => {
    expect(() => instrumentServer(given as never)).toThrow(
      new TypeError(`instrumentServer: expected a Server or McpServer with a connect method, got ${found}`),
    );
  });

  it.each(GIVEN)('is refused as a client, and the error names what was expected: %o', (given, found) => {
    expect(() => instrumentClient(given as never)).toThrow(
      new TypeError(`instrumentClient: expected a Client with a connect method, got ${found}`),
    );
  });
});
