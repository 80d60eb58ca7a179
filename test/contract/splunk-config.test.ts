/** The Splunk files and searches, against `backends/splunk.yaml` and the audit record's schema: no Splunk runs here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DAMAGED_LINE, FIELDS } from './backends/audit-fields.js';

const read = (file: string) => readFileSync(`collector-config/${file}`, 'utf8');
const { exporters } = parse(read('backends/splunk.yaml'));
const senders = Object.entries<any>(exporters).flatMap(([id, exporter]) =>
  id.startsWith('splunk_hec/') ? exporter : [],
);
const readme = read('splunk/README.md');

/** Settings of a `.conf` file, by stanza. */
function conf(file: string): Record<string, Record<string, string>> {
  const stanzas: Record<string, Record<string, string>> = {};
  let stanza = '';
  for (const line of read(`splunk/${file}`).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const name = /^\[([\w:]+)\]$/.exec(line)?.[1];
    const [, key, value] = /^(\w+) = (\S.*)$/.exec(line) ?? [];
    // A comment behind a value would be part of it.
    expect(name ?? key, line).toBeDefined();
    expect(value ?? '', line).not.toContain('#');
    if (name !== undefined) stanza = name;
    else stanzas[stanza] = { ...stanzas[stanza], [key as string]: value as string };
  }
  return stanzas;
}

describe('the files for Splunk', () => {
  it('create every index that the exporters write to, of its type', () => {
    const indexes = conf('indexes.conf');
    const written = senders.map(({ index }) => /:-(\w+)\}$/.exec(index)?.[1] as string);
    expect(Object.keys(indexes).sort()).toEqual([...new Set(written)].sort());
    for (const [name, settings] of Object.entries(indexes)) {
      expect(settings).toMatchObject({ homePath: `$SPLUNK_DB/${name}/db`, coldPath: `$SPLUNK_DB/${name}/colddb` });
      expect(settings['datatype']).toBe(name === 'mcp_metrics' ? 'metric' : undefined);
      expect(readme).toContain(`\`${name}\``);
    }
  });

  it('describe every source type of events, and extract the fields of JSON once', () => {
    const types = conf('props.conf');
    const sent = senders.map(({ sourcetype }) => sourcetype).filter((type) => type !== 'mcp:metric');
    expect(Object.keys(types).sort()).toEqual(sent.sort());
    for (const [name, { KV_MODE, TRUNCATE, ...rest }] of Object.entries(types)) {
      expect(KV_MODE).toBe(name === 'mcp:log' ? 'none' : 'json');
      expect(Number(TRUNCATE)).toBeGreaterThan(1024 * 1024);
      expect(rest).toEqual({ SHOULD_LINEMERGE: 'false' });
    }
  });

  it('let a search see all fields of the longest record', () => {
    const { spath, kv } = conf('limits.conf');
    for (const bytes of [spath?.['extraction_cutoff'], kv?.['maxchars']])
      expect(Number(bytes)).toBeGreaterThan(32 * 1024);
    expect(Number(kv?.['limit'])).toBeGreaterThan(Object.keys(FIELDS).length);
  });
});

describe('the searches', () => {
  const searches = [...readme.matchAll(/```spl\n([\s\S]*?)```/g)].map(([, text]) => text as string);

  it('name only fields of records, and values that they have', () => {
    expect(searches.length).toBeGreaterThan(5);
    const known = [...Object.keys(FIELDS), ...DAMAGED_LINE.attributes];
    for (const search of searches) {
      for (const [, name] of search.matchAll(/(?<![\w.=])([a-z][a-z_]*\.[a-z_.]+[a-z])(?![\w.(])/g))
        expect(known, search).toContain(name);
      for (const [, name, value] of search.matchAll(/([a-z_.]+)=([\w.]+)/g)) {
        const allowed = FIELDS[name as string]?.enum;
        if (allowed) expect([...allowed, DAMAGED_LINE.event]).toContain(value);
      }
    }
  });

  it('quote names with dots in expressions', () => {
    for (const [line] of searches.join('').matchAll(/^\| (eval|where) .*$/gm))
      expect(line.replace(/'[^']*'/g, '')).not.toMatch(/[a-z]\.[a-z]/);
  });
});
