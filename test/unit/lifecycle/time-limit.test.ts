import { describe, expect, it } from 'vitest';
import { END_LIMIT_MS, EXIT_LIMIT_MS, TimeLimit } from '../../../src/lifecycle/time-limit.js';
import { deferred } from '../../support/deferred.js';

function budget() {
  let now = 0;
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { budget: new TimeLimit(END_LIMIT_MS, () => now), pass };
}

describe('the budget of an end', () => {
  it('is spent by what holds the process, and by nothing else', async () => {
    const { budget: end, pass } = budget();
    pass(60_000);
    expect(end.left()).toBe(END_LIMIT_MS);
    const work = deferred<void>();
    const held = end.hold(work.promise);
    pass(500);
    work.resolve();
    expect(await held).toBe(true);
    expect(end.left()).toBe(END_LIMIT_MS - 500);
    expect(end.left(EXIT_LIMIT_MS)).toBe(EXIT_LIMIT_MS);
  });

  it('is over when it is spent, and holds nothing then', async () => {
    const { budget: end } = budget();
    end.spend(END_LIMIT_MS);
    expect(end.left(EXIT_LIMIT_MS)).toBe(0);
    expect(await end.hold(new Promise(() => {}))).toBe(false);
  });

  it('does not wait longer than its limit', async () => {
    const { budget: end } = budget();
    expect(await end.hold(new Promise(() => {}), 10)).toBe(false);
  });

  it('counts as settled what fails', async () => {
    expect(await budget().budget.hold(Promise.reject(new Error('broken')))).toBe(true);
  });

  it('comes to its end where the process is held again and again for no time', async () => {
    const { budget: end } = budget();
    let times = 0;
    while (await end.hold(Promise.resolve())) times += 1;
    expect(times).toBeLessThanOrEqual(END_LIMIT_MS / 10);
  });

  it('is whole again for a process that went on', () => {
    const { budget: end, pass } = budget();
    end.spend(END_LIMIT_MS);
    pass(10_001);
    expect(end.left()).toBe(END_LIMIT_MS);
  });
});
