import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';

const PORTS = new URL('../../collector-config/stack/ports.mjs', import.meta.url).href;

/** What another process is given that draws these numbers, one after the other. */
async function givenElsewhere(numbers: readonly number[]): Promise<number> {
  const program = `const numbers = ${JSON.stringify(numbers)}; Math.random = () => numbers.shift() ?? 0.9;
    console.log(await (await import('${PORTS}')).freePort());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return Number(stdout);
}

it('a port is given to one process at a time, also before anybody listens on it', async () => {
  const number = Math.random();
  const random = vi.spyOn(Math, 'random').mockReturnValueOnce(number).mockReturnValueOnce(number);
  const mine = await freePort();
  const second = await freePort();
  random.mockRestore();
  expect(second).not.toBe(mine);

  expect(await givenElsewhere([number])).not.toBe(mine);
  const free = await givenElsewhere([0.12345]);
  expect(await givenElsewhere([0.12345])).toBe(free); // Its process has ended.
});
