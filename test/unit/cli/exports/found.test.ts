import { describe, expect, it } from 'vitest';
import { provable, recordsIn } from '../../../../src/cli/exports/found.js';
import { AUDIT_FIELDS, type AuditField } from '../../../../src/semconv/audit-record.js';
import { ChainWriter } from '../../../support/chain-writer.js';
import { EXPORTS, EXPORTS_WITH_ATTRIBUTES, type ExportName, type Values } from '../../../support/exports.js';
import { randomLine, seeded } from '../../../support/full-records.js';

const NAMES = Object.keys(EXPORTS) as ExportName[];
const RANDOM = seeded(20_261_121);
const FULL = randomLine(RANDOM);
const SMALL = randomLine(seeded(7), (key) => ['audit.actor.id', 'mcp_audit.sensitive', 'user.roles'].includes(key));

/** All that a file holds. */
function all(file: string) {
  const found = file.split('\n').map(provable);
  return {
    texts: found.flatMap(({ records }) => records.map(({ text }) => text)),
    differ: found.flatMap(({ records }) => records.flatMap(({ differ }) => differ)),
    damaged: found.flatMap(({ damaged }) => damaged),
  };
}

const intact = (...texts: string[]) => ({ texts, differ: [], damaged: [] });

describe.each(NAMES)('the export %s', (name) => {
  it('gives back the exact text of a record with every field', () => {
    expect(all(EXPORTS[name]([FULL]))).toEqual(intact(FULL));
  });

  it('gives back the exact texts of any records', () => {
    const random = seeded(NAMES.indexOf(name));
    const lines = Array.from({ length: 100 }, () => randomLine(random, () => random(2) === 0));
    expect(all(EXPORTS[name](lines))).toEqual(intact(...lines));
  });

  it('gives the members of records by the names of fields', () => {
    const records = EXPORTS[name]([FULL, SMALL])
      .split('\n')
      .flatMap((line) => provable(line).records);
    expect(records.map(({ record }) => ({ ...record }))).toEqual([JSON.parse(FULL), JSON.parse(SMALL)]);
    const read = EXPORTS[name]([SMALL])
      .split('\n')
      .flatMap((line) => recordsIn(line).records);
    expect(read.map((record) => ({ ...record }))).toEqual([JSON.parse(SMALL)]);
  });

  it('does not give back the text if any character of the record was changed', () => {
    for (const at of SMALL.split('').keys()) {
      const changed = SMALL.slice(0, at) + (SMALL[at] === '#' ? '+' : '#') + SMALL.slice(at + 1);
      const { texts, damaged } = all(EXPORTS[name]([changed]));
      expect({ at, texts: texts.filter((text) => text === SMALL) }).toEqual({ at, texts: [] });
      expect({ at, noticed: texts.length + damaged.length }).toEqual({ at, noticed: 1 });
    }
  });

  it('is never mistaken for changed where it is cut off', () => {
    const [line = ''] = EXPORTS[name]([SMALL]).split('\n');
    for (let length = 0; length < line.length; length += 1) {
      const { records, damaged } = provable(line.slice(0, length));
      expect({ length, others: records.filter(({ text }) => text !== SMALL) }).toEqual({ length, others: [] });
      expect({ length, how: damaged.filter(({ how }) => how !== 'cut') }).toEqual({ length, how: [] });
    }
  });
});

