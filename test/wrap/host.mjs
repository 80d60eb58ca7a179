/** A host that starts a server, writes to it more than it may ever read, and stays. Its arguments are those of `node`. */
import { spawn } from 'node:child_process';

const server = spawn(process.execPath, process.argv.slice(2), { stdio: ['pipe', 'pipe', 'inherit'] });
process.stderr.write(`wrapped by ${server.pid}\n`);
server.stdin.on('error', () => {});
for (let id = 1; id <= 200; id += 1) {
  server.stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"ping","params":{"filler":"${'x'.repeat(20_000)}"}}\n`);
}
server.stdout.resume();
