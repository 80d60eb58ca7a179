/** How the time of `scrub` grows, measured in a process of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compileProgram } from '../../support/compile.js';

/** Texts are eight times as long: linear growth is 8, quadratic 64. */
export const GROWTH_LIMIT = 24;

/** By the name of the text. */
export type Growth = Readonly<
  Record<string, { readonly withLength: number; readonly beyondBound: number } | undefined>
>;

/** No other threads of V8, whose time would count, and a young generation that need not grow while time is measured. */
const FLAGS = ['--single-threaded', '--min-semi-space-size=128', '--max-semi-space-size=128'];

/** Measured in a process of its own. */
export async function measuredGrowth(): Promise<Growth> {
  const program = await compileProgram('test/fixtures/scrub-growth.ts');
  const argv = [...FLAGS, program, String(GROWTH_LIMIT)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: '' } });
  return JSON.parse(stdout) as Growth;
}
