import { afterEach, describe, expect, it, vi } from 'vitest';
import { childEnvironment, propagateToChildProcess } from '../../../../src/hook/stdio/propagate-to-child-processes.js';

const registerUrl = vi.hoisted(() => vi.fn<() => string | undefined>());
vi.mock('../../../../src/lib/location.js', () => ({ registerUrl }));

/** An existing file in place of the register entry. */
const REGISTER = import.meta.url;
const PRELOAD = `--import=${REGISTER}`;

function environment(chosen?: Record<string, string>, own: Record<string, string | undefined> = {}) {
  return childEnvironment(chosen, own);
}

afterEach(() => registerUrl.mockReset());

describe('the environment of a server process', () => {
  it('gets no variable of the application that is not about telemetry', () => {
    const own = {
      PATH: '/bin',
      AWS_SECRET_ACCESS_KEY: 'secret',
      NODE_OPTIONS: '--inspect',
      XOTEL_A: '1',
      otel_b: '2',
      MCP_TRAILER: '3',
    };
    expect(environment(undefined, own)).toEqual({});
  });

  it('gets every variable of OpenTelemetry and of this package that has a value', () => {
    const own = {
      OTEL_SERVICE_NAME: 'a',
      OTEL_EXPORTER_OTLP_HEADERS: 'b',
      MCP_TRAIL_ENABLED: 'on',
      OTEL_EMPTY: '',
      OTEL_NONE: undefined,
    };
    expect(environment(undefined, own)).toEqual({
      OTEL_SERVICE_NAME: 'a',
      OTEL_EXPORTER_OTLP_HEADERS: 'b',
      MCP_TRAIL_ENABLED: 'on',
      OTEL_EMPTY: '',
    });
  });

  it('keeps what the application chose, also against the same variable of its own', () => {
    const chosen = Object.freeze({ PATH: '/usr/bin', OTEL_SERVICE_NAME: 'child' });
    expect(environment(chosen, { PATH: '/bin', OTEL_SERVICE_NAME: 'parent' })).toEqual(chosen);
  });

  it('has no preload if the register entry does not exist, as in a bundle', () => {
    registerUrl.mockReturnValue(undefined);
    expect(environment({ NODE_OPTIONS: '--inspect' })).toEqual({ NODE_OPTIONS: '--inspect' });
    registerUrl.mockReturnValue(new URL('./missing.js', REGISTER).href);
    expect(environment()).toEqual({});
  });

  it.each([
    [undefined, PRELOAD],
    ['', PRELOAD],
    ['  ', PRELOAD],
    ['--max-old-space-size=100', `--max-old-space-size=100 ${PRELOAD}`],
    ['--import=/home/mcp-trail-app/otel.mjs', `--import=/home/mcp-trail-app/otel.mjs ${PRELOAD}`],
    ['--import=mcp-trail/register', '--import=mcp-trail/register'],
    [
      '--require /x/node_modules/mcp-trail/dist/cjs/register.js',
      '--require /x/node_modules/mcp-trail/dist/cjs/register.js',
    ],
  ])('has the preload once, beside the options %o', (options, expected) => {
    registerUrl.mockReturnValue(REGISTER);
    expect(environment(options === undefined ? {} : { NODE_OPTIONS: options })).toEqual({ NODE_OPTIONS: expected });
  });
});

describe('a stdio client transport', () => {
  it.each(['_serverParams', 'serverParams'])('with %s starts its process with them, until that is undone', (member) => {
    registerUrl.mockReturnValue(REGISTER);
    const params = Object.freeze({ command: 'node', env: Object.freeze({ MINE: '1' }) });
    const transport = { [member]: params };
    const undo = propagateToChildProcess(transport);
    expect(transport[member]).toMatchObject({ command: 'node', env: { MINE: '1', NODE_OPTIONS: PRELOAD } });
    undo();
    expect(transport[member]).toBe(params);
  });

  it.each([{}, { _serverParams: null }, { serverParams: 7 }])('like %o is left alone', (transport) => {
    const before = { ...transport };
    propagateToChildProcess(transport)();
    expect(transport).toEqual(before);
  });
});
