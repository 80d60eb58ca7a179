import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ResolvedConfig, resolveConfig } from '../../../src/options/instrumentation.js';
import { resolve } from '../../../src/options/resolve.js';
import { INSTRUMENTATION, REGISTER } from '../../../src/options/table.js';
import type { McpInstrumentationConfig } from '../../../src/types.js';

const stderr = vi.spyOn(process.stderr, 'write');
/** What operators were told. */
const told = () => stderr.mock.calls.map(([line]) => String(line));

beforeEach(() => {
  stderr.mockReset().mockReturnValue(true);
});
afterEach(() => vi.unstubAllEnvs());

const DEFAULTS: ResolvedConfig = {
  enabled: true,
  trustIncomingContext: 'parent',
  reuseExecuteToolSpan: false,
  captureArguments: false,
  captureResults: false,
  capturePromptVariables: false,
  captureInProduction: false,
  captureErrorMessages: false,
  resourceUriInSpanName: false,
  rpcStatusCodeAttribute: 'rpc.response.status_code',
  trustProxy: false,
  propagateToChildProcesses: false,
  ignoreMethods: [],
  standBack: false,
  baggageTo: ['*'],
  bundles: false,
  maxPendingOperations: 10_000,
};

const FLAGS = Object.entries(DEFAULTS).filter(([, value]) => typeof value === 'boolean') as [
  keyof ResolvedConfig,
  boolean,
][];

function variable(option: string): string {
  return `MCP_TRAIL_${option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

describe('a bad value', () => {
  const BAD = [
    ['trustIncomingContext', 'always', 'parent, link'],
    ['rpcStatusCodeAttribute', 'rpc.code', 'rpc.response.status_code, rpc.status_code, both'],
    ['captureArguments', 'yes', 'true, false, on, off, 1, 0'],
    ['captureResults', '__proto__', 'true, false, on, off, 1, 0'],
    ['ignoreMethods', '*', 'methods such as ping or tasks/*, separated by commas'],
    ['ignoreMethods', 'tasks*', 'methods such as ping or tasks/*, separated by commas'],
    ['maxPendingOperations', '0', 'a whole number from 1 to 1000000'],
    ['maxPendingOperations', '-5', 'a whole number from 1 to 1000000'],
    ['maxPendingOperations', '1e3', 'a whole number from 1 to 1000000'],
    ['maxPendingOperations', '9'.repeat(30), 'a whole number from 1 to 1000000'],
  ] as const;

  it.each(BAD)(
    'of the variable for %s, %s, is reported with what is accepted, and the default is used',
    (option, value, accepts) => {
      const config = resolveConfig({}, { [variable(option)]: value });
      expect(config).toEqual(DEFAULTS);
      const fallback = String(DEFAULTS[option as keyof ResolvedConfig]);
      expect(told()).toHaveLength(1);
      expect(told()[0]).toMatch(/^mcp-trail: .*\n$/);
      expect(told()[0]).toContain(`${variable(option)} is "`);
      expect(told()[0]).toContain(`; accepted: ${accepts}. ${fallback === '' ? 'Ignored' : `Using ${fallback}`}`);
    },
  );

  const BAD_IN_CODE = [
    ['enabled', 'true'],
    ['captureArguments', 1],
    ['trustIncomingContext', 'PARENT'],
    ['rpcStatusCodeAttribute', null],
    ['maxPendingOperations', 0.5],
    ['maxPendingOperations', Number.NaN],
    ['maxPendingOperations', Number.POSITIVE_INFINITY],
    ['maxPendingOperations', '7'],
    ['maxPendingOperations', 10n],
    ['trustProxy', Symbol('on')],
  ] as const;

  it.each(BAD_IN_CODE)(
    'given in code for %s, %o, is reported and the default is used, not the variable',
    (option, value) => {
      const config = resolveConfig({ [option]: value } as McpInstrumentationConfig, { [variable(option)]: '1' });
      expect(config).toEqual(DEFAULTS);
      expect(told()).toHaveLength(1);
      expect(told()[0]).toContain(`option ${option} is `);
    },
  );

  it('is reported once, however often it is read', () => {
    const read = () => resolveConfig({}, { MCP_TRAIL_TRUST_PROXY: 'perhaps' });
    read();
    read();
    expect(told()).toHaveLength(1);
  });

  it('is shown in part, and on one line', () => {
    resolveConfig({}, { MCP_TRAIL_ENABLED: `${'secret\n'.repeat(1000)}` });
    expect(told().join('').trimEnd()).not.toContain('\n');
    expect(told().join('').length).toBeLessThan(200);
  });

  it.each(['requestHook', 'responseHook', 'redact', 'propagateContext'] as const)(
    'for the hook %s is reported and left out',
    (hook) => {
      expect(resolveConfig({ [hook]: 'not a function' } as never, {})).toEqual(DEFAULTS);
      expect(told()).toEqual([`mcp-trail: option ${hook} is "not a function"; accepted: a function. Ignored\n`]);
    },
  );
});

