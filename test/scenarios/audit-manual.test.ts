/** What was instrumented manually and never disabled gets its last records when the process ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from '../support/audit.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-by-hand-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
  const { instrumentTransport } = require('mcp-trail');
  const transport = { async start() {}, async send() {}, async close() {}, onmessage() {} };
  instrumentTransport(transport, { audit: { delivery: 'file', file: process.argv[1] } });
  transport.onmessage({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hang', arguments: {} } });
  if (process.argv[2] === 'exit') process.exit(3);
`;

it.each(['exit', 'natural end'])('a call that is open at the %s of the process is recorded as aborted', async (end) => {
  const file = join(folder, `${end}.jsonl`);
  const child = spawn(process.execPath, ['-e', PROGRAM, file, end], { cwd: process.cwd(), stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  expect(code).toBe(end === 'exit' ? 3 : 0);
  const records = readFileSync(file, 'utf8').trim().split('\n').map(parse);
  expect(records.map(({ event_name }) => event_name)).toEqual([
    'mcp_audit.started',
    'mcp_audit.request',
    'mcp_audit.response',
    'mcp_audit.stopped',
  ]);
  expect(records[2]).toMatchObject({ 'mcp_audit.status': 'aborted', 'audit.target.id': 'tools/hang' });
});
