import { expect, it } from 'vitest';
import { startProgram } from '../../collector-config/stack/process.mjs';
import { eventually } from './support/eventually.js';

/** A program from one line of JavaScript. */
const program = (code: string, options: Partial<Parameters<typeof startProgram>[0]> = {}) =>
  startProgram({ name: 'the program', file: process.execPath, args: ['-e', code], ...options });

const NOBODY = { readyUrl: 'http://127.0.0.1:9/' };

it('a program gets its own variables, and none of the shell for telemetry', async () => {
  const { PATH } = process.env;
  const foreign = { OTEL_SERVICE_NAME: 'wrong', JAEGER_ENDPOINT: 'wrong', MCP_ARCHIVE_DIR: 'wrong' };
  Object.assign(process.env, foreign);
  try {
    const started = await program('console.log(JSON.stringify(process.env))', { env: { MCP_HEALTH_PORT: '1' } });
    await started.closed;
    const seen = JSON.parse(started.output);
    expect(seen).toMatchObject({ PATH, MCP_HEALTH_PORT: '1' });
    expect(Object.keys(seen).filter((name) => name in foreign)).toEqual([]);
  } finally {
    for (const name of Object.keys(foreign)) delete process.env[name];
  }
});

it('a program that ends before it is ready is an error with its last output', async () => {
  const words = 'console.error("no such file: x.yaml"); process.exit(3)';
  await expect(program(words, NOBODY)).rejects.toThrow(
    'the program ended (exit code 3) before it was ready:\nno such file: x.yaml',
  );
});

it('a program that is never ready is an error with the readiness URL, and is stopped', async () => {
  // A shell, which is there long before the time is over.
  const sleeping = { name: 'the program', file: '/bin/sh', args: ['-c', 'echo $$; exec sleep 600'] };
  const started = startProgram({ ...sleeping, ...NOBODY, readyTimeoutMs: 1_000 });
  const message = await started.catch((error) => String(error));
  expect(message).toMatch(/the program was not ready within 1 s \(http:\/\/127\.0\.0\.1:9\/\):\n\d+$/);
  expect(() => process.kill(Number(/\d+$/.exec(message as string)), 0)).toThrow('ESRCH');
});

it('a program that ignores SIGTERM is killed', async () => {
  const started = await program('process.on("SIGTERM", () => {}); setInterval(() => {}, 1_000); console.log("up")');
  await eventually('output', () => started.output, { accept: (output) => output.includes('up') });
  expect(await started.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
});

it('a missing program is an error with its name', async () => {
  await expect(startProgram({ name: 'none', file: '/nowhere/none', args: [], ...NOBODY })).rejects.toThrow(
    '/nowhere/none',
  );
});
