/** Signed records through a Collector, and what an export of a backend must still prove of them. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { newSigningKey, publicJwk } from '../../../src/chain/keys.js';
import { provable } from '../../../src/cli/exports/found.js';
import { AUDIT_FIELDS, type AuditField } from '../../../src/semconv/audit-record.js';
import { ChainWriter } from '../../support/chain-writer.js';
import { randomLine, seeded } from '../../support/full-records.js';
import { eventually } from './eventually.js';

const COMMAND = fileURLToPath(new URL('../../../dist/cjs/cli.js', import.meta.url));
/** The writer of the chain sets them. */
const OF_THE_CHAIN = [
  ...['event_name', 'time', 'observed_time', 'audit.record.id'],
  ...['mcp_audit.chain.id', 'audit.sequence.number', 'audit.prev.hash'],
];
const EVENTS = ['request', 'response', 'authorization', 'session', 'guardrail', 'server.observed'] as const;

const key = newSigningKey({});

/** Records of one chain: the first has every field, the others any. */
export const LINES = signedChain(40);

function signedChain(records: number): readonly string[] {
  const random = seeded(20_261_121);
  const writer = new ChainWriter({ key });
  for (let index = 0; index < records; index++) {
    const fields = JSON.parse(randomLine(random, () => index === 0 || random(2) === 0));
    for (const name of OF_THE_CHAIN) delete fields[name];
    writer.add(EVENTS[index % EVENTS.length], fields);
  }
  writer.checkpoint();
  return writer.lines;
}

type Fields = Readonly<Record<string, AuditField>>;

/** The records, as an SDK sends them. */
export const logRecords = () => LINES.map(logRecordOf);

function logRecordOf(body: string) {
  const fields = JSON.parse(body);
  const own = Object.entries(fields).filter(([key]) => (AUDIT_FIELDS as Fields)[key]?.bodyOnly !== true);
  return {
    body,
    eventName: fields.event_name,
    severityNumber: fields.severity_number,
    traceId: fields.trace_id,
    spanId: fields.span_id,
    attributes: { 'log.record.uid': fields['audit.record.id'], ...Object.fromEntries(own) },
  };
}

/**
 * Registers tests of an export of the records.
 *
 * @param name for messages
 * @param folder for files
 * @param read everything that the source exports, as lines
 * @param attributes whether it has them beside the text
 */
export function provesTheChain(
  name: string,
  folder: () => string,
  read: () => Promise<string[]>,
  attributes = true,
): void {
  const complete = () =>
    eventually(
      `all records in ${name}`,
      async () => {
        const lines = await read();
        const found = lines.map(provable);
        return {
          lines,
          records: found.flatMap(({ records }) => records),
          damaged: found.flatMap(({ damaged }) => damaged),
        };
      },
      { accept: ({ records }) => records.length >= LINES.length },
    );

  it('gives back the exact text of every record, and no attribute differs', async () => {
    const { records, damaged } = await complete();
    expect(damaged).toEqual([]);
    expect(records.filter(({ differ }) => differ.length > 0)).toEqual([]);
    expect(records.map(({ text }) => text).sort()).toEqual([...LINES].sort());
  });

  it('verifies, until one byte changes', async () => {
    const { lines } = await complete();
    const file = join(folder(), 'export.jsonl');
    const trust = join(folder(), 'trust.json');
    await writeFile(trust, JSON.stringify({ keys: [publicJwk(key)] }));
    const verify = async (text: string) => {
      await writeFile(file, text);
      const { status, stdout } = spawnSync(process.execPath, [COMMAND, 'verify', file, '--trust', trust], {
        encoding: 'utf8',
      });
      return { status, stdout };
    };
    const text = `${lines.join('\n')}\n`;
    expect(await verify(text)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`intact: ${LINES.length} records`),
    });
    const changed = await verify(text.replace('u-8472', 'u-8473'));
    expect(changed).toMatchObject({ status: 1, stdout: expect.stringContaining('tampered: ') });
  });

  if (!attributes) return;
  it('shows an attribute that was changed', async () => {
    const { lines } = await complete();
    const { 'audit.record.id': id } = JSON.parse(LINES[0] as string);
    const line = lines.find((each) => each.includes(id)) as string;
    const forged = id.replace(/.$/, (last: string) => (last === '0' ? '1' : '0'));
    const differ = [...line.matchAll(new RegExp(id, 'g'))].flatMap(({ index }) => {
      const { records } = provable(line.slice(0, index) + forged + line.slice(index + id.length));
      return records.filter(({ text }) => text === LINES[0]).flatMap((record) => record.differ);
    });
    expect(new Set(differ)).toEqual(new Set(['audit.record.id']));
  });
}
