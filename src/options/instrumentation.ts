/** The options of an instrumentation, from code and environment. */

import { saysProduction } from '../lib/resource-environment.js';
import { warnOperator } from '../report/report.js';
import type { McpInstrumentationConfig } from '../types.js';
import { type Environment, resolve } from './resolve.js';
import { INSTRUMENTATION, type InstrumentationValues, type Option } from './table.js';

/** Every option with its value; those without a default are left out unless they are set. */
export type ResolvedConfig = Readonly<Required<Pick<McpInstrumentationConfig, WithDefault>>> &
  Readonly<Partial<Pick<McpInstrumentationConfig, Exclude<keyof McpInstrumentationConfig, WithDefault>>>>;

type WithDefault = {
  [K in keyof InstrumentationValues]: undefined extends InstrumentationValues[K] ? never : K;
}[keyof InstrumentationValues];

/**
 * Fills in what the code leaves open from the environment, then from the defaults. A value that is not accepted is reported
 * once on stderr, with what is accepted, and counts as left out.
 */
export function resolveConfig(config: McpInstrumentationConfig = {}, env: Environment = process.env): ResolvedConfig {
  const values = Object.entries(INSTRUMENTATION as Readonly<Record<string, Option<unknown>>>).map(
    ([name, option]) => [name, resolve(name, option, config[name as keyof McpInstrumentationConfig], env)] as const,
  );
  const resolved = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  return withoutCaptureInProduction(resolved as unknown as ResolvedConfig, env);
}

/** Switches for debugging: they expose user data. */
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
