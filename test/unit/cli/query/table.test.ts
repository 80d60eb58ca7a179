import { describe, expect, it } from 'vitest';
import type { Row } from '../../../../src/cli/query/rows.js';
import { Table } from '../../../../src/cli/query/table.js';
import { widthOf } from '../../../../src/cli/text.js';
import { call } from '../records.js';

const LOOK = { colour: false, width: undefined, utc: true };

function rowOf(actor: string, result = {}): Row {
  const [, response] = call('weather', {
    side: 'server',
    from: 0,
    to: 40,
    fields: { 'audit.actor.id': actor },
    result,
  });
  return [response as Row[0]];
}

const DENIED = { 'audit.outcome': 'failure', 'mcp_audit.status': 'denied', 'mcp_audit.access.decision': 'deny' };

describe('a table', () => {
  it('fits the terminal, whatever the records have', () => {
    const rows = [
      rowOf('x'.repeat(150)),
      rowOf('日本語'.repeat(40), { ...DENIED, 'security_rule.name': 'y'.repeat(90) }),
    ];
    const lines = new Table(undefined, { ...LOOK, width: 110 }).draw(rows, true).trimEnd().split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(110);
    expect(lines[1]).toMatch(/ weather .*x….* tools\/call search +ok /);
  });

  it('has colours on a terminal that wants them, and red for what was denied', () => {
    const coloured = new Table(undefined, { ...LOOK, colour: true }).draw([rowOf('alice'), rowOf('bob', DENIED)], true);
    const [, alice, bob] = coloured.split('\n');
    expect(alice).not.toContain('\u001b[31m');
    expect(bob).toContain('\u001b[31mtools/call search');
    expect(new Table(undefined, LOOK).draw([rowOf('bob', DENIED)], true)).not.toContain('\u001b');
  });

  it('has its head once, and columns that only become wider, where rows come one after the other', () => {
    const table = new Table(undefined, LOOK);
    const first = table.draw([rowOf('al')], false);
    const more = table.draw([rowOf('alice the great')], false) + table.draw([rowOf('al')], false);
    expect(first).toMatch(/^time .*\n.* al {5}tools\/call search/);
    expect(more).not.toContain('time ');
    expect(more.split('\n').map((line) => line.indexOf('tools/call'))).toEqual([60, 60, -1]);
  });
});
