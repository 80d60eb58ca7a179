import { describe, expect, it } from 'vitest';
import { Delays, END_LIMIT_MS, EXIT_LIMIT_MS, TimeLimit } from '../../../src/lifecycle/time-limit.js';
import { deferred } from '../../support/deferred.js';

function budget() {
  let now = 0;
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const clock = () => now;
  return { budget: new TimeLimit(() => END_LIMIT_MS, clock, new Delays()), pass };
}

describe('the time limit at the end', () => {
  it('is spent by delays of the process only', async () => {
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

  it('delays nothing once it is spent', async () => {
    const { budget: end } = budget();
    end.spend(END_LIMIT_MS);
    expect(end.left(EXIT_LIMIT_MS)).toBe(0);
    expect(await end.hold(new Promise(() => {}))).toBe(false);
  });

  it('does not delay longer than its limit', async () => {
    const { budget: end } = budget();
    expect(await end.hold(new Promise(() => {}), 10)).toBe(false);
  });

  it('counts failed work as settled', async () => {
    expect(await budget().budget.hold(Promise.reject(new Error('broken')))).toBe(true);
  });

  it('is reached if the process is delayed repeatedly for no time', async () => {
    const { budget: end } = budget();
    let times = 0;
    while (await end.hold(Promise.resolve())) times += 1;
    expect(times).toBeLessThanOrEqual(END_LIMIT_MS / 10);
  });

  it('is reset for a process that went on', () => {
    const { budget: end, pass } = budget();
    end.spend(END_LIMIT_MS);
    pass(10_001);
    expect(end.left()).toBe(END_LIMIT_MS);
  });
});
