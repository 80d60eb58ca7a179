/** Options from code and environment, with one table that says what each accepts. */
import type { McpInstrumentationConfig } from './types.js';
import { warnOperator } from './util/report.js';

/** Every option with a value; the hooks stay optional. */
export type ResolvedConfig = Required<Omit<McpInstrumentationConfig, HookOption>> &
  Pick<McpInstrumentationConfig, HookOption>;

type HookOption = 'propagateContext' | 'redact' | 'requestHook' | 'responseHook';
type ValueOption = Exclude<keyof McpInstrumentationConfig, HookOption>;

/** How one kind of value is read. */
interface Kind<T> {
  /** For messages: what is accepted. */
  readonly accepts: string;
  readonly fromText: (text: string) => T | undefined;
  readonly fromValue: (value: unknown) => T | undefined;
}

const BOOLEAN_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  1: true,
  false: false,
  off: false,
  0: false,
};

const flag: Kind<boolean> = {
  accepts: 'true, false, on, off, 1, 0',
  fromText: (text) => (Object.hasOwn(BOOLEAN_WORDS, text) ? BOOLEAN_WORDS[text] : undefined),
  fromValue: (value) => (typeof value === 'boolean' ? value : undefined),
};

function count(min: number, max: number): Kind<number> {
  const inRange = (value: number) => (Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined);
  return {
    accepts: `a whole number from ${min} to ${max}`,
    fromText: (text) => (/^\d{1,12}$/.test(text) ? inRange(Number(text)) : undefined),
    fromValue: (value) => (typeof value === 'number' ? inRange(value) : undefined),
  };
}

function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  const find = (value: unknown) => words.find((word) => word === value);
  return { accepts: words.join(', '), fromText: find, fromValue: find };
}

/** One row per option that has a value: its environment variable, what it accepts, its default. */
const OPTIONS: { readonly [K in ValueOption]: Row<ResolvedConfig[K]> } = {
  enabled: { env: 'MCP_TRAIL_ENABLED', kind: flag, default: true },
  trustIncomingContext: {
    env: 'MCP_TRAIL_TRUST_INCOMING_CONTEXT',
    kind: oneOf('parent', 'link'),
    default: 'parent',
  },
  reuseExecuteToolSpan: { env: 'MCP_TRAIL_REUSE_EXECUTE_TOOL_SPAN', kind: flag, default: false },
  captureArguments: { env: 'MCP_TRAIL_CAPTURE_ARGUMENTS', kind: flag, default: false },
  captureResults: { env: 'MCP_TRAIL_CAPTURE_RESULTS', kind: flag, default: false },
  capturePromptVariables: { env: 'MCP_TRAIL_CAPTURE_PROMPT_VARIABLES', kind: flag, default: false },
  captureErrorMessages: { env: 'MCP_TRAIL_CAPTURE_ERROR_MESSAGES', kind: flag, default: false },
  resourceUriInSpanName: { env: 'MCP_TRAIL_RESOURCE_URI_IN_SPAN_NAME', kind: flag, default: false },
  rpcStatusCodeAttribute: {
    env: 'MCP_TRAIL_RPC_STATUS_CODE_ATTRIBUTE',
    kind: oneOf('rpc.response.status_code', 'rpc.status_code', 'both'),
    default: 'rpc.response.status_code',
  },
  trustProxy: { env: 'MCP_TRAIL_TRUST_PROXY', kind: flag, default: false },
  propagateToChildProcesses: { env: 'MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES', kind: flag, default: false },
  maxPendingOperations: { env: 'MCP_TRAIL_MAX_PENDING_OPERATIONS', kind: count(1, 1_000_000), default: 10_000 },
};

interface Row<T> {
  readonly env: string;
  readonly kind: Kind<T>;
  readonly default: T;
}

const HOOKS: readonly HookOption[] = ['propagateContext', 'redact', 'requestHook', 'responseHook'];

/**
 * Fills in what the code left open from the environment, then from the defaults. A value that is not accepted is
 * reported once on stderr, with what is, and counts as not given.
 */
export function resolveConfig(
  config: McpInstrumentationConfig = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedConfig {
  const resolved: Record<string, unknown> = {};
  for (const key of Object.keys(OPTIONS) as ValueOption[]) resolved[key] = resolveValue(key, config[key], env);
  for (const key of HOOKS) {
    const hook = config[key];
    if (typeof hook === 'function') resolved[key] = hook;
    else if (hook !== undefined) warnOperator(`option ${key} is of type ${typeof hook}; accepted: a function. Ignored`);
  }
  return resolved as unknown as ResolvedConfig;
}

function resolveValue(key: ValueOption, given: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  const row: Row<unknown> = OPTIONS[key];
  if (given !== undefined) {
    const value = row.kind.fromValue(given);
    if (value !== undefined) return value;
    warnOperator(`option ${key} is ${show(given)}; accepted: ${row.kind.accepts}. Using ${String(row.default)}`);
    return row.default;
  }
  const text = env[row.env]?.trim();
  if (text === undefined || text === '') return row.default;
  const value = row.kind.fromText(text.toLowerCase());
  if (value !== undefined) return value;
  warnOperator(`${row.env} is ${show(text)}; accepted: ${row.kind.accepts}. Using ${String(row.default)}`);
  return row.default;
}

/** One word from the environment, for settings that are not options of an instrumentation. */
export function oneOfEnv<T extends string>(name: string, words: readonly T[], fallback: T): T {
  const text = process.env[name]?.trim();
  if (text === undefined || text === '') return fallback;
  const word = words.find((each) => each === text.toLowerCase());
  if (word === undefined) warnOperator(`${name} is ${show(text)}; accepted: ${words.join(', ')}. Using ${fallback}`);
  return word ?? fallback;
}

/** A bad value as it may be shown: short, and of one line. */
function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The table as data, for the documentation and its test. */
export function optionTable(): readonly { option: string; env: string; accepts: string; default: string }[] {
  return (Object.keys(OPTIONS) as ValueOption[]).map((option) => {
    const { env, kind, default: value } = OPTIONS[option];
    return { option, env, accepts: kind.accepts, default: String(value) };
  });
}
