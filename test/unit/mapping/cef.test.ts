import { describe, expect, it } from 'vitest';
import { CEF_LABELS, CEF_LENGTHS, CEF_ROWS } from '../../../src/mapping/cef.js';
import { toCef } from '../../../src/mapping/index.js';
import type { AuditRecord } from '../../../src/semconv/audit-record.js';
import { parseCef } from '../../stack/stand-ins/cef.mjs';
import { BARE, FULL, SAMPLES } from './samples.js';

const map = (fields: object, options?: { maxBytes: number }) =>
  parseCef(toCef({ ...BARE, ...fields } as AuditRecord, options));

describe('a CEF text', () => {
  it('is accepted by a parser of the specification, for any record', () => {
    const wrong: string[] = [];
    for (const { name, record } of SAMPLES) {
      try {
        parseCef(toCef(record));
      } catch (error) {
        wrong.push(`${name}: ${error}`);
      }
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('has a header and the fields of its table', () => {
    expect(toCef(BARE)).toBe(
      'CEF:0|mcp-trail|mcp-trail|1.0.0|mcp_audit.response|mcp_audit.response|3|app=MCP rt=1795252807123 ' +
        'externalId=019a9f3e-7d10-7c2a-9f00-000000000001 cn1=1 cn1Label=Sequence Number ' +
        'cs5=019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b cs5Label=Chain ID cs2=req-8f7b2c9a-4d3e cs2Label=Correlation ID ' +
        'suid=u-8472 act=EXECUTE cat=EXECUTE outcome=success',
    );
  });

  it('gives everything back that its table has a place for', () => {
    const { extension } = map(FULL);
    for (const { to } of CEF_ROWS) if (!['c6a2', 'c6a3', 'dst'].includes(to)) expect(extension, to).toHaveProperty(to);
    for (const [key, label] of Object.entries(CEF_LABELS))
      if (key in extension) expect(extension[`${key}Label`]).toBe(label);
  });

  it.each(['a|b', 'a=b', 'a\\b', 'a\nb', 'a\rb', '\\', '\\n', '«ü» 漢字 😀', 'x cs1=y'])('gives back %j', (value) => {
    const { extension, name } = map({ 'audit.actor.id': value, 'mcp.method.name': value });
    expect(extension['suid']).toBe(value);
    expect(name).toBe(value.replace(/[\r\n]/g, ' '));
  });

  it.each([
    ['\t a\u0000b\u0085\u2028c ', 'a b  c'],
    ['\ud800', '\ufffd'],
  ])('has %j as %j', (value, text) => {
    expect(map({ 'audit.actor.id': value }).extension['suid']).toBe(text);
  });

  it.each([['severity_number', [0, 1, 9, 13, 17, 21, 99, 'high'], [0, 3, 3, 6, 8, 10, 10, 0]]] as const)(
    'has a severity by range',
    (key, numbers, severities) => {
      expect(numbers.map((number) => map({ [key]: number }).severity)).toEqual(severities);
    },
  );

  it.each([
    ['10.0.0.7', { src: '10.0.0.7' }],
    ['fe80::1', { c6a2: 'fe80::1', c6a2Label: 'Source IPv6 Address' }],
    ['::ffff', { c6a2: '::ffff' }],
    ['1:2:3:4:5:6:7:8', { c6a2: '1:2:3:4:5:6:7:8' }],
  ])('has the address %s by its kind', (address, keys) => {
    expect(map({ 'client.address': address }).extension).toMatchObject(keys);
  });

  it.each([
    '999.1.1.1',
    '1.2.3',
    '01.2.3.4',
    'fe80::1%eth0',
    '::g',
    ':',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    'localhost',
    '',
  ])('has no address %j', (address) => {
    const { extension } = map({ 'client.address': address, 'network.peer.address': address });
    expect(extension).not.toHaveProperty('src');
    expect(extension).not.toHaveProperty('c6a2');
  });

  it('cuts a value between two characters, at the length of its key', () => {
    const { suid = '' } = map({ 'audit.actor.id': `${'x'.repeat(1022)}é` }).extension;
    expect(suid).toBe('x'.repeat(1022));
    expect(map({ 'audit.actor.id': '😀'.repeat(400) }).extension['suid']).toBe('😀'.repeat(255));
    expect(Object.values(CEF_LENGTHS).every((length) => length <= 1023)).toBe(true);
  });

  it('leaves whole keys out that exceed its size', () => {
    const long = {
      ...FULL,
      ...Object.fromEntries(CEF_ROWS.map(({ from }) => [from, '='.repeat(5000)])),
    } as AuditRecord;
    expect(Buffer.byteLength(toCef(long))).toBeLessThanOrEqual(3800);
    for (const maxBytes of [1024, 2000, 100_000]) {
      const text = toCef(long, { maxBytes });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
      parseCef(text);
    }
    const { extension } = map(FULL, { maxBytes: 1024 });
    expect(extension).toHaveProperty('externalId');
    expect(extension).not.toHaveProperty('msg');
  });

  it.each([0, -1, 512, 1.5, Number.NaN, '2000', null])('ignores a size of %o', (maxBytes) => {
    expect(toCef(FULL, { maxBytes: maxBytes as number })).toBe(toCef(FULL));
  });
});

const hostile: Record<string, unknown> = {
  'is nothing': undefined,
  'is empty': {},
  'has values of other types': Object.fromEntries(Object.keys(FULL).map((key) => [key, { toString: null }])),
  'has spaces for a header': { ...FULL, event_name: ' ', 'mcp.method.name': '\n', 'audit.schema.version': '|' },
  'has very long values': Object.fromEntries(Object.keys(FULL).map((key) => [key, '|\\='.repeat(1_000_000)])),
  'throws when a field is read': {
    get event_name(): string {
      throw new Error('no');
    },
  },
};

it.each(Object.entries(hostile))('a record that %s makes a valid event', (_, record) => {
  const before = performance.now();
  expect(parseCef(toCef(record as AuditRecord))).toMatchObject({ vendor: 'mcp-trail', product: 'mcp-trail' });
  expect(performance.now() - before).toBeLessThan(5000);
});
