/** Records with every field there is, written as the trail writes them. */
import { RecordFields } from '../../src/audit/record-fields.js';
import { AUDIT_EVENTS, AUDIT_FIELDS, type AuditField, type AuditKey } from '../../src/semconv/audit-record.js';

/** Text that some step of some export could read or write in another way. */
export const TRICKY_TEXTS = [
  'plain',
  'ünïcödé 日本語 🦊 \u{1f468}\u200d\u{1f469}',
  '<b>&amp;</b> \u2028 \u2029',
  'quotes " \\ \\" / \b\f\n\r\t \u0001 \u001f \u007f',
  '7',
  '007',
  'true',
  'null',
  '[]',
  '["a","b"]',
  '{"event_name":"mcp_audit.request","audit.record.id":"forged"}',
  '{"audit.',
  'replaced \ufffd by \ufffd',
  '%20 {{x}} $x a.b.c a_b_c',
  ' spaces ',
  'x'.repeat(3_000),
] as const;

/** Random numbers that are the same in every run. @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A line with the fields that `has` chooses, and what every record has. Values come from `random`. */
export function randomLine(random: (below: number) => number, has: (key: AuditKey) => boolean = () => true): string {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const fields = new RecordFields();
  for (const [key, field] of Object.entries(AUDIT_FIELDS) as [AuditKey, AuditField][]) {
    if (has(key)) fields.set(key, valueFor(key, field, pick, random) as never);
  }
  fields.add({
    event_name: pick(AUDIT_EVENTS),
    'audit.record.id': `019aa5b2-7c31-7e0f-9d4e-${hex(random, 12)}`,
    'audit.schema.version': '1.3.0',
    'mcp_audit.chain.id': '019aa5b2-7c31-7a42-8e6d-5b0c9f1e2d34',
    'audit.sequence.number': 1 + random(1_000_000),
    'audit.prev.hash': hex(random, 64),
    time: `2026-11-21T09:20:07.${String(random(1_000)).padStart(3, '0')}000000Z`,
    trace_id: hex(random, 32),
    span_id: hex(random, 16),
    severity_text: pick(['INFO', 'WARN', 'ERROR']),
    severity_number: 9,
  });
  for (const name of ['server', 'x-a--b']) {
    if (has('http.response.header.content-type')) fields.setOpen(`http.response.header.${name}`, [pick(TRICKY_TEXTS)]);
  }
  return fields.toText();
}

function valueFor(
  key: AuditKey,
  { type, values, examples = [] }: AuditField,
  pick: <T>(list: readonly T[]) => T,
  random: (below: number) => number,
): unknown {
  if (values !== undefined && type === 'string') return pick(values);
  // As in the resource of the exports.
  if (key === 'process.parent_pid') return 1;
  if (key.startsWith('service.') || key.startsWith('deployment.')) return key === 'service.name' ? 'weather' : 'one';
  const [, time, more] = /^(\d{4}-.+\.)\d{3}(0*Z)$/.exec(String(examples[0])) ?? [];
  if (time !== undefined) return `${time}${String(random(1_000)).padStart(3, '0')}${more}`;
  switch (type) {
    case 'int':
      return pick([0, 1, 142, -32_603, 2 ** 31, Number.MAX_SAFE_INTEGER]);
    case 'boolean':
      return random(2) === 0;
    case 'string[]':
      return Array.from({ length: 1 + random(4) }, () => pick(TRICKY_TEXTS));
    case 'string':
      return pick(TRICKY_TEXTS);
  }
}

function hex(random: (below: number) => number, length: number): string {
  return Array.from({ length }, () => random(16).toString(16)).join('');
}
