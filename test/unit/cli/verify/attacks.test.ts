/** The attacks on files, as the audit trail writes them. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ATTACKS, type Attacked, target } from './attacks.js';
import { type Content, type SeenFinding, textOf, verified } from './verify-run.js';

const RECORDS = 10_000;
const FILE_RECORDS = 1000;
const WHOLE = target(RECORDS);

/** Rotated files, of which the older are compressed. */
function filesOf({ a, b }: Attacked): Record<string, Content> {
  const files: Record<string, Content> = { 'b.jsonl': b };
  for (let from = 0; from < a.length; from += FILE_RECORDS) {
    const lines = a.slice(from, from + FILE_RECORDS);
    const old = from < a.length / 2;
    files[`a-${from}.jsonl${old ? '.gz' : ''}`] = old ? gzipSync(textOf(lines), { level: 1 }) : lines;
  }
  return files;
}

describe(`in a trail of ${RECORDS} records`, () => {
  it.each(ATTACKS)('it is found to $name', async ({ exit, kind, number, by }) => {
    const { pinned, ...attacked } = { pinned: false, ...by(WHOLE) };
    const pins = pinned ? WHOLE.pins : undefined;
    const { code, err, findings } = await verified({ files: filesOf(attacked), trust: WHOLE.trust, pins });
    expect({ code, err }).toEqual({ code: exit, err: '' });
    const found = findings.find((finding: SeenFinding) => finding.kind === kind);
    expect(findings).toContain(found);
    if (number !== undefined) expect(found?.number).toBe(number(WHOLE));
  });

  it('it is found to delete a file', async () => {
    const files = filesOf(WHOLE);
    const { [`a-${FILE_RECORDS}.jsonl.gz`]: _, ...left } = files;
    const { code, summary } = await verified({ files: left, trust: WHOLE.trust });
    expect(code).toBe(2);
    expect(summary).toMatchObject({ missing: FILE_RECORDS });
  });

  it('nothing is found in the trail as it was', async () => {
    const { trust, pins } = WHOLE;
    const { code, findings } = await verified({ files: filesOf(WHOLE), trust, pins });
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
  });

  it('nothing is found in the trail shuffled and twice', async () => {
    const lines = [...WHOLE.a, ...WHOLE.b];
    const mixed = lines.map((_, index) => lines[(index * 7919) % lines.length] as string);
    const files = { 'mixed.jsonl': mixed, 'again.jsonl.gz': gzipSync(textOf([...mixed].reverse()), { level: 1 }) };
    const { code, findings, summary } = await verified({ files, trust: WHOLE.trust, pins: WHOLE.pins }, '--strict');
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(summary).toMatchObject({ records: lines.length, copies: lines.length });
  });
});
