import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';

const PORTS = new URL('../../collector-config/stack/ports.mjs', import.meta.url).href;

/** The port that another process gets if it draws these random numbers in turn. */
async function givenElsewhere(numbers: readonly number[]): Promise<number> {
  const program = `const numbers = ${JSON.stringify(numbers)}; Math.random = () => numbers.shift() ?? 0.9;
    console.log(await (await import('${PORTS}')).freePort());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return Number(stdout);
}

it('one process at a time gets a port, even before it listens', async () => {
  const number = Math.random();
  const random = vi.spyOn(Math, 'random').mockReturnValueOnce(number).mockReturnValueOnce(number);
  const mine = await freePort();
  const second = await freePort();
  random.mockRestore();
  expect(second).not.toBe(mine);

  expect(await givenElsewhere([number])).not.toBe(mine);
  const free = await givenElsewhere([0.12345]);
  expect(await givenElsewhere([0.12345])).toBe(free); // The other process has ended.
});
