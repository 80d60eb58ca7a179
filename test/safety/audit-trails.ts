/** The audit trails that processes leave behind: in files, on stderr, and at an OTLP receiver. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogRecord } from '../../examples/support/otlp-json.mjs';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { parse } from '../support/audit.js';
import { expectChained } from '../support/chain.js';
import { newKeyFile } from '../support/signing-key.js';
import { type Ended, ROOT, run } from './child.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

/** A folder for one test, and a function that removes it. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcp-trail-audit-'));
  /** A key, without which a line on stderr says that the trail is not signed. */
  readonly signed = { MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: newKeyFile(this.folder).path };
  #next = 0;

  /** A path where no file exists yet. */
  path(name = 'audit.jsonl'): string {
    this.#next += 1;
    return join(this.folder, `${this.#next}`, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Valid and linked records of a file, in order. The last line has to be complete. */
export function recordsIn(path: string): AuditRecord[] {
  return linked(linesOf(readFileSync(path, 'utf8')));
}

/** Valid and linked records on stderr, and the other lines. */
export function recordsAmong(stderr: string): { readonly records: AuditRecord[]; readonly rest: string } {
  const lines = linesOf(stderr);
  const isRecord = (line: string) => line.startsWith('{"audit.');
  return {
    records: linked(lines.filter(isRecord)),
    rest: lines
      .filter((line) => !isRecord(line))
      .map((line) => `${line}\n`)
      .join(''),
  };
}

/** Valid records among log records, which have the same fields as attributes. */
export function recordsOf(logs: readonly LogRecord[]): AuditRecord[] {
  return logs.filter(({ scope }) => scope.name === 'mcp-trail').map(({ body }) => parse(String(body)));
}

function linked(texts: readonly string[]): AuditRecord[] {
  expectChained(texts);
  return texts.map(parse);
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error(`does not end with a line feed: ${text.slice(-200)}`);
  return lines;
}

/** Records as one line each: the event, the method or state, and the status. */
export function story(records: readonly AuditRecord[]): string[] {
  return records.map((record) =>
    [
      record.event_name.replace('mcp_audit.', ''),
      record['mcp.method.name'] ?? record['mcp_audit.session.state'],
      record['gen_ai.tool.name'],
      record['mcp_audit.status'],
    ]
      .filter((part) => part !== undefined)
      .join(' '),
  );
}

const CONVERSATION = [...HANDSHAKE, callEcho('only')].join('\n');
let plain: Promise<Ended> | undefined;

/** Runs a server on SDK v1 for one call. Its stdout has to be the same as without mcp-trail. */
export async function serve(args: readonly string[], env: Record<string, string>, cwd = ROOT): Promise<Ended> {
  plain ??= run(['test/fixtures/safety-server-v1.mjs'], { input: CONVERSATION });
  const ended = await run(args, { env, input: CONVERSATION, cwd });
  const { code, signal, stdout } = await plain;
  expect(ended).toMatchObject({ code, signal, stdout });
  return ended;
}
