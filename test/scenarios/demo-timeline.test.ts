/** The demo as a user runs it, and its records as one timeline: three processes with one file each. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { recordsIn } from '../safety/audit-trails.js';
import { run } from '../safety/child.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-timeline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TIMELINE = 'dist/cjs/cli.js';

it('the timeline joins the files of the agent, the travel server and the booking server', async () => {
  const demo = await run(['examples/demo/run.mjs', '--audit', folder]);
  expect(demo).toMatchObject({ code: 0, stderr: '' });
  const printed = /^npx mcp-trail timeline ([0-9a-f]{32}) (.*)$/m.exec(demo.stdout) ?? [];
  const [, id = '', files] = printed;
  expect(files).toBe(join(folder, '*.jsonl'));
  expect(readdirSync(folder).sort()).toEqual(['agent.jsonl', 'booking.jsonl', 'travel.jsonl']);
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const written = paths.flatMap(recordsIn);
  expect(demo.stdout).toContain(`${written.length} audit records; all of them in one timeline:`);

  const drawn = await run([TIMELINE, 'timeline', id, ...paths]);
  expect(drawn).toMatchObject({ code: 0, stderr: '' });
  const [head = ''] = drawn.stdout.split('\n');
  expect(head).toContain('3 services: agent, travel, booking');
  expect(drawn.stdout).toContain(', 6 failed, 0 denied, 0 without response\n');

  const { entries } = JSON.parse((await run([TIMELINE, 'timeline', '--json', id, ...paths])).stdout) as {
    readonly entries: readonly Entry[];
  };
  const chain = (title: string) => {
    const steps: string[] = [];
    let at = entries.find((entry) => entry.service === 'booking' && entry.title === title);
    while (at !== undefined) {
      steps.unshift(`${at.service} ${at.side} ${at.title} ${at.status}`);
      at = at.parent === null ? undefined : entries[at.parent];
    }
    return steps;
  };
  expect(chain('tools/call find_rooms')).toEqual([
    'agent client tools/call plan_trip ok',
    'travel server tools/call plan_trip ok',
    'travel client tools/call find_rooms ok',
    'booking server tools/call find_rooms ok',
  ]);
  expect(chain('tools/call reserve_room')).toEqual([
    'agent client tools/call book_trip tool_error',
    'travel server tools/call book_trip tool_error',
    'travel client tools/call reserve_room error',
    'booking server tools/call reserve_room error',
  ]);
});

interface Entry {
  readonly service: string;
  readonly side: string;
  readonly title: string;
  readonly status: string;
  readonly parent: number | null;
}
