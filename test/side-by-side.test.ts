/** Scripts that run side by side: each one's output in one piece, and the first failure at the end of all. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('./side-by-side.mjs', import.meta.url));

/** Writes its id, and runs until it is ended. */
const ENDLESS =
  "require('fs').writeFileSync('id', String(process.pid)); console.log('begun'); setInterval(() => {}, 1000)";
/** Fails as soon as the other one runs. */
const FAILS = `const fs = require('fs'); console.log('oh');
  setInterval(() => { if (fs.existsSync('id') && fs.readFileSync('id', 'utf8') !== '') process.exit(3); }, 10)`;
const SCRIPTS = {
  one: 'node -e "console.log(1 + 10)"',
  two: 'node -e "console.log(2 + 20)"',
  endless: 'node endless.cjs',
  fails: 'node fails.cjs',
};

const folder = mkdtempSync(join(tmpdir(), 'side-by-side-'));
writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: SCRIPTS }));
writeFileSync(join(folder, 'endless.cjs'), ENDLESS);
writeFileSync(join(folder, 'fails.cjs'), FAILS);
afterAll(() => rmSync(folder, { recursive: true }));

function run(...lanes: string[]): Promise<{ code: number; lines: string[] }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...lanes], { cwd: folder }, (_, stdout) => {
      resolve({ code: child.exitCode ?? -1, lines: stdout.split('\n').filter((line) => !/^(?:> .*)?$/.test(line)) });
    });
  });
}

it('each script is shown as a whole when it ends, with the time that it took', async () => {
  const { code, lines } = await run('one two', 'two');
  expect(code).toBe(0);
  const outputs = lines.filter((line) => !line.endsWith(': begins'));
  const of = (name: string, output: string) => [
    `=== npm run ${name}`,
    output,
    expect.stringMatching(new RegExp(`^=== npm run ${name}: passed in \\d+ s$`)),
  ];
  const [one, two] = [of('one', '11'), of('two', '22')];
  const orders = [
    [...one, ...two, ...two],
    [...two, ...one, ...two],
  ];
  expect(orders).toContainEqual(outputs);
});

it('one that fails ends the others and comes last, with its exit code', async () => {
  const { code, lines } = await run('endless', 'fails one');
  expect(code).toBe(1);
  expect(lines.slice(-4)).toEqual([
    expect.stringMatching(/^=== stopped npm run endless after \d+ s$/),
    '=== npm run fails',
    'oh',
    expect.stringMatching(/^=== npm run fails: FAILED after \d+ s, exit code 3$/),
  ]);
  expect(lines).not.toContain('begun');
  const id = Number(readFileSync(join(folder, 'id'), 'utf8'));
  await expect.poll(() => existsSync(`/proc/${id}/exe`)).toBe(false);
});

it('one that does not exist is a failure', async () => {
  const { code, lines } = await run('another');
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatch(/^=== npm run another: FAILED after \d+ s, exit code 1$/);
});
