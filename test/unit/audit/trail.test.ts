import { describe, expect, it } from 'vitest';
import type { Finished, Sink } from '../../../src/audit/lost-records.js';
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

describe('the deletion of files', () => {
  /** A sink that deletes a file with the records of which it is asked. */
  function deleting(isDue: (name: string) => boolean, filesAtOnce = 1) {
    const records: Finished[] = [];
    let deleted: string[] = [];
    const trail = new Trail({
      key: 'test',
      sinks: [
        {
          name: 'file',
          accept(finished) {
            records.push(finished);
            if (isDue(finished.name)) for (let n = 0; n < filesAtOnce; n++) deleted.push(`${records.length}.${n}`);
            return true;
          },
          takeDeleted: () => deleted.splice(0),
        },
      ],
      now: () => Date.UTC(2026, 0, 1),
      newId: createUuidV7(),
      resource: () => ({}),
    });
    trail.start();
    deleted = [];
    const record = () => trail.record({ name: 'mcp_audit.request', severity: 'INFO', fields: new RecordFields() });
    const names = () => records.map(({ name }) => name.replace('mcp_audit.', ''));
    const told = () => records.flatMap(({ fields }) => fields.get('mcp_audit.retention.files') ?? []);
    return { trail, records, record, names, told };
  }

  it('is recorded right after the record that caused it', () => {
    const { trail, records, record, names, told } = deleting((name) => name === 'mcp_audit.request');
    record();
    expect(names()).toEqual(['started', 'request', 'retention']);
    trail.stop();
    expect(names()).toEqual(['started', 'request', 'retention', 'stopped']);
    expect(told()).toEqual(['2.0']);
    const { fields } = records[2] as Finished;
    expect(fields.get('mcp_audit.retention.reason')).toBe('max_files');
  });

  it('that its own record causes is recorded with the next one', () => {
    const { trail, record, names, told } = deleting(() => true);
    record();
    record();
    trail.stop();
    expect(names()).toEqual([
      'started',
      'request',
      'retention',
      'request',
      'retention',
      'retention',
      'stopped',
      'retention',
    ]);
    expect(told()).toEqual(['1.0', '2.0', '3.0', '4.0', '5.0', '6.0', '7.0']);
  });

  it('of very many has several records', () => {
    const { record, names, told } = deleting((name) => name === 'mcp_audit.request', 250);
    record();
    expect(names()).toEqual(['started', 'request', 'retention', 'retention', 'retention']);
    expect(told()).toHaveLength(250);
  });
});

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
