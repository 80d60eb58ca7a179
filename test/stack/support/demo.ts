import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const RUN = fileURLToPath(new URL('../../../examples/demo/run.mjs', import.meta.url));
const TIMEOUT_MS = 90_000;

/** The spans and audit records that the demo sent, as it wrote them to files. */
export interface Sent {
  readonly traceId: string;
  readonly spans: readonly any[];
  readonly records: readonly { readonly line: string; readonly fields: Record<string, any> }[];
}

/** Runs the demo against a Collector. */
export async function runDemo(otlp: string, protocol = '2025-11-25'): Promise<Sent> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-trail-demo-'));
  try {
    const audit = join(folder, 'audit');
    const json = join(folder, 'spans.json');
    const args = [RUN, '--audit', audit, '--json', json, '--protocol', protocol];
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: otlp };
    await promisify(execFile)(process.execPath, args, { env, timeout: TIMEOUT_MS, maxBuffer: 2 ** 24 });
    const spans = JSON.parse(await readFile(json, 'utf8'));
    const files = await readdir(audit);
    const texts = await Promise.all(files.map((file) => readFile(join(audit, file), 'utf8')));
    const lines = texts.flatMap((text) => text.split('\n').filter(Boolean));
    return { traceId: spans[0].traceId, spans, records: lines.map((line) => ({ line, fields: JSON.parse(line) })) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
