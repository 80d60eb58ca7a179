/** The same attacks on records that a backend has, found in what it exports. */
import { describe, expect, it } from 'vitest';
import { EXPORTS, EXPORTS_WITH_ATTRIBUTES, type ExportName } from '../../../support/exports.js';
import { ATTACKS, target } from './attacks.js';
import { type SeenFinding, verified } from './verify-run.js';

const WHOLE = target(400);
const { a, b, trust, pins } = WHOLE;
const SHAPES = (Object.keys(EXPORTS) as ExportName[]).filter((name) => name !== 'audit file');

const exported = (shape: ExportName, lines: readonly string[]) => Buffer.from(EXPORTS[shape](lines));

describe.each(SHAPES)('in an export (%s)', (shape) => {
  it.each(ATTACKS)('it is found to $name', async ({ exit, kind, number, by }) => {
    const { pinned, ...attacked } = { pinned: false, ...by(WHOLE) };
    const files = { a: exported(shape, attacked.a), b: exported(shape, attacked.b) };
    const { code, err, findings } = await verified({ files, trust, pins: pinned ? pins : undefined });
    expect({ code, err }).toEqual({ code: exit, err: '' });
    const found = findings.find((finding: SeenFinding) => finding.kind === kind);
    expect(findings).toContain(found);
    if (number !== undefined) expect(found?.number).toBe(number(WHOLE));
  });

  it('nothing is found in the records as they were, with pins from the same backend', async () => {
    const files = { a: exported(shape, a), b: exported(shape, b), copies: exported(shape, a.slice(50, 250)) };
    const { code, findings, summary } = await verified({ files, trust, pins }, '--strict');
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(summary).toMatchObject({ records: 700, copies: 200 });
  });
});

it.each(EXPORTS_WITH_ATTRIBUTES)('a changed attribute is found in an export (%s)', async (shape) => {
  const edit = (attributes: Record<string, unknown>, index: number) =>
    index === 41 ? { ...attributes, 'audit.actor.id': 'somebody-else' } : attributes;
  const { code, findings } = await verified({ files: { a: Buffer.from(EXPORTS[shape](a, edit)) }, trust });
  expect(code).toBe(1);
  expect(findings).toMatchObject([{ severity: 'tampered', kind: 'attributes', number: 42 }]);
});

it('nothing is found in a folder of all kinds of exports of the same records', async () => {
  const files = Object.fromEntries(SHAPES.map((shape, index) => [`${index}`, exported(shape, a)]));
  const { code, findings, summary } = await verified({ files, trust, pins: pins.slice(0, 4) }, '--strict');
  expect({ code, findings }).toEqual({ code: 0, findings: [] });
  expect(summary).toMatchObject({ records: 400, copies: 400 * (SHAPES.length - 1) });
});
