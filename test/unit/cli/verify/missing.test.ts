/** Which losses explain which missing numbers. */
import { describe, expect, it } from 'vitest';
import { explain, type Loss } from '../../../../src/cli/verify/missing.js';

const range = { first: 1, last: 10 };
const loss = (sink: Loss['sink'], last: number): Loss => ({
  first: 1,
  last,
  records: 5,
  sink,
  prevHash: undefined,
  after: 0,
});

describe('of losses that overlap', () => {
  it('the one that ends first explains first, since it has fewer numbers to choose from', () => {
    const { lost, left } = explain([range], [loss('file', 10), loss('file', 5)]);
    expect(lost).toEqual({ file: 10, stderr: 0 });
    expect(left.size).toBe(0);
  });

  it('those of a file explain before those of stderr', () => {
    const { lost, left } = explain([range], [loss('stderr', 5), loss('file', 5)]);
    expect(lost).toEqual({ file: 5, stderr: 0 });
    expect(left.get(range)).toBe(5);
  });
});
