/** The demo as a user runs it, and its records as one timeline: three processes with one file each. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordsIn } from '../safety/audit-trails.js';
import { ROOT, run } from '../safety/child.js';

const top = mkdtempSync(join(tmpdir(), "mcp-trail's demo-"));
const folder = join(top, 'audit');
let demo: Awaited<ReturnType<typeof run>>;
beforeAll(async () => {
  demo = await run(['examples/demo/run.mjs', '--audit', folder]);
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

const CLI = 'dist/cjs/cli.js';

/** Runs a line that the demo printed, as a person does who copies it into a shell: its end and its output. */
function inShell(subcommand: string): { readonly code: number; readonly out: string } {
  const [line = ''] = new RegExp(`npx mcp-trail ${subcommand} .*`).exec(demo.stdout) ?? [];
  const npx = `npx() { shift; "${process.execPath}" ${CLI} "$@"; }`;
  const { status, stdout } = spawnSync('sh', ['-c', `${npx}\n${line}`], { cwd: ROOT, encoding: 'utf8' });
  return { code: status ?? -1, out: stdout };
}

it('its last line is a query that answers when the demo has ended', () => {
  expect(demo.stdout.trimEnd().split('\n').at(-1)).toMatch(/^npx mcp-trail query /);
  const { code, out } = inShell('query');
  expect(code).toBe(0);
  const rows = out.trimEnd().split('\n').slice(1);
  expect(rows.map((row) => row.split(/ {2,}/).slice(1, 6)).sort()).toEqual([
    ['booking', 'server', 'travel (self-asserted)', 'tools/call find_rooms', 'ok'],
    ['booking', 'server', 'travel (self-asserted)', 'tools/call reserve_room', 'error'],
    ['travel', 'server', 'agent (self-asserted)', 'tools/call book_trip', 'tool_error'],
    ['travel', 'server', 'agent (self-asserted)', 'tools/call check_visa', 'tool_error'],
    ['travel', 'server', 'agent (self-asserted)', 'tools/call plan_trip', 'ok'],
  ]);
});

it('the trails of the three processes verify, until a byte changes', async () => {
  const [, result] = /npx mcp-trail verify .*\n(.*)/.exec(demo.stdout) ?? [];
  expect(result).toMatch(/^intact: \d+ records in 3 chains$/);
  expect(inShell('verify')).toEqual({ code: 0, out: `${result}\n` });

  const file = join(folder, 'booking.jsonl');
  const text = readFileSync(file, 'utf8');
  const place = text.indexOf('find_rooms');
  writeFileSync(file, text.replace('find_rooms', 'find_room5'));
  const changed = inShell('verify');
  writeFileSync(file, text);
  expect(changed.code).toBe(1);
  const line = text.slice(0, place).split('\n').length;
  expect(changed.out).toContain(`${file}:${line}`);
});

it('the timeline joins the files of the agent, the travel server and the booking server', async () => {
  expect(demo).toMatchObject({ code: 0, stderr: '' });
  const [, id = ''] = /^npx mcp-trail timeline ([0-9a-f]{32}) /m.exec(demo.stdout) ?? [];
  expect(readdirSync(folder).sort()).toEqual(['agent.jsonl', 'booking.jsonl', 'travel.jsonl']);
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const written = paths.flatMap(recordsIn);
  expect(demo.stdout).toContain(`${written.length} audit records; those of the trace in one timeline:`);

  const drawn = inShell('timeline');
  const [head = ''] = drawn.out.split('\n');
  expect(head).toContain('3 services: agent, travel, booking');
  expect(drawn.out).toContain(', 6 failed, 0 denied, 0 without response\n');

  const { entries } = JSON.parse((await run([CLI, 'timeline', '--json', id, ...paths])).stdout) as {
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
