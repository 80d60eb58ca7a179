/** More trails than are open at a time: none loses a record, and each goes on with its chain. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OpenTrails } from '../../../src/audit/open-trails.js';
import { sharedFor } from '../../../src/audit/process-trail.js';
import { RecordFields } from '../../../src/audit/record-fields.js';
import type { Trail } from '../../../src/audit/trail.js';
import { auditValues } from '../../../src/options/audit.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { expectChained } from '../../support/chain.js';
import { newKeyFile } from '../../support/signing-key.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the open trails', () => {
  let ended: number[];
  let open: OpenTrails<number>;
  beforeEach(() => {
    ended = [];
    open = new OpenTrails((trail) => ended.push(trail));
    for (let trail = 0; trail < 64; trail++) open.use(trail);
  });

  it('end when there are too many, the one that was not used for the longest time first', () => {
    open.use(0);
    open.use(100);
    open.use(101);
    expect(ended).toEqual([1, 2]);
    expect(open.all()).toHaveLength(64);
  });

  it('are open again once they are used', () => {
    open.use(100);
    open.use(0);
    expect(ended).toEqual([0, 1]);
    expect(open.all()).toContain(0);
  });

  it('stay ended after their last records', () => {
    const given: OpenTrails<number> = new OpenTrails((trail) => {
      ended.push(trail);
      given.use(trail);
    });
    for (let trail = 0; trail < 66; trail++) given.use(trail);
    expect(ended).toEqual([0, 1]);
    expect(given.all()).toHaveLength(64);
  });

  it('are others if the end of one fails', () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const given = new OpenTrails<number>(() => {
      throw new Error('no');
    });
    for (let trail = 0; trail < 66; trail++) given.use(trail);
    expect(given.all()).toHaveLength(64);
    vi.restoreAllMocks();
  });
});

it('a trail that had to end goes on with its next record, in its file and in its chain', () => {
  const { path: signingKeyFile } = newKeyFile(folder);
  const fileOf = (n: number) => join(folder, `${n}.jsonl`);
  const trails: Trail[] = [];
  const record = (trail: Trail | undefined) => {
    const fields = new RecordFields().add({ 'mcp_audit.session.state': 'started', 'mcp_audit.side': 'server' });
    trail?.record({ name: 'mcp_audit.guardrail', severity: 'INFO', fields });
  };
  for (let n = 0; n < 70; n++) {
    const config = { delivery: 'file', file: fileOf(n), signingKeyFile } as const;
    const { trail } = sharedFor(config, auditValues(config, {}), new Redactor({}), {});
    trail.start();
    record(trail);
    trails.push(trail);
    // In use all the time.
    record(trails[1]);
  }
  record(trails[0]);
  record(trails[0]);
  const texts = readFileSync(fileOf(0), 'utf8').trim().split('\n');
  expectChained(texts);
  expect(texts.map((each) => /"event_name":"mcp_audit\.(\w+)"/.exec(each)?.[1])).toEqual([
    ...['started', 'checkpoint', 'guardrail', 'stopped', 'checkpoint'],
    ...['started', 'guardrail', 'guardrail'],
  ]);
  expect(readFileSync(fileOf(1), 'utf8')).not.toContain('mcp_audit.stopped');
});
