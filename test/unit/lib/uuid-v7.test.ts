import { describe, expect, it } from 'vitest';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const all = (byte: number) => (bytes: Uint8Array) => void bytes.fill(byte);
const NOW = 0x0192_3456_789a;

/** The milliseconds in a UUID. */
const timeOf = (uuid: string) => Number.parseInt(uuid.replace('-', '').slice(0, 12), 16);

describe('trouble around it', () => {
  it('does not break the order: a clock that steps back', () => {
    const clock = [1_000_000, 999_999, 990_500, 1_000_000, 1_000_001];
    const next = createUuidV7({ now: () => clock.shift() ?? 0 });
    const made = [next(), next(), next(), next(), next()];
    expect([...made].sort()).toEqual(made);
    expect(made.map(timeOf)).toEqual([1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_001]);
  });

  it('does not freeze the time: a clock that was hours ahead and is corrected', () => {
    const clock = [50_000_000, 1_000_000, 1_000_001];
    const next = createUuidV7({ now: () => clock.shift() ?? 0 });
    expect([next(), next(), next()].map(timeOf)).toEqual([50_000_000, 1_000_000, 1_000_001]);
  });

  it('does not repeat UUIDs: more per millisecond than the counter can count', () => {
    const next = createUuidV7({ now: () => NOW, random: all(0xff) });
    let last = next();
    for (let made = 1; made <= 2 ** 17; made++) {
      const uuid = next();
      if (uuid <= last) expect.fail(`${uuid} after ${last}`);
      last = uuid;
    }
    expect(timeOf(last)).toBe(NOW);
    const after = next();
    expect(timeOf(after)).toBe(NOW + 1);
    expect(after > last).toBe(true);
  });

  it.each([Number.NaN, -5, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 2 ** 60, 1.75])(
    'does not change the form: a clock that says %d',
    (now) => {
      expect(createUuidV7({ now: () => now })()).toMatch(FORM);
    },
  );

  it('does not reuse randomness: a source that throws is called again', () => {
    let broken = true;
    const next = createUuidV7({
      random: (bytes) => {
        if (broken) throw new Error('no entropy');
        bytes.fill(0xab);
      },
    });
    expect(next).toThrow('no entropy');
    broken = false;
    expect(next()).toMatch(/-76ae-abab-abababababab$/);
  });
});

describe('a UUIDv7', () => {
  it('has the layout of RFC 9562', () => {
    expect(createUuidV7({ now: () => NOW, random: all(0) })()).toBe('01923456-789a-7000-8000-000000000000');
    expect(createUuidV7({ now: () => NOW, random: all(0xff) })()).toBe('01923456-789a-77ff-bfff-ffffffffffff');
    // The time in the example of appendix A.6.
    expect(createUuidV7({ now: () => 0x017f22e279b0, random: all(0x5a) })()).toMatch(/^017f22e2-79b0-7/);
  });

  it('counts in the bits after the version, then in those after the variant', () => {
    const next = createUuidV7({ now: () => NOW, random: all(0) });
    const made = Array.from({ length: 66 }, next);
    expect(made[0]).toBe('01923456-789a-7000-8000-000000000000');
    expect(made[1]).toBe('01923456-789a-7000-8100-000000000000');
    expect(made[63]).toBe('01923456-789a-7000-bf00-000000000000');
    expect(made[64]).toBe('01923456-789a-7001-8000-000000000000');
  });

  it('is unique, well formed and in order', () => {
    const next = createUuidV7();
    const made = Array.from({ length: 20_000 }, next);
    expect(new Set(made).size).toBe(made.length);
    expect([...made].sort()).toEqual(made);
    expect(made.filter((uuid) => !FORM.test(uuid))).toEqual([]);
    expect(Math.abs(timeOf(made[0] as string) - Date.now())).toBeLessThan(60_000);
  });

  it('takes its random bytes from a pool, and uses each once at most', () => {
    let asked = 0;
    let serial = 0;
    const next = createUuidV7({
      now: () => NOW,
      random: (bytes) => {
        asked += 1;
        expect(bytes.length).toBe(4096);
        for (let index = 0; index < bytes.length; index++) bytes[index] = serial++ % 251;
      },
    });
    const tails = Array.from({ length: 1_000 }, () => next().replaceAll('-', '').slice(-14));
    expect(asked).toBe(2);
    const starts = tails.map((tail) => Number.parseInt(tail.slice(0, 2), 16));
    expect(starts.slice(0, 3)).toEqual([3, 10, 17]);
  });

  it('shares only the time with those of another source', () => {
    const [one, other] = [createUuidV7({ now: () => NOW })(), createUuidV7({ now: () => NOW })()];
    expect(one.slice(0, 14)).toBe(other.slice(0, 14));
    expect(one.slice(15)).not.toBe(other.slice(15));
  });
});