describe('an option', () => {
  it('has a default', () => {
    expect(resolveConfig({}, {})).toEqual(DEFAULTS);
    expect(resolveConfig(undefined, {})).toEqual(DEFAULTS);
    expect(told()).toEqual([]);
  });

  it.each(FLAGS)('%s is turned on and off by its variable', (option) => {
    for (const [word, value] of Object.entries({ true: true, on: true, 1: true, false: false, off: false, 0: false })) {
      expect(resolveConfig({}, { [variable(option)]: word })[option], word).toBe(value);
      expect(resolveConfig({}, { [variable(option)]: ` ${word.toUpperCase()} ` })[option], word).toBe(value);
    }
    expect(told()).toEqual([]);
  });

  it.each([
    ['trustIncomingContext', ['parent', 'link']],
    ['rpcStatusCodeAttribute', ['rpc.response.status_code', 'rpc.status_code', 'both']],
  ] as const)('%s takes each of its words from its variable and from code', (option, words) => {
    for (const word of words) {
      expect(resolveConfig({}, { [variable(option)]: word })[option]).toBe(word);
      expect(resolveConfig({ [option]: word }, {})[option]).toBe(word);
    }
  });

  it.each([1, 7, 1_000_000])('maxPendingOperations takes %i from its variable and from code', (count) => {
    expect(resolveConfig({}, { MCP_TRAIL_MAX_PENDING_OPERATIONS: String(count) }).maxPendingOperations).toBe(count);
    expect(resolveConfig({ maxPendingOperations: count }, {}).maxPendingOperations).toBe(count);
  });

  it('in code overrides its variable, whatever the default', () => {
    const env = { MCP_TRAIL_CAPTURE_ARGUMENTS: 'on', MCP_TRAIL_TRUST_INCOMING_CONTEXT: 'parent' };
    const config = resolveConfig({ captureArguments: false, trustIncomingContext: 'link' }, env);
    expect(config).toMatchObject({ captureArguments: false, trustIncomingContext: 'link' });
  });

  it('that is undefined in code or empty in the environment counts as unset', () => {
    const env = { MCP_TRAIL_CAPTURE_ARGUMENTS: 'on', MCP_TRAIL_CAPTURE_RESULTS: '  ' };
    const config = resolveConfig({ captureArguments: undefined } as never, env);
    expect(config).toEqual({ ...DEFAULTS, captureArguments: true });
  });

  it('with an unknown name is ignored', () => {
    expect(resolveConfig({ catchArguments: true } as never, { MCP_TRAIL_CATCH: 'on' })).toEqual(DEFAULTS);
    expect(told()).toEqual([]);
  });

  it('that is a hook is used unchanged', () => {
    const hooks = {
      propagateContext: () => true,
      redact: () => undefined,
      requestHook: () => {},
      responseHook: () => {},
    };
    expect(resolveConfig(hooks, {})).toEqual({ ...DEFAULTS, ...hooks });
  });
});

