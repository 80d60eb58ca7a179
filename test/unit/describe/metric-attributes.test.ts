import { describe, expect, it } from 'vitest';
import {
  createKnownMetricNames,
  learnNames,
  operationMetricAttributes,
  sessionMetricAttributes,
} from '../../../src/describe/metric-attributes.js';
import type { StatusCodeKey } from '../../../src/describe/outcome-attributes.js';
import { Connection } from '../../../src/session/connection.js';
import { type Outcome, SUCCESS } from '../../../src/session/outcome.js';
import type { TemplateFacts } from '../../../src/session/template.js';
import { facts, template } from '../build.js';

function labels(
  given: Partial<TemplateFacts>,
  outcome: Outcome = SUCCESS,
  names = createKnownMetricNames(),
  key: StatusCodeKey = 'rpc.response.status_code',
) {
  return operationMetricAttributes(template(given), outcome, names, key);
}

/** Distinct values that one label takes. */
function valuesOf(key: string, all: readonly Record<string, unknown>[]): number {
  return new Set(all.map((each) => each[key])).size;
}

const MANY = Array.from({ length: 1000 }, (_, each) => `name ${each}`);

describe('metric attributes with names of a peer', () => {
  it('are _OTHER for unknown methods, tools, prompts and versions', () => {
    expect(labels({ method: 'acme/unheard' })['mcp.method.name']).toBe('_OTHER');
    expect(labels({ target: 'echo' })['gen_ai.tool.name']).toBe('_OTHER');
    expect(labels({ method: 'prompts/get', target: 'greet' })['gen_ai.prompt.name']).toBe('_OTHER');
    expect(labels({ protocolVersion: '1999-01-01' })['mcp.protocol.version']).toBe('_OTHER');
  });

  it('are the names after a success, for that kind of name only', () => {
    const names = createKnownMetricNames();
    learnNames(facts({ target: 'echo', protocolVersion: '1999-01-01' }), names);
    expect(labels({ target: 'echo', protocolVersion: '1999-01-01' }, SUCCESS, names)).toMatchObject({
      'gen_ai.tool.name': 'echo',
      'mcp.protocol.version': '1999-01-01',
    });
    expect(labels({ method: 'prompts/get', target: 'echo' }, SUCCESS, names)['gen_ai.prompt.name']).toBe('_OTHER');
  });

  it('are not learned from notifications', () => {
    const names = createKnownMetricNames();
    learnNames(facts({ method: 'notifications/acme', protocolVersion: '1999-01-01' }), names);
    expect(labels({ method: 'notifications/acme', protocolVersion: '1999-01-01' }, SUCCESS, names)).toEqual({
      'mcp.method.name': '_OTHER',
      'mcp.protocol.version': '_OTHER',
    });
  });

  it.each([
    ['methods', 'mcp.method.name', 100, (method: string) => ({ method })],
    ['tools', 'gen_ai.tool.name', 500, (target: string) => ({ method: 'tools/call', target })],
    ['prompts', 'gen_ai.prompt.name', 500, (target: string) => ({ method: 'prompts/get', target })],
    ['versions', 'mcp.protocol.version', 10, (protocolVersion: string) => ({ method: 'ping', protocolVersion })],
    [
      'servers',
      'mcp_trail.server.name',
      100,
      (name: string) => ({ method: 'ping', peer: { role: 'server', transport: 'stdio', name } }),
    ],
    [
      'clients',
      'mcp_trail.client.name',
      50,
      (name: string) => ({ method: 'ping', peer: { role: 'client', transport: 'stdio', name } }),
    ],
  ] as const)('are bounded for %s, even if all succeed', (_kind, key, bound, given) => {
    const names = createKnownMetricNames();
    const all = MANY.map((name) => {
      learnNames(facts(given(name)), names);
      return labels(given(name), SUCCESS, names);
    });
    // And one more for the rest.
    expect(valuesOf(key, all)).toBe(bound + 1);
  });

  it('are bounded for error codes, also in error.type', () => {
    const names = createKnownMetricNames();
    const all = MANY.map((_, code) => labels({}, { errorType: String(code), statusCode: String(code) }, names));
    expect(valuesOf('rpc.response.status_code', all)).toBe(51);
    expect(valuesOf('error.type', all)).toBe(51);
    expect(all.every((each) => each['error.type'] === each['rpc.response.status_code'])).toBe(true);
  });
});