describe.each(EXPORTS_WITH_ATTRIBUTES)('the attributes of the export %s', (name) => {
  const own = Object.keys(JSON.parse(FULL)).filter((key) => (AUDIT_FIELDS as Fields)[key]?.bodyOnly !== true);
  // The resource of the export has it as well, and wins.
  const compared = own.filter((key) => key !== 'process.parent_pid');

  it('differ if one of them was changed there', () => {
    for (const key of compared) {
      const edit = (attributes: Values) => ({ ...attributes, [key]: other(attributes[key]) });
      expect(all(EXPORTS[name]([FULL], edit))).toEqual({ texts: [FULL], differ: [key], damaged: [] });
    }
  });

  it('differ if one was cut shorter than any limit cuts', () => {
    const line = JSON.stringify({ ...JSON.parse(SMALL), 'audit.actor.id': 'u-8472' });
    const edit = (attributes: Values) => ({ ...attributes, 'audit.actor.id': 'u-8' });
    expect(all(EXPORTS[name]([line], edit)).differ).toEqual(['audit.actor.id']);
  });

  it('differ if one of ours was added', () => {
    const edit = (attributes: Values) => ({ ...attributes, 'mcp_audit.organization.id': 'org-1' });
    expect(all(EXPORTS[name]([SMALL], edit)).differ).toEqual(['mcp_audit.organization.id']);
  });

  it('do not differ if some are missing, cut off by a limit, or of somebody else', () => {
    const edit = ({ 'audit.actor.id': _, ...attributes }: Values) => ({
      ...attributes,
      'gen_ai.tool.call.arguments': 'x'.repeat(64),
      'audit.integrity.value': 'MEUCIQ',
      'k8s.pod.name': 'weather-1',
      audit_actor_id_extracted: 'someone',
    });
    const long = EXPORTS[name](
      [JSON.stringify({ ...JSON.parse(SMALL), 'gen_ai.tool.call.arguments': 'x'.repeat(70) })],
      edit,
    );
    expect(all(long)).toMatchObject({ differ: [], damaged: [] });
  });
});

type Fields = Readonly<Record<string, AuditField>>;

function other(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + (value > 1_000 ? -1 : 1);
  return Array.isArray(value) ? [...value, 'else'] : `${value}!`;
}

describe('members beside the text', () => {
  it.each(['client.address', 'gen_ai.tool.name', 'mcp.method.name', 'audit.actor.id', 'mcp_audit.status'])(
    'are compared if nobody but us writes %s',
    (key) => {
      for (const beside of [{ [key]: 'evil' }, nestedOf(JSON.stringify({ [key]: 'evil' }))]) {
        for (const line of [FULL, lacking(FULL, key)]) {
          expect(all(JSON.stringify({ _source: { message: line, ...beside } })).differ).toEqual([key]);
        }
        expect(all(JSON.stringify({ _source: { body: { text: FULL }, ...beside } })).differ).toEqual([key]);
      }
    },
  );
});

