/** The README's code is code that runs: every snippet stands in a file that a test or an example executes. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { parse } from '../support/audit.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(`${ROOT}README.md`, 'utf8');

/** Snippets with the file that each is taken from, named in a comment before it. */
const SNIPPETS = [...README.matchAll(/<!-- snippet: (\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(
  ([, file = '', code = '']) => ({ file, code }),
);

function words(code: string): string {
  return code.replace(/\s+/g, ' ').trim();
}

/** What does not change from run to run. */
function same(record: AuditRecord): Record<string, unknown> {
  const changing = /(?:time|_ms|_pid|correlation\.id|operation\.id|record\.id)$/;
  return Object.fromEntries(Object.entries(record).filter(([key]) => !changing.test(key)));
}

describe('the README', () => {
  it('has snippets of JavaScript only with the file that they come from', () => {
    expect(SNIPPETS.length).toBeGreaterThan(0);
    expect([...README.matchAll(/```(?:js|ts)\n/g)]).toHaveLength(SNIPPETS.length);
  });

  it.each(SNIPPETS)('shows what stands in $file', ({ file, code }) => {
    expect(words(readFileSync(ROOT + file, 'utf8'))).toContain(words(code));
  });

  it('has a way to trace a server over stdio by hand that works', async () => {
    const receiver = await startOtlpReceiver();
    try {
      await promisify(execFile)(process.execPath, [`${ROOT}test/fixtures/readme-client.mjs`], {
        cwd: `${ROOT}examples/zero-code`,
        env: {
          PATH: process.env['PATH'],
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        },
      });
      const isServerSpan = ({ name, resource }: { name: string; resource: Record<string, unknown> }) =>
        name === 'tools/call get_weather' && resource['service.name'] === 'weather';
      await receiver.waitFor(({ spans }) => spans.some(isServerSpan), {
        timeoutMs: 50_000,
        what: "the server's span",
      });
    } finally {
      await receiver.close();
    }
  });

  it('has an audited server whose record of a denied call is the one it shows', async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [`${ROOT}test/fixtures/readme-audit.mjs`],
      env: { MCP_TRAIL_AUDIT: 'stderr', OTEL_SERVICE_NAME: 'sights' },
      stderr: 'pipe',
    });
    let lines = '';
    transport.stderr?.on('data', (chunk) => {
      lines += chunk;
    });
    const client = new Client({ name: 'planner', version: '1.0.0' });
    await client.connect(transport);
    await client.callTool({ name: 'delete_sight', arguments: { id: 'eiffel-tower' } });
    await client.close();

    const records = lines.trim().split('\n').map(parse);
    const ended = records.find((each) => each.event_name === 'mcp_audit.response' && each['gen_ai.tool.name']);
    const shown = parse(/^\{"audit\.action".*$/m.exec(README)?.[0] ?? '');
    expect(Object.keys(ended ?? {})).toEqual(Object.keys(shown));
    expect(same(ended as AuditRecord)).toEqual(same(shown));
  });

  it('links only to files that exist', () => {
    const links = [...README.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(0);
    expect([...new Set(links)].filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });
});
