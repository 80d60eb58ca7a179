/** Child processes that write with the exporters. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compileModule } from '../../support/compile.js';

const EXPORTERS = await compileModule(`
  export { FileLogRecordExporter } from './src/export/file.js';
  export { StderrLogRecordExporter } from './src/export/stderr.js';
`);

/** Code with access to `FileLogRecordExporter`, `StderrLogRecordExporter`, `fs` and the arguments (`args`). */
function moduleOf(code: string): string {
  return `import fs from 'node:fs';
    import { FileLogRecordExporter, StderrLogRecordExporter } from ${JSON.stringify(EXPORTERS)};
    const args = JSON.parse(process.argv[1]);
    ${code}`;
}

/** Starts such a process, in a shell that runs `prepare` first. */
export function start(code: string, args: unknown = {}, prepare?: string): ChildProcessWithoutNullStreams {
  const argv = ['--input-type=module', '-e', moduleOf(code), JSON.stringify(args)];
  const env = { ...process.env, NODE_OPTIONS: '' };
  // Where packages are found.
  const cwd = fileURLToPath(new URL('../../../', import.meta.url));
  return prepare === undefined
    ? spawn(process.execPath, argv, { env, cwd })
    : spawn('sh', ['-c', `${prepare}; exec "$0" "$@"`, process.execPath, ...argv], { env, cwd });
}

/** The standard output of a process, as JSON. */
export async function answerOf(child: ChildProcessWithoutNullStreams): Promise<any> {
  let said = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complained += text;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`the process ended with ${code ?? signal}: ${complained}`);
  return { ...JSON.parse(said), stderr: complained };
}