describe('members of the log record', () => {
  const edited = (file: string, from: string, to: string) => {
    expect(file).toContain(from);
    return all(file.replace(from, to)).differ;
  };
  const { event_name: event } = JSON.parse(SMALL);

  it.each([
    ['OTLP JSON', '"eventName":'],
    ['Elasticsearch, elasticdump', '"event_name":'],
    ['Loki, logcli --output=jsonl', '"event_name":'],
  ] as const)('are compared, too: %s', (name, member) => {
    expect(edited(EXPORTS[name]([SMALL]), `${member}"${event}"`, `${member}"mcp_audit.other"`)).toEqual(['event_name']);
  });

  it('are compared under the names that Datadog gives them', () => {
    const file = EXPORTS['Datadog, archive']([SMALL]);
    expect(edited(file, '"severity_text":"', '"severity_text":"X')).toEqual(['severity_text']);
  });

  it('are no difference where they are not set', () => {
    const file = EXPORTS['OTLP JSON']([SMALL]);
    const { trace_id: trace } = JSON.parse(SMALL);
    expect(edited(file, `"traceId":"${trace}"`, '"traceId":""')).toEqual([]);
  });

  it('are not those of the resource, where an export has both in one', () => {
    const line = JSON.stringify({ ...JSON.parse(SMALL), 'process.parent_pid': 4117 });
    const names = [
      'Loki, logcli --output=jsonl',
      'Loki, query_range',
      'Datadog, list of logs',
      'Datadog, archive',
    ] as const;
    for (const name of names) expect(all(EXPORTS[name]([line]))).toMatchObject({ differ: [], damaged: [] });
  });

  it('are not compared in what other programs put around a line', () => {
    const wrapped = JSON.stringify({
      message: SMALL,
      trace_id: 'of a shipper',
      user: { id: '1000' },
      process: { parent_pid: 7 },
    });
    expect(all(wrapped)).toEqual(intact(SMALL));
  });

  it('are not those of each record in a list', () => {
    const values = [FULL, SMALL].map((line, index) => [String(index), line]);
    expect(all(JSON.stringify({ labels: { audit_actor_id: 'someone' }, values }))).toEqual(intact(FULL, SMALL));
    expect(all(JSON.stringify({ stream: { audit_actor_id: 'someone' }, values })).differ).toHaveLength(2);
  });

  it('are compared if they have the names of our own fields, wherever they are', () => {
    expect(all(JSON.stringify({ 'audit.actor.id': 'forged', message: SMALL })).differ).toEqual(['audit.actor.id']);
    expect(all(JSON.stringify({ audit: { actor: { id: 'forged' } }, message: SMALL })).differ).toEqual([
      'audit.actor.id',
    ]);
  });

  it('may be those of either of two headers with one label', () => {
    const headers = { 'http.response.header.x-a': ['1'], 'http.response.header.x_a': ['2'] };
    const line = JSON.stringify({ ...JSON.parse(SMALL), ...headers });
    const labelled = (value: string) => JSON.stringify({ labels: { http_response_header_x_a: value }, line });
    expect(all(labelled('["1"]')).differ).toEqual([]);
    expect(all(labelled('["2"]')).differ).toEqual([]);
    expect(all(labelled('["3"]')).differ).toEqual(['http.response.header.x-a']);
  });

  it('count once more if an attribute is there twice', () => {
    const document = JSON.parse(EXPORTS['OTLP JSON']([SMALL]));
    const { attributes } = document.resourceLogs[0].scopeLogs[0].logRecords[0];
    attributes.unshift({ key: 'audit.actor.id', value: { stringValue: 'forged' } });
    expect(all(JSON.stringify(document)).differ).toEqual(['audit.actor.id']);
  });
});

