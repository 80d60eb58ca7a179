/** The input and output of a command that is run inside of the test. */
import { Readable } from 'node:stream';
import type { Command } from '../../../src/cli/command.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function runCommand(
  command: Command,
  args: readonly string[],
  input: string | Uint8Array = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await command.run(args, {
    input: Readable.from([Buffer.from(input)]),
    out: {
      write: (text) => {
        out += text;
      },
      terminal: false,
      columns: undefined,
    },
    complain: (text) => {
      err += `${text}\n`;
    },
    env,
  });
  return { code, out, err };
}
