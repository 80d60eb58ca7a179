import { describe, expect, it } from 'vitest';
import { RequestScanner, type Scanned } from '../../../src/protocol/request-scanner.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
};

function scan(json: string, known = false): Scanned {
  return new RequestScanner(known).scan(json);
}

const asked = (message: unknown, known = false) => scan(JSON.stringify(message), known);

/** The same, byte by byte. */
function scanBytes(json: string): Scanned {
  const scanner = new RequestScanner();
  let last: Scanned = 'more';
  for (const byte of Buffer.from(json)) {
    last = scanner.scan(Uint8Array.of(byte));
    if (last !== 'more') break;
  }
  return last;
}

describe('a request of MCP is', () => {
  const found = { method: 'initialize', id: 0, version: '2025-06-18' };

  it('an initialize with a protocol version, in whatever order its members are', () => {
    expect(asked(INITIALIZE)).toEqual(found);
    const { jsonrpc, id, method, params } = INITIALIZE;
    expect(asked({ params, method, id, jsonrpc })).toEqual(found);
    expect(asked({ method, params, jsonrpc, id })).toEqual(found);
    expect(scan(JSON.stringify(INITIALIZE, null, 2))).toEqual(found);
  });

  it('one that comes byte by byte, after a byte order mark', () => {
    expect(scanBytes(`\ufeff \r\n${JSON.stringify(INITIALIZE)}`)).toEqual(found);
  });

  it('the first of a batch', () => {
    expect(asked([INITIALIZE, { jsonrpc: '2.0', method: 'notifications/initialized' }])).toEqual(found);
  });

  it('one whose method comes after long params', () => {
    const { method, params, ...rest } = INITIALIZE;
    const long = { ...params, _meta: { note: 'x'.repeat(50_000) } };
    expect(asked({ ...rest, params: long, method })).toEqual(found);
  });

  it('a server/discover, with its version if it names one', () => {
    const discover = { jsonrpc: '2.0', id: 'a', method: 'server/discover' };
    expect(asked(discover)).toEqual({ method: 'server/discover', id: 'a', version: undefined });
    const params = { _meta: { [VERSION]: '2026-07-28' } };
    expect(asked({ ...discover, params })).toEqual({ method: 'server/discover', id: 'a', version: '2026-07-28' });
  });

  it('any with a protocol version in its metadata', () => {
    const params = { name: 'x', arguments: { a: [{ b: '}' }] }, _meta: { other: { x: 1 }, [VERSION]: '2026-07-28' } };
    expect(asked({ jsonrpc: '2.0', id: 7, method: 'tools/call', params })).toEqual({
      method: 'tools/call',
      id: 7,
      version: '2026-07-28',
    });
  });

  it('any if that is known by other means', () => {
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'x' } };
    expect(asked(call)).toBe('none');
    expect(asked(call, true)).toEqual({ method: 'tools/call', id: 7, version: undefined });
  });

  it('one with an id of any characters', () => {
    const id = 'é"\\ 1';
    expect(asked({ ...INITIALIZE, id })).toMatchObject({ id });
    expect(scanBytes(JSON.stringify({ ...INITIALIZE, id }))).toMatchObject({ id });
    expect(asked({ ...INITIALIZE, id: -1.5e3 })).toMatchObject({ id: -1500 });
  });
});

describe('a request of MCP is not', () => {
  it.each([
    ['an initialize of the Language Server Protocol', { ...INITIALIZE, params: { processId: 1, capabilities: {} } }],
    ['an initialize whose version is a number', { ...INITIALIZE, params: { protocolVersion: 1 } }],
    ['an initialize whose version is no date', { ...INITIALIZE, params: { protocolVersion: '1.0' } }],
    ['a version elsewhere', { ...INITIALIZE, params: { clientInfo: { protocolVersion: '2025-06-18' } } }],
    ['a version in a list', { ...INITIALIZE, params: [{ protocolVersion: '2025-06-18' }] }],
    ['a method in its arguments', { jsonrpc: '2.0', id: 1, method: 'x', params: { method: 'initialize' } }],
    ['another version of JSON-RPC', { ...INITIALIZE, jsonrpc: '1.0' }],
    ['a notification', { jsonrpc: '2.0', method: 'initialize', params: INITIALIZE.params }],
    ['a response', { jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-06-18' } }],
    ['another object', { name: 'initialize', jsonrpc: '2.0' }],
    ['an object as a string', '{"jsonrpc":"2.0"}'],
    ['a number', 7],
    ['an empty list', []],
  ])('%s', (_, value) => {
    expect(asked(value)).toBe('none');
    expect(scanBytes(JSON.stringify(value))).toBe('none');
  });

  it.each(['Content-Length: 20\r\n\r\n{}', 'GET / HTTP/1.1\r\n', '\u0000\u0001', '}', ',', '"x'])('%j', (text) => {
    expect(scan(text)).toBe('none');
  });
});

describe('what is read', () => {
  it('ends with the first key that no request has', () => {
    expect(scan('{"model":')).toBe('none');
    expect(scan('{"jsonrpc":"2.0","result"')).toBe('none');
  });

  it('is bounded', () => {
    const scanner = new RequestScanner();
    const piece = Buffer.alloc(10_000, ' ');
    const answers = Array.from({ length: 7 }, () => scanner.scan(piece));
    expect(answers).toEqual(['more', 'more', 'more', 'more', 'more', 'more', 'none']);
  });

  it('is less than all, if less decides', () => {
    const { params, ...rest } = INITIALIZE;
    const begun = `${JSON.stringify(rest).slice(0, -1)},"params":{"protocolVersion":"2025-06-18"`;
    expect(scan(begun)).toMatchObject({ method: 'initialize' });
    expect(params.protocolVersion).toBe('2025-06-18');
  });

  it.each(['[', '{"params":', '{"id":[', '{"params":{"a":'])('may be nested deeply: %s', (open) => {
    expect(scan(open.repeat(20_000))).toMatch(/none|more/);
  });
});