describe('a line of an audit file', () => {
  it('is its own text', () => {
    const { records } = provable(FULL);
    expect(records[0]?.text).toBe(FULL);
  });

  const reversed = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(SMALL)).reverse()));
  const { 'mcp_audit.chain.id': chain, 'audit.sequence.number': number } = JSON.parse(SMALL);
  const changed = { texts: [], differ: [], damaged: [{ how: 'changed', chain, number }] };

  it.each([
    ['in another order', reversed],
    ['with white space in it', SMALL.replace(',', ' , ')],
    ['with white space around it', ` ${SMALL}`],
    ['with a number in another form', SMALL.replace(/"audit.sequence.number":(\d+)/, '"audit.sequence.number":$1.0e0')],
    ['with an escape for a letter', SMALL.replace('audit.actor', '\\u0061udit.actor')],
    ['with an escape for each mark', SMALL.replaceAll('audit', '\\u0061udit')],
    ['behind other bytes', `xx${SMALL}`],
    ['with its first byte changed', `#${SMALL.slice(1)}`],
  ])('is changed if it is not as the trail writes it: %s', (_, line) => {
    const { differ, damaged } = all(line);
    expect({ ...changed, differ, damaged }).toEqual(changed);
  });

  it('written in another way within an export is the same record', () => {
    for (const line of [reversed, ` ${SMALL}`, JSON.stringify(JSON.parse(SMALL), null, 1)]) {
      expect(all(JSON.stringify({ message: line }))).toEqual(intact(SMALL));
    }
    expect(all(JSON.stringify(SMALL))).toEqual(intact(SMALL));
  });

  it('may be one of several in a list, or have zeros around it, as a crash of the system leaves them', () => {
    expect(all(`[${SMALL},${SMALL}]`)).toEqual(intact(SMALL, SMALL));
    expect(all(`\0\0${SMALL}\0`)).toEqual(intact(SMALL));
    expect(all(`${FULL.slice(0, 200)}\0\0${SMALL}`)).toMatchObject({ texts: [SMALL], damaged: [{ how: 'cut' }] });
  });

  it('from a version without chains is not held to its bytes', () => {
    const old = { 'audit.record.id': '7', event_name: 'mcp_audit.request', 'audit.action': 'READ' };
    expect(all(JSON.stringify(old)).damaged).toEqual([]);
  });

  it.each([
    ['of ours', '"audit.actor.id":"forged",'],
    ['of nobody', '"a":1,'],
    ['that wraps records in exports', '"message":"hello",'],
  ])('is another text with a member more, %s', (_, member) => {
    const { texts, damaged } = all(`{${member}${SMALL.slice(1)}`);
    expect(texts).not.toContain(SMALL);
    expect(texts.length + damaged.length).toBe(1);
  });

  it('with a member twice is changed, whichever of them readers take', () => {
    const twice = SMALL.replace('"audit.actor.id":', '"audit.actor.id":"forged","audit.actor.id":');
    expect(all(twice)).toMatchObject({
      texts: [],
      damaged: [{ how: 'changed', number: JSON.parse(SMALL)['audit.sequence.number'] }],
    });
    const text = JSON.stringify(SMALL);
    const forged = JSON.stringify(edited(SMALL));
    for (const line of [
      JSON.stringify({ line: twice }),
      `{"labels":{},"line":${forged},"line":${text}}`,
      `{"labels":{"audit_actor_id":"forged","audit_actor_id":"x"},"line":${text}}`,
      JSON.stringify({ message: `{"body":${forged},"body":${text}}` }),
      `"line":${forged},"line":${text},`,
      JSON.stringify(nestedOf(SMALL)).replace('{', '{"audit.actor.id":"forged","audit.actor.id":"x",'),
    ]) {
      expect(all(line)).toMatchObject({ texts: [], damaged: [{ how: 'changed' }] });
    }
    const list = EXPORTS['OTLP JSON, bodies parsed by a Collector']([SMALL]);
    const actor = '{"key":"audit.actor.id","value":{"stringValue":"forged"}},';
    expect(all(list.replace('"values":[', `"values":[${actor}${actor}`)).texts).not.toContain(SMALL);
  });

  it('with a number for a text is another text', () => {
    const typed = SMALL.replace(/"audit.sequence.number":(\d+)/, '"audit.sequence.number":"$1"');
    expect(all(typed).texts).toEqual([typed]);
  });
});

