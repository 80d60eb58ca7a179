import { describe, expect, it } from 'vitest';
import type { Sink } from '../../../src/audit/lost-records.js';
import { Held } from '../../../src/audit/record-before-answer.js';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { Trail } from '../../../src/audit/trail.js';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';
import type { HttpFacts } from '../../../src/session/peer.js';

function newTrail() {
  const names: string[] = [];
  const sink: Sink = { name: 'file', accept: ({ name }) => names.push(name) > 0 };
  const trail = new Trail({
    key: 'test',
    sinks: [sink],
    now: () => Date.UTC(2026, 0, 1),
    newId: createUuidV7(),
    resource: () => ({}),
  });
  return { trail, names };
}

describe('the end of auditing', () => {
  it('follows the record of an answer that waits for the head of its response', () => {
    const { trail, names } = newTrail();
    trail.start();
    const answer = new Held(() =>
      trail.record({ name: 'mcp_audit.response', severity: 'INFO', fields: new RecordFields() }),
    );
    trail.handOver.before({ onHead: () => true } as unknown as HttpFacts, answer, () => {});
    expect(names).toEqual([]);
    trail.stop();
    expect(names).toEqual(['mcp_audit.started', 'mcp_audit.response', 'mcp_audit.stopped']);
  });
});
