import { SpanKind } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { defined, networkAttributes } from '../../../src/describe/template.js';
import { Connection } from '../../../src/session/connection.js';
import { template } from '../build.js';

const HTTP_CLIENT = { _url: new URL('https://mcp.example.com/mcp'), terminateSession() {} };

describe('a template', () => {
  it('has known attributes only, and a placeholder for the id of a request', () => {
    expect(template({ method: 'ping' }).spanAttributes).toEqual({
      'mcp.method.name': 'ping',
      'jsonrpc.request.id': '',
    });
    const { spanAttributes } = template({ method: 'notifications/initialized' });
    expect(spanAttributes).toEqual({ 'mcp.method.name': 'notifications/initialized' });
    expect(template({ method: 'ping' }).successMetricAttributes).toBeUndefined();
  });

  it('has an operation name for tool calls only', () => {
    expect(template({ method: 'tools/call' }).spanAttributes).toHaveProperty(['gen_ai.operation.name'], 'execute_tool');
    expect(template({ method: 'tools/list' }).spanAttributes).not.toHaveProperty(['gen_ai.operation.name']);
  });

  it.each([
    [{ method: 'ping' }, 'ping'],
    [{ method: 'tools/call' }, 'tools/call'],
    [{ method: 'tools/call', target: 'echo' }, 'tools/call echo'],
    [{ method: 'prompts/get', target: 'greet' }, 'prompts/get greet'],
    [{ method: 'resources/read' }, 'resources/read'],
  ])('of %o is named %s', (facts, name) => {
    expect(template(facts).spanName).toBe(name);
  });

  it('has the span kind of the direction, whatever the role of the process', () => {
    const server = new Connection({}, 'server');
    expect(template({ connection: server, direction: 'outbound' }).spanKind).toBe(SpanKind.CLIENT);
    expect(template({ connection: server, direction: 'inbound' }).spanKind).toBe(SpanKind.SERVER);
  });

  it('has the target under the attribute of the method', () => {
    expect(template({ method: 'tools/call', target: 'a' }).spanAttributes).toHaveProperty(['gen_ai.tool.name'], 'a');
    expect(template({ method: 'prompts/get', target: 'a' }).spanAttributes).toHaveProperty(['gen_ai.prompt.name'], 'a');
  });

  it('has version, session and network', () => {
    const connection = new Connection(HTTP_CLIENT, 'client');
    connection.httpVersion = '1.1';
    const { spanAttributes } = template({ method: 'ping', connection, protocolVersion: '2025-11-25', sessionId: 's' });
    expect(spanAttributes).toEqual({
      'mcp.method.name': 'ping',
      'mcp.protocol.version': '2025-11-25',
      'mcp.session.id': 's',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'server.address': 'mcp.example.com',
      'server.port': 443,
      'jsonrpc.request.id': '',
    });
  });
});

describe('network attributes', () => {
  it('have no server address on inbound messages', () => {
    const connection = new Connection(HTTP_CLIENT, 'client');
    expect(networkAttributes({ connection, direction: 'inbound' })).toEqual({
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
    });
  });

  it.each([
    [{ _stdin: {} }, { 'network.transport': 'pipe' }],
    [{ _otherTransport: {} }, {}],
    [{}, {}],
    [
      { _url: new URL('ws://h') },
      { 'network.transport': 'tcp', 'network.protocol.name': 'websocket', 'server.address': 'h', 'server.port': 80 },
    ],
  ])('of %o are those of its transport', (transport, attributes) => {
    expect(networkAttributes({ connection: new Connection(transport, 'client'), direction: 'outbound' })).toEqual(
      attributes,
    );
  });
});

describe('defined()', () => {
  it('keeps all but undefined, also empty strings and zero', () => {
    expect(defined({ a: undefined, b: '', c: 0, d: 'x' })).toEqual({ b: '', c: 0, d: 'x' });
  });
});
