/** Stands between a client and a server on stdio, and writes every message down. Its argument is the file that says how. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';

const { log, command, args, env } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });

/** @param {string} from @param {NodeJS.ReadableStream} input @param {NodeJS.WritableStream} output */
function relay(from, input, output) {
  let rest = '';
  output.on('error', () => {});
  input.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') appendFileSync(log, `{"from":"${from}","message":${line}}\n`);
    output.write(text);
  });
  input.on('end', () => output.end());
}

relay('client', process.stdin, child.stdin);
relay('server', child.stdout, process.stdout);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