describe('the switches for debugging', () => {
  const SWITCHES = ['captureArguments', 'captureResults', 'capturePromptVariables'] as const;

  it.each([
    { OTEL_RESOURCE_ATTRIBUTES: 'team=a,deployment.environment.name=production' },
    { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=Prod' },
    { NODE_ENV: 'production' },
  ])('are refused in the environment %o', (env) => {
    for (const option of SWITCHES) expect(resolveConfig({ [option]: true }, env)[option]).toBe(false);
    expect(resolveConfig({ captureArguments: true, captureInProduction: true }, env).captureArguments).toBe(true);
  });

  it('name the refused switches and the override, once', () => {
    const all = { captureArguments: true, captureResults: true };
    resolveConfig(all, { NODE_ENV: 'production' });
    resolveConfig(all, { NODE_ENV: 'production' });
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain('captureArguments, captureResults refused: the environment says production');
    expect(told()[0]).toContain('MCP_TRAIL_CAPTURE_IN_PRODUCTION');
  });

  it.each([
    {},
    { NODE_ENV: 'development' },
    { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging', NODE_ENV: 'production' },
    { OTEL_RESOURCE_ATTRIBUTES: '%zz,=,deployment.environment.name' },
  ])('work in the environment %o', (env) => {
    for (const option of SWITCHES) expect(resolveConfig({ [option]: true }, env)[option]).toBe(true);
    expect(told()).toEqual([]);
  });
});

describe('detectors', () => {
  const usable = { id: 'mine', detect: () => [] };

  it('are used unchanged', () => {
    expect(resolveConfig({ detectors: [usable] }, {}).detectors).toEqual([usable]);
  });

  it('that are one alone are a list of one: what it finds is hidden', () => {
    expect(resolveConfig({ detectors: usable } as never, {}).detectors).toEqual([usable]);
    expect(told()).toEqual([]);
  });

  it('that are refused are reported one by one; the others are used', () => {
    const detectors = ['secretlint', usable, { id: 'x' }, null];
    expect(resolveConfig({ detectors } as never, {}).detectors).toEqual([usable]);
    const accepted = 'accepted: an object with an id and a detect function. It is not used';
    expect(told()).toEqual([
      `mcp-trail: option detectors[0] is "secretlint"; ${accepted}\n`,
      `mcp-trail: option detectors[2] is an object; ${accepted}\n`,
      `mcp-trail: option detectors[3] is null; ${accepted}\n`,
    ]);
  });

  it('have to be a list', () => {
    expect(resolveConfig({ detectors: 'all' } as never, {}).detectors).toBeUndefined();
    expect(told()).toEqual(['mcp-trail: option detectors is "all"; accepted: a list of detectors. Ignored\n']);
  });
});

describe('a list', () => {
  it('with an invalid entry is refused, and the report names the entry', () => {
    expect(resolveConfig({ ignoreMethods: ['ping', '*x*'] }, {}).ignoreMethods).toEqual([]);
    expect(resolveConfig({ baggageTo: ['npx', 7] } as never, {}).baggageTo).toEqual([]);
    expect(told()).toEqual([
      'mcp-trail: option ignoreMethods[1] is "*x*"; accepted: a method such as ping or tasks/*. The option is ignored\n',
      'mcp-trail: option baggageTo[1] is 7; accepted: a host such as api.example.com:8443, a command such as npx, or *. Using none\n',
    ]);
  });
});

describe('the table of options', () => {
  it('has a variable for every option with a default, named after it', () => {
    const rows = Object.entries(INSTRUMENTATION).map(([option, { env, default: value }]) => ({ option, env, value }));
    expect(rows.filter(({ env }) => env !== undefined)).toEqual(
      Object.entries(INSTRUMENTATION)
        .filter(([option]) => option in DEFAULTS || ['sessionIds', 'metricsSizes'].includes(option))
        .map(([option]) => ({ option, env: variable(option), value: DEFAULTS[option as keyof ResolvedConfig] })),
    );
  });
});

describe('a setting of the register entry', () => {
  const sdk = (value?: string) => resolve('sdk', REGISTER.sdk, undefined, { MCP_TRAIL_SDK: value });

  it('that is not accepted is reported, and the default is used', () => {
    expect(sdk('of')).toBe('auto');
    expect(told()).toEqual(['mcp-trail: MCP_TRAIL_SDK is "of"; accepted: auto, off. Using auto\n']);
  });

  it.each([
    [undefined, 'auto'],
    ['', 'auto'],
    [' OFF ', 'off'],
  ])('%o is read as %s', (value, expected) => {
    expect(sdk(value)).toBe(expected);
    expect(told()).toEqual([]);
  });
});
