import { describe, expect, it } from 'vitest';
import { Fields } from '../../../src/audit/fields.js';
import { type Sink, Trail } from '../../../src/audit/trail.js';
import { createUuidV7 } from '../../../src/util/uuid-v7.js';

function newTrail() {
  const names: string[] = [];
  const sink: Sink = { accept: ({ name }) => names.push(name) > 0 };
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
  it('comes after a record that waits for the rest of what it says', () => {
    const { trail, names } = newTrail();
    trail.start();
    trail.soon(
      () => false,
      () => trail.record({ name: 'mcp_audit.response', severity: 'INFO', fields: new Fields() }),
    );
    expect(names).toEqual([]);
    trail.stop();
    expect(names).toEqual(['mcp_audit.started', 'mcp_audit.response', 'mcp_audit.stopped']);
  });
});