describe('a record that a line has more than once', () => {
  const FULL_USER = JSON.stringify({ ...JSON.parse(SMALL), 'user.id': 'alice' });
  const forged = edited(SMALL);

  it('is one record if all copies are the same', () => {
    expect(all(JSON.stringify({ body: SMALL, message: SMALL, line: SMALL }))).toEqual(intact(SMALL));
    expect(all(JSON.stringify({ body: { text: SMALL, structured: JSON.parse(SMALL) } }))).toEqual(intact(SMALL));
    const parsed = { ...nestedOf(SMALL), message: SMALL, host: { name: 'host-1' }, agent: { type: 'filebeat' } };
    expect(all(JSON.stringify({ _index: 'logs', _source: parsed }))).toEqual(intact(SMALL));
    expect(all(JSON.stringify({ _source: { ...JSON.parse(SMALL), message: SMALL } }))).toEqual(intact(SMALL));
  });

  const copies = {
    'as text': { body: SMALL, message: forged },
    'as text, the original last': { body: forged, message: SMALL },
    'in a line of Loki': { labels: {}, line: forged, body: SMALL },
    'as members of the body': { body: { text: SMALL, structured: JSON.parse(forged) } },
    'around the original as body': { ...JSON.parse(forged), body: SMALL },
    'around the original as message': { ...JSON.parse(forged), message: SMALL },
    'in canonical order around the original': Object.fromEntries(
      Object.entries({ ...JSON.parse(forged), body: SMALL }).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    'in a document around the original': { _source: { ...JSON.parse(forged), message: SMALL } },
    'without the name of the event': { ...JSON.parse(forged), event_name: undefined, message: SMALL },
    'in a document, without the name of the event': {
      _source: { 'audit.record.id': JSON.parse(SMALL)['audit.record.id'], user: { id: 'mallory' }, message: FULL_USER },
    },
    'in a document, nested': { _source: { ...nestedOf(forged), message: SMALL } },
  };
  it.each(Object.entries(copies))('is noticed if one of them was changed: %s', (_, line) => {
    const { texts, differ, damaged } = all(JSON.stringify(line));
    expect(new Set(texts).size - 1 + differ.length + damaged.length).toBeGreaterThan(0);
  });

  it.each(['client.address', 'gen_ai.tool.name', 'mcp.method.name', 'time', 'user.id', 'trace_id'])(
    'is noticed if one of them has another %s',
    (key) => {
      const other = { ...JSON.parse(FULL), [key]: '6.6.6.6' };
      for (const members of [other, nestedOf(JSON.stringify(other))]) {
        expect(all(JSON.stringify({ _source: { ...members, message: FULL } })).differ).toEqual([key]);
        expect(all(JSON.stringify({ _source: { ...members, body: { text: FULL } } })).differ).toEqual([key]);
      }
    },
  );

  it('is given to readers once', () => {
    const { records } = recordsIn(JSON.stringify({ body: SMALL, message: forged, _source: { ...nestedOf(SMALL) } }));
    expect(records).toEqual([JSON.parse(SMALL)]);
  });
});

describe('a record whose names are written with escapes', () => {
  const escaped = edited(SMALL).replaceAll('audit', '\\u0061udit');

  it.each([
    ['alone', escaped],
    ['as text in an export', JSON.stringify({ message: escaped })],
    ['with the escapes escaped', JSON.stringify({ message: escaped }).replaceAll('\\\\', '\\u005c')],
  ])('is seen by verify as by query: %s', (_, line) => {
    const { records, damaged } = provable(line);
    expect(records.length + damaged.length).toBe(1);
    expect(recordsIn(line).records).toEqual([JSON.parse(edited(SMALL))]);
  });
});

function lacking(line: string, key: string): string {
  const { [key]: _, ...members } = JSON.parse(line);
  return JSON.stringify(members);
}

/** As somebody else would have it. */
function edited(line: string): string {
  return JSON.stringify({ ...JSON.parse(line), 'audit.actor.id': 'mallory' });
}

/** Objects in objects for names with dots. */
function nestedOf(line: string): Values {
  const { _source } = JSON.parse(EXPORTS['Elasticsearch, parsed by a shipper']([line]));
  const { '@timestamp': _, log: __, ...members } = _source;
  return members;
}

describe('damage', () => {
  const { 'audit.sequence.number': number, 'mcp_audit.chain.id': chain } = JSON.parse(SMALL);

  it('names chain and number where it can', () => {
    expect(provable(SMALL.slice(0, -1)).damaged).toEqual([{ how: 'cut', chain, number }]);
    expect(provable(`${SMALL}x`).damaged).toEqual([{ how: 'changed', chain, number }]);
    expect(provable('{"audit.action":"EXEC').damaged).toEqual([{ how: 'cut', chain: undefined, number: undefined }]);
    const [line = ''] = EXPORTS['OTLP JSON']([SMALL]).split('\n');
    expect(provable(line.slice(0, -2)).damaged).toEqual([{ how: 'cut', chain, number }]);
  });

  it('is a cut also with zeros behind it, as a crash of the system leaves them', () => {
    expect(provable(`${SMALL.slice(0, 200)}${'\0'.repeat(4_096)}`).damaged).toMatchObject([{ how: 'cut' }]);
    expect(all(`${SMALL}\0\0`)).toEqual(intact(SMALL));
  });

  it.each(['audit file', 'OTLP JSON'] as const)('in front of another record hides nothing: %s', (name) => {
    const [cut = ''] = EXPORTS[name]([FULL]).split('\n');
    const [whole = ''] = EXPORTS[name]([SMALL]).split('\n');
    expect(all(cut.slice(0, -20) + whole)).toMatchObject({ texts: [SMALL], damaged: [{ how: 'cut' }] });
    expect(all(cut + whole)).toEqual(intact(FULL, SMALL));
    expect(all(`${cut}#${whole}`)).toMatchObject({ texts: [SMALL], damaged: [{ how: 'changed' }] });
  });

  it('within an export is found beside the other records', () => {
    const lines = [FULL, `${SMALL.slice(0, 300)}`, SMALL];
    for (const name of ['Loki, query_range', 'Elasticsearch, _search', 'Datadog, list of logs'] as const) {
      expect(all(EXPORTS[name](lines))).toMatchObject({ texts: [FULL, SMALL], damaged: [{ how: 'cut' }] });
    }
  });

  it.each([
    ['no JSON', 'panic: at main.go:7'],
    ['other JSON', '{"message":"hello","level":"info"}'],
    ['other JSON that is cut off', '{"message":"hello"'],
    ['the log of a program that quotes a record', `cannot send ${FULL}, will retry`],
    ['a list of a program that quotes half a record', JSON.stringify({ message: `cannot send ${FULL.slice(0, 300)}` })],
    [
      "another program's audit log",
      '{"audit.record.id":"7","audit.sequence.number":7,"audit.prev.hash":"9f","event_name":"user.login"}',
    ],
    [
      "another program's audit log, broken",
      '{"audit.record.id":"7","audit.sequence.number":7x,"audit.prev.hash":"9f"}',
    ],
    ['the start of a document', '{'],
    ['a member in a document of several lines', '  "event_name": "mcp_audit.request",'],
    ['an inherited name', '{"__proto__":{"event_name":"mcp_audit.request"}}'],
    ['metadata', JSON.stringify({ labels: { event_name: 'mcp_audit.request' } })],
  ])('is not what has nothing to do with records: %s', (_, line) => {
    expect(provable(line)).toEqual({ records: [], damaged: [] });
  });
});

describe('documents of several lines', () => {
  it.each([
    ['first of a list', (line: string) => `[${line},`],
    ['in a list', (line: string) => `${line},`],
    ['last of a list', (line: string) => `${line}]`],
    ['a list, comma first', (line: string) => `,${line}`],
    ['an indented member', (line: string) => `  "message": ${JSON.stringify(line)},`],
    ['an indented item', (line: string) => `  ${JSON.stringify(line)}`],
    ['an indented pair', (line: string) => `  ["1763716807123456789",${JSON.stringify(line)}],`],
  ])('have one record per line: %s', (_, write) => {
    expect(all(write(SMALL))).toEqual(intact(SMALL));
  });
});

describe('an export without the bodies', () => {
  it('has records, but not their texts', () => {
    const { body: _, ...source } = JSON.parse(EXPORTS['Elasticsearch, elasticdump']([SMALL]))._source;
    const { records, damaged } = provable(JSON.stringify({ _source: source }));
    expect(records).toMatchObject([
      { text: undefined, record: { 'audit.record.id': JSON.parse(SMALL)['audit.record.id'] } },
    ]);
    expect(damaged).toEqual([]);
  });
});

describe('hostile input', () => {
  const own = (more: string) => `{${more},${SMALL.slice(1)}`;

  it.each([
    ['an array nested deeper than the stack', own(`"a":${'['.repeat(500_000)}${']'.repeat(500_000)}`)],
    ['an object nested deeper than the stack', own(`"a":${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}`)],
    ['wrappers deeper than the stack', `${'{"body":'.repeat(300_000)}${SMALL}${'}'.repeat(300_000)}`],
    ['lists deeper than the stack', `${'['.repeat(300_000)}${SMALL}${']'.repeat(300_000)}`],
    ['a forged prototype', own('"__proto__":{"audit.actor.id":"forged"}')],
    ['names of methods', own('"toString":1,"constructor":{"prototype":1},"hasOwnProperty":1,"valueOf":null')],
  ])('is not the record, and throws nothing: %s', (_, line) => {
    expect(all(line).texts).not.toContain(SMALL);
  });

  it.each(['attributes', 'labels', 'stream', 'fields', 'body', 'message', 'values', 'hits', 'kvlistValue'])(
    'of any type as %s throws nothing',
    (name) => {
      const values: unknown[] = [
        null,
        7,
        true,
        '',
        '[',
        '{"event_name"',
        [],
        {},
        [[]],
        [{ key: 7 }],
        { toString: 1 },
        [{ key: 'audit.actor.id' }],
      ];
      for (const value of values) {
        expect(all(JSON.stringify({ [name]: value, line: SMALL })).damaged).toEqual([]);
        provable(JSON.stringify({ body: { stringValue: SMALL }, [name]: value }));
      }
    },
  );

  it('of a million members is read in linear time', () => {
    const many = Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":1`).join(',');
    expect(all(own(many)).damaged).toHaveLength(1);
    expect(all(`{"labels":{${many}},"line":${JSON.stringify(SMALL)}}`)).toEqual(intact(SMALL));
    expect(all(`{"attributes":{${many}},"message":${JSON.stringify(SMALL)}}`)).toEqual(intact(SMALL));
  }, 60_000);

  it('is read in linear time where everything is multiplied with everything', () => {
    const text = JSON.stringify(SMALL);
    const labels = Array.from({ length: 100_000 }, (_, index) => `"http_response_header_${index}":"x"`).join(',');
    const values = Array.from({ length: 20_000 }, (_, index) => `["${index}",${text}]`).join(',');
    const { texts, differ } = all(`{"stream":{${labels}},"values":[${values}]}`);
    expect(texts).toHaveLength(20_000);
    expect(new Set(differ)).toEqual(new Set(['more than 1000 attributes']));

    const long = 'x'.repeat(1_000_000);
    const below = Array.from({ length: 100_000 }, (_, index) => `"${index}":1`).join(',');
    expect(all(`{"attributes":{"${long}":{${below}}},"message":${text}}`)).toEqual(intact(SMALL));
    expect(all(`{"${long}":{${below}},${SMALL.slice(1)}`).damaged).toHaveLength(1);

    const copies = Array.from({ length: 20_000 }, (_, index) => JSON.stringify({ ...JSON.parse(SMALL), x: index }));
    expect(all(JSON.stringify({ logs: copies, data: copies, result: copies })).texts).toHaveLength(20_000);

    for (const part of ['{"audit.', '{"resourceLogs"', '[', '"', ' ', '\0', '\\', '{"a":"mcp_audit.']) {
      provable(`{"audit.x":"mcp_audit.${part.repeat(1_000_000)}`);
      provable(`{"audit.x":"mcp_audit.${part.repeat(1_000_000)}!`);
      provable(`{"message":${JSON.stringify(`{"audit.x":"${part.repeat(500_000)}!`)}}`);
    }
  }, 60_000);
});

it('attributes around the text, as Datadog receives them, are no record of their own', () => {
  const line = new ChainWriter().add('response');
  const inBodyAlone = ['audit.prev.hash', 'time', 'observed_time'];
  const attributes = Object.fromEntries(
    Object.entries(JSON.parse(line)).filter(([name]) => !inBodyAlone.includes(name)),
  );
  const around = (changes: object) => provable(JSON.stringify({ ...attributes, ...changes, message: line }));
  expect(around({})).toEqual({ records: [{ text: line, record: JSON.parse(line), differ: [] }], damaged: [] });
  expect(around({ 'audit.actor.id': 'mallory' })).not.toEqual(around({}));
  expect(around({ 'audit.actor.id': 'mallory' }).records[0]?.differ).toEqual(['audit.actor.id']);
});
