/** Options from code and environment, with one table that says what each accepts. */

import { saysProduction } from '../lib/resource-environment.js';
import { METHOD_PATTERN } from '../protocol/method-patterns.js';
import { warnOperator } from '../report/report.js';
import type { McpInstrumentationConfig, SecretDetector } from '../types.js';
import { count, type Environment, flag, listOf, oneOf, type Row, resolve } from './kinds.js';

/** Every option with a value; the hooks stay optional. */
export type ResolvedConfig = Required<Omit<McpInstrumentationConfig, HookOption | OtherOption | 'sessionIds'>> &
  Pick<McpInstrumentationConfig, HookOption | OtherOption> & {
    readonly sessionIds?: McpInstrumentationConfig['sessionIds'] | undefined;
  };

type HookOption = 'propagateContext' | 'redact' | 'requestHook' | 'responseHook';
type OtherOption = 'audit' | 'detectors';
type ValueOption = Exclude<keyof McpInstrumentationConfig, HookOption | OtherOption>;

/** One row per option that has a value: its environment variable, what it accepts, its default. */
const OPTIONS: { readonly [K in ValueOption]: Row<ResolvedConfig[K]> } = {
  enabled: { env: 'MCP_TRAIL_ENABLED', kind: flag, default: true },
  trustIncomingContext: {
    env: 'MCP_TRAIL_TRUST_INCOMING_CONTEXT',
    kind: oneOf('parent', 'link'),
    default: 'parent',
  },
  // Not set, it is not the same on spans and in the trail.
  sessionIds: {
    env: 'MCP_TRAIL_SESSION_IDS',
    kind: oneOf('plain', 'digest', 'none') as Row<ResolvedConfig['sessionIds']>['kind'],
    default: undefined,
  },
  reuseExecuteToolSpan: { env: 'MCP_TRAIL_REUSE_EXECUTE_TOOL_SPAN', kind: flag, default: false },
  captureArguments: { env: 'MCP_TRAIL_CAPTURE_ARGUMENTS', kind: flag, default: false },
  captureResults: { env: 'MCP_TRAIL_CAPTURE_RESULTS', kind: flag, default: false },
  capturePromptVariables: { env: 'MCP_TRAIL_CAPTURE_PROMPT_VARIABLES', kind: flag, default: false },
  captureInProduction: { env: 'MCP_TRAIL_CAPTURE_IN_PRODUCTION', kind: flag, default: false },
  captureErrorMessages: { env: 'MCP_TRAIL_CAPTURE_ERROR_MESSAGES', kind: flag, default: false },
  resourceUriInSpanName: { env: 'MCP_TRAIL_RESOURCE_URI_IN_SPAN_NAME', kind: flag, default: false },
  rpcStatusCodeAttribute: {
    env: 'MCP_TRAIL_RPC_STATUS_CODE_ATTRIBUTE',
    kind: oneOf('rpc.response.status_code', 'rpc.status_code', 'both'),
    default: 'rpc.response.status_code',
  },
  trustProxy: { env: 'MCP_TRAIL_TRUST_PROXY', kind: flag, default: false },
  propagateToChildProcesses: { env: 'MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES', kind: flag, default: false },
  ignoreMethods: {
    env: 'MCP_TRAIL_IGNORE_METHODS',
    kind: listOf(METHOD_PATTERN, 'methods such as ping or tasks/*'),
    default: [],
  },
  standBack: { env: 'MCP_TRAIL_STAND_BACK', kind: flag, default: false },
  baggageTo: {
    env: 'MCP_TRAIL_BAGGAGE_TO',
    kind: listOf(/^(?!.*:\/\/)./, 'hosts such as api.example.com:8443, commands such as npx, or *'),
    default: ['*'],
    refused: [],
  },
  maxPendingOperations: { env: 'MCP_TRAIL_MAX_PENDING_OPERATIONS', kind: count(1, 1_000_000), default: 10_000 },
};

const HOOKS: readonly HookOption[] = ['propagateContext', 'redact', 'requestHook', 'responseHook'];

/**
 * Fills in what the code left open from the environment, then from the defaults. A value that is not accepted is
 * reported once on stderr, with what is, and counts as not given.
 */
export function resolveConfig(config: McpInstrumentationConfig = {}, env: Environment = process.env): ResolvedConfig {
  const resolved: Record<string, unknown> = {};
  for (const key of Object.keys(OPTIONS) as ValueOption[])
    resolved[key] = resolve(key, OPTIONS[key] as Row<unknown>, config[key], env);
  for (const key of HOOKS) {
    const hook = config[key];
    if (typeof hook === 'function') resolved[key] = hook;
    else if (hook !== undefined) warnOperator(`option ${key} is of type ${typeof hook}; accepted: a function. Ignored`);
  }
  // Its own options are read where the trail is made.
  if (config.audit !== undefined) resolved['audit'] = config.audit;
  const detectors = detectorsOf(config.detectors);
  if (detectors.length > 0) resolved['detectors'] = detectors;
  return withoutCaptureInProduction(resolved as unknown as ResolvedConfig, env);
}

/** Whether the environment turns everything off that no code insists on. Says nothing: it is asked before anything is used. */
export function isSwitchedOff(env: Environment = process.env): boolean {
  const { env: name, kind } = OPTIONS.enabled;
  return kind.fromText(env[name]?.trim().toLowerCase() ?? '') === false;
}

function detectorsOf(given: unknown): readonly SecretDetector[] {
  if (given === undefined) return [];
  const list = Array.isArray(given) ? given : [given];
  const usable = list.filter((each) => typeof each?.id === 'string' && typeof each?.detect === 'function');
  if (usable.length < list.length) {
    warnOperator('option detectors holds something else than objects with an id and a detect function. Ignored');
  }
  return usable;
}

/** Switches for debugging: what they let out is the users' data. */
const DEBUG_SWITCHES = ['captureArguments', 'captureResults', 'capturePromptVariables'] as const;

function withoutCaptureInProduction(config: ResolvedConfig, env: Environment): ResolvedConfig {
  const on = DEBUG_SWITCHES.filter((option) => config[option]);
  if (on.length === 0 || config.captureInProduction || !saysProduction(env)) return config;
  warnOperator(
    `${on.join(', ')} refused: the environment says production. Set captureInProduction ` +
      '(MCP_TRAIL_CAPTURE_IN_PRODUCTION) to let them work there',
  );
  return { ...config, ...Object.fromEntries(on.map((option) => [option, false])) };
}

/** The table as data, for the documentation and its test. */
export function optionTable(): readonly { option: string; env: string; accepts: string; default: string }[] {
  return (Object.keys(OPTIONS) as ValueOption[]).map((option) => {
    const { env, kind, default: value } = OPTIONS[option];
    return { option, env, accepts: kind.accepts, default: value === undefined ? '' : String(value) };
  });
}
