/** `mcp-trail doctor` as a process of the built package. */
import { join } from 'node:path';
import { type Ended, ROOT, run } from '../safety/child.js';

export const CLI = join(ROOT, 'dist/cjs/cli.js');
/** A server that is observed. */
export const SERVER: readonly string[] = [
  process.execPath,
  '--import',
  'mcp-trail/register',
  join(ROOT, 'test/fixtures/safety-server-v1.mjs'),
];

export interface Line {
  readonly status: string;
  readonly check: string;
  readonly text: string;
}

export interface Doctored extends Ended {
  readonly lines: readonly Line[];
  /** Lines that are not `ok`. */
  readonly bad: readonly Line[];
}

export interface DoctorOptions {
  readonly command?: readonly string[];
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly cli?: string;
}

/** A busy machine is slow. */
const PATIENT = ['--timeout', '40'];

export async function doctor({ command, options = PATIENT, env, cwd, cli = CLI }: DoctorOptions): Promise<Doctored> {
  const args = [cli, 'doctor', ...options, ...(command === undefined ? [] : ['--', ...command])];
  const ended = await run(args, { ...(env && { env }), ...(cwd && { cwd }) });
  const lines = ended.stdout.split('\n').flatMap((line) => {
    const [, status, check, text] = /^(ok|warn|fail) +(\S+) +(.*)$/.exec(line) ?? [];
    return status === undefined ? [] : [{ status, check: check as string, text: text as string }];
  });
  return { ...ended, lines, bad: lines.filter(({ status }) => status !== 'ok') };
}