describe('the metric attributes of an operation', () => {
  it('never include attributes of spans only', () => {
    const given = { sessionId: 'session', target: 'echo', protocolVersion: '2025-11-25' };
    const outcome = {
      errorType: 'timeout',
      message: 'secret',
      cancelled: true,
      resultType: 'task',
      taskStatus: 'failed',
    } as const;
    expect(Object.keys(labels(given, outcome))).toEqual([
      'error.type',
      'gen_ai.operation.name',
      'gen_ai.tool.name',
      'mcp.method.name',
      'mcp.protocol.version',
    ]);
  });

  it('are in alphabetical order', () => {
    const connection = new Connection({ _url: new URL('http://h'), terminateSession() {} }, 'client');
    connection.httpVersion = '1.1';
    const keys = Object.keys(
      labels(
        { connection, target: 'a', protocolVersion: '2025-11-25' },
        { errorType: '-1', statusCode: '-1' },
        createKnownMetricNames(),
        'both',
      ),
    );
    expect(keys).toHaveLength(12);
    expect(keys).toEqual([...keys].sort());
  });

  it.each(['tool_error', 'timeout', 'connection_closed', '401'])('have the error type %s of the span', (errorType) => {
    expect(labels({}, { errorType })['error.type']).toBe(errorType);
  });

  it('keep the code of an error without fault, without an error type', () => {
    const refused = labels({}, { statusCode: '-32602' });
    expect(refused).toMatchObject({ 'rpc.response.status_code': '-32602' });
    expect(refused).not.toHaveProperty(['error.type']);
  });

  it.each([
    ['rpc.response.status_code', ['rpc.response.status_code']],
    ['rpc.status_code', ['rpc.status_code']],
    ['both', ['rpc.response.status_code', 'rpc.status_code']],
  ] as const)('have the code under %s', (key, keys) => {
    const found = labels({}, { errorType: '-1', statusCode: '-1' }, createKnownMetricNames(), key);
    expect(Object.keys(found).filter((each) => each.startsWith('rpc.'))).toEqual(keys);
  });

  it('have no server address on inbound operations', () => {
    const connection = new Connection({ _url: new URL('http://h'), terminateSession() {} }, 'client');
    expect(labels({ connection, direction: 'outbound' })).toHaveProperty(['server.address'], 'h');
    expect(labels({ connection, direction: 'inbound' })).not.toHaveProperty(['server.address']);
  });
});

const PEER = { role: 'server', transport: 'http' } as const;

describe('the metric attributes of a session', () => {
  it('are error type, version and network only', () => {
    const connection = new Connection(
      { _url: new URL('http://h'), terminateSession() {}, sessionId: 'secret' },
      'client',
    );
    connection.protocolVersion = '2025-11-25';
    expect(
      sessionMetricAttributes(
        connection,
        PEER,
        { errorType: 'connection_closed', statusCode: '-1' },
        createKnownMetricNames(),
      ),
    ).toEqual({
      'error.type': 'connection_closed',
      'mcp.protocol.version': '2025-11-25',
      'network.protocol.name': 'http',
      'network.transport': 'tcp',
      'server.address': 'h',
      'server.port': 80,
    });
  });

  it('have _OTHER for unknown versions and names, and no server address on the server', () => {
    const connection = new Connection({ _stdin: {} }, 'server');
    connection.protocolVersion = 'x'.repeat(1000);
    expect(
      sessionMetricAttributes(
        connection,
        { role: 'client', transport: 'stdio', name: 'stranger' },
        SUCCESS,
        createKnownMetricNames(),
      ),
    ).toEqual({
      'mcp.protocol.version': '_OTHER',
      'mcp_trail.client.name': '_OTHER',
      'network.transport': 'pipe',
    });
  });
});
