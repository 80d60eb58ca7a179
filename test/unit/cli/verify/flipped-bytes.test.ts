/** One changed byte at any place of a small trail. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSigningKey, publicJwk } from '../../../../src/chain/keys.js';
import { verify } from '../../../../src/cli/verify.js';
import { ChainWriter } from '../../../support/chain-writer.js';
import { runCommand } from '../world.js';
import { textOf } from './verify-run.js';

const key = newSigningKey({});
const other = newSigningKey({});
const writer = new ChainWriter({ key });
writer.add('started');
writer.calls(7).checkpoint();
writer.gap({ first: 1, last: 1, records: 0 });
writer.calls(2).rotate(other);
writer.calls(5).checkpoint();
const { lines } = writer;
const TEXT = Buffer.from(textOf(lines));
const SECOND = Buffer.byteLength(textOf(lines.slice(0, 1)));
/** Where the last record begins. */
const LAST = TEXT.length - Buffer.byteLength(textOf([lines.at(-1) as string]));

/** Another digit or letter, which most bytes become. */
const LOWEST_BIT = 0x01;
/** What is no UTF-8. */
const HIGHEST_BIT = 0x80;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-flipped-'));
  writeFileSync(join(folder, 'trust'), JSON.stringify(publicJwk(key)));
  writeFileSync(join(folder, 'pin'), textOf(lines.slice(-1)));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Flip {
  /** What is around the byte. */
  readonly at: string;
  readonly bit: number;
  readonly code: number;
  /** Whether its line is named. */
  readonly named: boolean;
}

/** Verifies the trail with one byte changed. */
async function flipped(at: number, bit: number, options: readonly string[]): Promise<Flip> {
  const bytes = Buffer.from(TEXT);
  bytes[at] = (bytes[at] as number) ^ bit;
  const { code, out } = await runCommand(verify, ['--trust', join(folder, 'trust'), ...options, '-'], bytes);
  const line = TEXT.subarray(0, at).toString('latin1').split('\n').length;
  // A line feed belongs to two lines.
  const named = [line, line + 1].some((each) => new RegExp(`standard input:${each}\\b`).test(out));
  return {
    at: `${line}: ${TEXT.toString('latin1', at - 60, at)}<${String.fromCharCode(TEXT[at] as number)}>`,
    bit,
    code,
    named,
  };
}

async function allOf(from: number, to: number, options: readonly string[] = []): Promise<Flip[]> {
  const flips: Flip[] = [];
  for (let at = from; at < to; at++) {
    flips.push(await flipped(at, LOWEST_BIT, options));
    if (at % 5 === 0) flips.push(await flipped(at, HIGHEST_BIT, options));
  }
  return flips;
}

/** Twelve thousand verifications, beside whatever else computes. */
const LIMIT_MS = 600_000;

describe('a changed byte', { timeout: LIMIT_MS }, () => {
  it('of a record between others is exit code 1, and its line is named', async () => {
    const flips = await allOf(SECOND, LAST);
    expect(flips.length).toBeGreaterThan(10_000);
    expect(flips.filter(({ code, named }) => code !== 1 || !named)).toEqual([]);
  });

  it('of the first record is, too, unless it makes it the first of another chain', async () => {
    const flips = await allOf(0, SECOND);
    const wrong = flips.filter(({ code, named }) => code !== 1 || !named);
    expect(wrong.filter(({ at }) => !/"mcp_audit\.chain\.id":"[0-9a-f-]*<.>$/.test(at))).toEqual([]);
    expect(new Set(wrong.map(({ code }) => code))).toEqual(new Set([2]));
  });

  it('of the last checkpoint is found if there is a pin', async () => {
    // The line feed at the end belongs to no record.
    const flips = await allOf(LAST, TEXT.length - 1, ['--pin', join(folder, 'pin')]);
    expect(flips.filter(({ code }) => code === 0)).toEqual([]);
  });
});
