import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const CONFIG = 'test/fixtures/retried/vitest.config.mjs';

it('a run names the tests that passed only when they ran again, with what failed the first time', async () => {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', CONFIG, '--root', '.'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'] } });
  const lines = stdout.split('\n');
  const at = lines.indexOf('passed only when it ran again: test/fixtures/retried/tests.mjs > a test > that fails once');
  expect(lines[at + 1]).toMatch(/^ {2}AssertionError: expected 1 to be 2/);
  expect(stdout.match(/ran again/g)).toHaveLength(1);
});
