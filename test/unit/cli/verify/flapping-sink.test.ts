/** What the audit trail writes while its sinks fail again and again, as verify finds it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Sink } from '../../../../src/audit/lost-records.js';
import { RecordFields } from '../../../../src/audit/record-fields.js';
import { Signer } from '../../../../src/audit/signer.js';
import { Trail } from '../../../../src/audit/trail.js';
import { createUuidV7 } from '../../../../src/lib/uuid-v7.js';
import { newKeyFile } from '../../../support/signing-key.js';
import { verified } from './verify-run.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-flapping-'));
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** Numbers from 0 to 1 that are the same each time. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The texts that sinks take, which fail with a chance, and work at the end. */
function written(shares: Readonly<Partial<Record<'file' | 'stderr', number>>>, seed: number) {
  const next = chances(seed);
  let working = false;
  const texts: Record<string, string[]> = {};
  const sinks = Object.entries(shares).map(([name, share]): Sink => {
    const own: string[] = [];
    texts[name] = own;
    return {
      name: name as 'file' | 'stderr',
      accept: ({ text }) => (working || next() >= share) && own.push(text) > 0,
    };
  });
  const { path, key } = newKeyFile(folder);
  const signer = new Signer(path, 'option audit.signingKeyFile');
  signer.load();
  const newId = createUuidV7({ now: Date.now });
  const trail = new Trail({ key: 'test', sinks, now: Date.now, newId, resource: () => ({}), signer });
  trail.start();
  for (let made = 0; made < 700; made++) {
    trail.record({ name: 'mcp_audit.guardrail', severity: 'INFO', fields: new RecordFields() });
    if (next() < 0.02) vi.advanceTimersByTime(20_000);
  }
  working = true;
  vi.advanceTimersByTime(120_000);
  trail.close();
  return { texts, key };
}

it.each([0.02, 0.3, 0.7, 0.98])(
  'a file that fails %d of the time is intact, and all that it lost is explained',
  async (share) => {
    for (let seed = 1; seed < 8; seed++) {
      const { texts, key } = written({ file: share }, seed);
      expect(await verified({ files: { a: texts['file'] ?? [] }, trust: [key] })).toMatchObject({
        code: 0,
        summary: { missing: 0, explained: expect.any(Number), tail: 0 },
      });
    }
  },
);

it('each of two sinks is intact, and both of them together', async () => {
  for (let seed = 1; seed < 8; seed++) {
    const { texts, key } = written({ file: 0.2, stderr: 0.3 }, seed);
    const { file = [], stderr = [] } = texts;
    const inputs: Record<string, string[]>[] = [{ file }, { stderr }, { file, stderr }];
    for (const files of inputs) {
      const { code, findings } = await verified({ files, trust: [key] });
      expect({ code, findings: findings.filter(({ severity }) => severity !== 'reported') }).toEqual({
        code: 0,
        findings: [],
      });
    }
  }
});
