/** What the records of gaps say when a sink takes some records between those that it loses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finished, Sink } from '../../../src/audit/lost-records.js';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { Signer } from '../../../src/audit/signer.js';
import { Trail } from '../../../src/audit/trail.js';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';
import { newKeyFile } from '../../support/signing-key.js';
import { verified } from '../cli/verify/verify-run.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-gaps-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 30), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A signed trail whose one sink has room for records, by their event: `session` ones are small. */
function newTrail() {
  const { path, key } = newKeyFile(folder);
  const signer = new Signer(path, 'option audit.signingKeyFile');
  signer.load();
  const lines: string[] = [];
  let hasRoom = (_: Finished) => true;
  const sink: Sink = {
    name: 'file',
    accept(finished, lost) {
      if (!hasRoom(finished)) {
        lost('ENOSPC');
        return false;
      }
      lines.push(finished.text);
      return true;
    },
  };
  const trail = new Trail({
    key: 'test',
    sinks: [sink],
    now: Date.now,
    newId: createUuidV7({ now: Date.now }),
    resource: () => ({}),
    signer,
  });
  trail.start();
  const record = (name: 'mcp_audit.session' | 'mcp_audit.guardrail') =>
    trail.record({ name, severity: 'INFO', fields: new RecordFields().add({ 'mcp_audit.side': 'server' }) });
  return {
    trail,
    lines,
    small: () => record('mcp_audit.session'),
    large: () => record('mcp_audit.guardrail'),
    /** Records, by their event, for which there is room from here on. */
    roomFor: (...events: string[]) => {
      hasRoom = ({ name }) => events.length === 0 || events.includes(name.replace('mcp_audit.', ''));
    },
    gaps: () =>
      lines
        .map((line) => JSON.parse(line))
        .filter(({ event_name }) => event_name === 'mcp_audit.gap')
        .map((gap) => [gap['mcp_audit.gap.records'], gap['mcp_audit.gap.first'], gap['mcp_audit.gap.last']]),
    verdict: () => verified({ files: { a: lines }, trust: [key] }, '--strict'),
  };
}

/** So many records that are kept, each between two that are lost. */
function lostBetween({ roomFor, small, large }: ReturnType<typeof newTrail>, kept: number): void {
  roomFor('session');
  for (let count = 0; count < kept; count++) {
    large();
    small();
  }
  large();
  roomFor();
}

describe('a small record between two for which there is no room, nor for the record of the gap', () => {
  it('is linked to the trail by a record for each gap, the oldest first', async () => {
    const made = newTrail();
    made.large();
    lostBetween(made, 1);
    made.small();
    expect(made.gaps()).toEqual([
      [1, 4, 4],
      [1, 6, 6],
    ]);
    made.trail.end();
    expect(await made.verdict()).toMatchObject({ code: 0, findings: [], summary: { explained: 2, unlinked: 0 } });
  });

  it('is linked when the end of the trail is what records the gaps', async () => {
    const made = newTrail();
    made.large();
    lostBetween(made, 3);
    made.trail.end();
    expect(made.gaps()).toHaveLength(4);
    expect(await made.verdict()).toMatchObject({ code: 0, findings: [], summary: { explained: 4 } });
  });

  it('is linked when there is room for some records of gaps only, before it is gone again', async () => {
    const made = newTrail();
    made.large();
    lostBetween(made, 3);
    made.roomFor('session');
    let room = 2;
    const { small } = made;
    small();
    // Two records of gaps fit; then the disk is full again, and later it is not.
    made.roomFor('session', 'gap');
    const push = made.lines.push.bind(made.lines);
    made.lines.push = (...lines) => {
      if (lines.some((line) => line.includes('"mcp_audit.gap"')) && --room === 0) made.roomFor('session');
      return push(...lines);
    };
    small();
    expect(made.gaps()).toHaveLength(2);
    made.roomFor('session');
    made.large();
    small();
    made.roomFor();
    small();
    made.trail.end();
    expect(made.gaps()).toHaveLength(5);
    expect(await made.verdict()).toMatchObject({ code: 0, findings: [], summary: { unlinked: 0 } });
  });
});

it('records that are lost one after the other are one gap', () => {
  const { roomFor, large, small, gaps } = newTrail();
  large();
  roomFor('none');
  for (let count = 0; count < 1000; count++) large();
  roomFor();
  small();
  // With a checkpoint after every hundred.
  expect(gaps()).toEqual([[1010, 4, 1013]]);
});

it('of very many gaps, the last are one: nothing is missing, and what is between them is reported', async () => {
  const made = newTrail();
  made.large();
  lostBetween(made, 200);
  made.small();
  made.trail.end();
  expect(made.gaps()).toHaveLength(64);
  expect(made.gaps().at(-1)).toEqual([141, 131, 408]);
  expect(await made.verdict()).toMatchObject({
    findings: [{ severity: 'reported', kind: 'unlinked' }],
    summary: { explained: 205, missing: 0, unlinked: 137 },
  });
});
