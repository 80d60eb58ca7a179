/** The commands of the processes above this one, nearest first. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { attempt } from './attempt.js';

/** Shells and package runners stand between; a loop in what is read must end. */
const MAX_DEPTH = 16;

interface Process {
  readonly parent: number;
  readonly command: string;
}

/** Their arguments, joined by spaces. Stops at what cannot be read: on Windows, nothing can. */
export function* ancestorCommands(platform: NodeJS.Platform = process.platform): Generator<string> {
  const read = READERS[platform];
  let pid = process.ppid;
  for (let depth = 0; read !== undefined && pid > 0 && depth < MAX_DEPTH; depth++) {
    const found = attempt(() => read(pid));
    if (found === undefined) return;
    yield found.command;
    pid = found.parent;
  }
}

const READERS: Partial<Record<NodeJS.Platform, (pid: number) => Process>> = { linux: fromProc, darwin: fromPs };

function fromProc(pid: number): Process {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return { parent: Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]), command };
}

function fromPs(pid: number): Process {
  const args = ['-ww', '-o', 'ppid=', '-o', 'args=', '-p', `${pid}`];
  const said = execFileSync('ps', args, { encoding: 'latin1', timeout: 1000, stdio: ['ignore', 'pipe', 'ignore'] });
  const [, parent, command = ''] = /^\s*(\d+)\s+(.*)/.exec(said) ?? [];
  return { parent: Number(parent), command };
}
