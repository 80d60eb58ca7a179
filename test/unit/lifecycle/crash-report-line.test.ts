import { describe, expect, it } from 'vitest';
import { type CrashOrigin, crashLine } from '../../../src/lifecycle/crash-report-line.js';
import { Redactor } from '../../../src/redact/redactor.js';

const SECRET = ['sk', 'live', 'd'.repeat(24)].join('-');
const redactor = new Redactor();
const TIME = '2026-11-21T09:20:07.123456000Z';
const CONTEXT = {
  time: TIME,
  serviceName: undefined,
  workingDirectory: process.cwd(),
  hide: (name: string) => redactor.name('code.stacktrace', name),
};

function lineOf(thrown: unknown, context: object = {}): string {
  return crashLine(thrown, 'uncaughtException', { ...CONTEXT, ...context });
}
const said = (thrown: unknown, context: object = {}) => JSON.parse(lineOf(thrown, context));

class Custom extends Error {}

describe('the line of a crash', () => {
  it('is one object of a log event', () => {
    const error = Object.assign(new Custom(SECRET), { code: 'ENOENT' });
    error.stack = `Custom: ${SECRET}\n    at open (node:fs:1:2)`;
    expect(lineOf(error, { serviceName: 'weather' })).toBe(
      `{"time":"${TIME}","event_name":"mcp_trail.crash","severity_number":21,"severity_text":"FATAL",` +
        '"service.name":"weather","error.type":"Custom","error.code":"ENOENT",' +
        '"exception.origin":"uncaughtException","code.stacktrace":["open (node:fs:1:2)"]}',
    );
  });

  it.each<CrashOrigin>(['uncaughtException', 'unhandledRejection'])('has its origin: %s', (origin) => {
    expect(JSON.parse(crashLine('x', origin, CONTEXT))).toMatchObject({ 'exception.origin': origin });
  });

  it('leaves out unknown fields', () => {
    expect(Object.keys(said('text'))).toEqual([
      'time',
      'event_name',
      'severity_number',
      'severity_text',
      'error.type',
      'exception.origin',
    ]);
  });

  it('contains nothing of the error’s message, however it is provided', () => {
    const error = new Error(`${SECRET}\n    at ${SECRET} (/${SECRET}.js:1:1)`, { cause: new Error(SECRET) });
    Object.assign(error, { name: SECRET, detail: SECRET, code: SECRET });
    expect(lineOf(error)).not.toContain(SECRET);
    void error.stack;
    expect(lineOf(error)).not.toContain(SECRET);
    expect(lineOf(new AggregateError([new Error(SECRET)], SECRET))).not.toContain(SECRET);
  });

  it('is one short line, whatever the error contains', () => {
    const name = `\u2028\r\n\u001b[31m\ud800${'x'.repeat(1_000_000)}`;
    const functions = { [name]: () => Object.assign(new Error(name), { code: name, name }) };
    const line = lineOf(functions[name]?.(), { serviceName: name });
    for (const character of ['\r', '\n', '\u001b', '\ud800']) expect(line).not.toContain(character);
    expect(line.length).toBeLessThan(8000);
    expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe('the class of an error', () => {
  class Unnamed extends (() => class extends TypeError {})() {}
  Object.defineProperty(Unnamed, 'name', { value: '' });
  class Computed extends RangeError {}
  Object.defineProperty(Computed, 'name', { value: SECRET });
  class Throwing extends Error {
    static override get name(): never {
      throw new Error(SECRET);
    }
  }
  const proxied = Object.setPrototypeOf(
    new Error(SECRET),
    new Proxy({}, { getPrototypeOf: () => Error.prototype, get: () => SECRET }),
  );

  it.each([
    ['of its own', new Custom('m'), 'Custom'],
    ['of the language', new SyntaxError('m'), 'SyntaxError'],
    ['of the web platform', new DOMException('m', 'AbortError'), 'DOMException'],
    ['that inherits, without a name', new Unnamed('m'), 'TypeError'],
    ['that inherits, with an invalid name', new Computed('m'), 'RangeError'],
    ['that inherits, with a name that throws', new Throwing('m'), 'Error'],
    ['that cannot be known', proxied, 'Error'],
    ['that it has lost', Object.setPrototypeOf(new TypeError('m'), null), 'Error'],
  ])('is %s', (_what, error, type) => {
    expect(said(error)['error.type']).toBe(type);
    expect(lineOf(error)).not.toContain(SECRET);
  });
});

describe('a value that is not an error', () => {
  const throwing = new Proxy(
    {},
    Object.fromEntries(
      ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor'].map((trap) => [
        trap,
        () => {
          throw new Error(SECRET);
        },
      ]),
    ),
  );
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();

  it.each([
    ['text', SECRET, 'string'],
    ['null', null, 'object'],
    ['nothing', undefined, 'undefined'],
    ['a number', 5, 'number'],
    ['a big number', 5n, 'bigint'],
    ['a symbol', Symbol(SECRET), 'symbol'],
    ['a function', () => SECRET, 'function'],
    ['an object like an error', { name: 'Error', message: SECRET, stack: SECRET, code: 'ENOENT' }, 'object'],
    ['an object that inherits from an error', Object.create(Error.prototype, { message: { value: SECRET } }), 'object'],
    ['an object whose members throw', { get message() { throw SECRET; }, get stack() { throw SECRET; } }, 'object'], // biome-ignore format: one line each
    ['a proxy that throws', throwing, 'object'],
    ['a proxy of an error', new Proxy(new Error(SECRET), {}), 'object'],
    ['a proxy that was revoked', revoked, 'object'],
  ])('has its type: %s', (_what, thrown, type) => {
    expect(said(thrown)).toMatchObject({ 'error.type': type });
    expect(said(thrown)).not.toHaveProperty(['error.code']);
    expect(said(thrown)).not.toHaveProperty(['code.stacktrace']);
    expect(lineOf(thrown)).not.toContain(SECRET);
  });
});

describe('the code of an error', () => {
  it.each(['ENOENT', 'ERR_INVALID_ARG_TYPE', 'E2BIG'])('is included if it is a constant: %s', (code) => {
    expect(said(Object.assign(new Error('m'), { code }))['error.code']).toBe(code);
  });

  it.each([
    '',
    'not found',
    'enoent',
    'E'.repeat(65),
    5,
    null,
    { toString: () => 'ENOENT' },
    // What looks like a key of a cloud provider, put together here.
    `AKIA${'ABCDEFGH23456789'}`,
  ])('is left out if it is anything else: %o', (code) => {
    expect(said(Object.assign(new Error('m'), { code }))).not.toHaveProperty(['error.code']);
  });

  it('is not read from a getter', () => {
    const error = Object.defineProperty(new Error('m'), 'code', { get: () => 'ENOENT' });
    expect(said(error)).not.toHaveProperty(['error.code']);
  });
});

describe('places in the code', () => {
  it.each([
    'McpServer.executeToolHandler (node_modules/@modelcontextprotocol/sdk/dist/esm/server/mcp.js:233:36)',
    'Timeout._onTimeout (src/tools/weather-forecast.service.js:1200:9)',
    'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    '<anonymous> (node_modules/@modelcontextprotocol/server/dist/mcp-oHn3ureC.mjs:101:7)',
  ])('are not changed by redaction: %s', (frame) => {
    const error = new Error('m');
    const [name, place = ''] = frame.split(/ \(|\)$/);
    const path = place.startsWith('node:') ? place : `${process.cwd()}/${place}`;
    error.stack = `Error: m\n    at ${name === '<anonymous>' ? path : `${name} (${path})`}`;
    expect(said(error)['code.stacktrace']).toEqual([frame]);
  });
});
