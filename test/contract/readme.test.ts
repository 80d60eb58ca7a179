/** The README's code is code that runs: every snippet stands in a file that a test or an example executes. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(`${ROOT}README.md`, 'utf8');

/** Snippets with the file that each is taken from, named in a comment before it. */
const SNIPPETS = [...README.matchAll(/<!-- snippet: (\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(
  ([, file = '', code = '']) => ({ file, code }),
);

function words(code: string): string {
  return code.replace(/\s+/g, ' ').trim();
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
        timeoutMs: 10_000,
        what: "the server's span",
      });
    } finally {
      await receiver.close();
    }
  });

  it('links only to files that exist', () => {
    const links = [...README.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(0);
    expect([...new Set(links)].filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });
});
