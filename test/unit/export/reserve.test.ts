import { expect, it, vi } from 'vitest';
import { Reserve, type Space } from '../../../src/export/reserve.js';

const MIB = 2 ** 20;
const RESERVE = 256 * MIB;
const DISK = 100 * 1024 * MIB;

function reserveOf(space: () => Space | undefined, bytes = RESERVE) {
  const look = vi.fn(space);
  const reserve = new Reserve('/', bytes, look);
  const isLeft = (length: number, nowMs: number): boolean => {
    try {
      reserve.check(length, nowMs);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'reserve' });
      return false;
    }
  };
  return { reserve, isLeft, look };
}

it('is not touched by a line: what is left afterwards counts', () => {
  const free = 300 * MIB;
  const { isLeft } = reserveOf(() => ({ size: DISK, free }));
  expect(isLeft(free - RESERVE, 0)).toBe(true);
  expect(isLeft(free - RESERVE + 1, 1000)).toBe(false);
});

it('is said in the error, with what is free', () => {
  const { reserve } = reserveOf(() => ({ size: DISK, free: 255.9 * MIB }));
  expect(() => reserve.check(1, 0)).toThrow('only 255 MiB are free, and 256 MiB are kept free (the reserve)');
});

it('is at most a tenth of the file system', () => {
  let free = 7 * MIB;
  const { isLeft, reserve } = reserveOf(() => ({ size: 64 * MIB, free }));
  expect(isLeft(100, 0)).toBe(true);
  free = 0.5 * MIB;
  expect(() => reserve.check(100, 1000)).toThrow('only 512 KiB are free, and 6 MiB are kept free');
});

it('looks once a second, however many lines there are, also if the clock is set back', () => {
  const { isLeft, look } = reserveOf(() => ({ size: DISK, free: DISK }));
  for (let line = 0; line < 1000; line++) isLeft(100, 5000 + (line % 1000));
  expect(look).toHaveBeenCalledTimes(1);
  isLeft(100, 6000);
  isLeft(100, 0);
  expect(look).toHaveBeenCalledTimes(3);
});

it('looks again after a sixteenth of it was written, whatever the clock says', () => {
  const { isLeft, look } = reserveOf(() => ({ size: DISK, free: DISK }));
  for (let line = 0; line <= 17; line++) isLeft(MIB, 0);
  expect(look).toHaveBeenCalledTimes(2);
});

it('lets the first line pass that there is space for again', () => {
  let free = 0;
  const { isLeft } = reserveOf(() => ({ size: DISK, free }));
  expect([isLeft(100, 0), isLeft(100, 0)]).toEqual([false, false]);
  free = DISK;
  expect(isLeft(100, 0)).toBe(true);
});

it('stops nothing where the file system does not say, or cannot be asked', () => {
  expect(reserveOf(() => undefined).isLeft(100, 0)).toBe(true);
  const asked = reserveOf(() => {
    throw new Error('ENOSYS');
  });
  expect(asked.isLeft(100, 0)).toBe(true);
  expect(new Reserve('/no/such/folder', RESERVE).check(100, 0)).toBe(undefined);
});

it('of 0 is off, and does not look', () => {
  const { isLeft, look } = reserveOf(() => ({ size: DISK, free: 0 }), 0);
  expect(isLeft(100, 0)).toBe(true);
  expect(look).not.toHaveBeenCalled();
});
