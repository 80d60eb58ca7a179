/** The files generated from the definition of the audit record are up to date, and valid for the tools that read them. */
import { describe, expect, it } from 'vitest';
import {
  AUDIT_EVENT_DETAILS,
  AUDIT_EVENTS,
  AUDIT_FIELDS,
  AUDIT_SEVERITIES,
  REQUIRED_AUDIT_FIELDS,
} from '../../src/semconv/audit-record.js';
import { FIELDS, type Field, isUpstream, levelOn } from './audit-registry/fields.js';
import { committed, filesInRegistry, GENERATED, UPDATING, write } from './audit-registry/files.js';
import { readYaml } from './audit-registry/yaml-reader.js';

// Before anything below reads the files.
if (UPDATING) for (const [path, content] of Object.entries(GENERATED)) write(path, content());

const ALWAYS: readonly string[] = REQUIRED_AUDIT_FIELDS;

function keysOf(fields: readonly Field[]): string[] {
  return fields.map(({ key }) => key);
}

/** Fields that match a predicate; the tests expect none. */
function wrong(holds: (field: Field) => boolean): string[] {
  return keysOf(FIELDS.filter(holds));
}

describe('the files generated from the definition of the audit record', () => {
  it.each(Object.entries(GENERATED))('%s is up to date (run `npm run generate`)', (path, content) => {
    expect(committed(path)).toBe(content());
  });

  it('are all the files in the registry', () => {
    const paths = Object.keys(GENERATED).filter((path) => path.startsWith('registry/'));
    expect(filesInRegistry().sort()).toEqual(paths.sort());
  });
});

describe('the definition of the audit record', () => {
  it('has each field in exactly one group', () => {
    expect(keysOf(FIELDS)).toEqual(Object.keys(AUDIT_FIELDS));
  });

  it('has keys of lower-case words separated by dots', () => {
    expect(wrong(({ key }) => !/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_-]*)*$/.test(key))).toEqual([]);
  });

  it('has no key that is the namespace of another, which backends with nested keys could not store', () => {
    expect(wrong(({ key }) => FIELDS.some((other) => other.key.startsWith(`${key}.`)))).toEqual([]);
  });

  it('requires on every event the fields that the type requires', () => {
    const required = FIELDS.filter((field) => AUDIT_EVENTS.every((event) => levelOn(field, event) === 'required'));
    expect(keysOf(required).sort()).toEqual([...ALWAYS].sort());
  });

  it('requires on single events only fields that no application hook can remove', () => {
    const required = ({ requirement, requiredOn }: Field) => requirement === 'required' || requiredOn !== undefined;
    expect(wrong((field) => required(field) && !ALWAYS.includes(field.key) && field.redaction !== 'ours')).toEqual([]);
  });

  it('requires a field only on events that allow it', () => {
    expect(wrong(({ requiredOn, events }) => requiredOn?.some((event) => !events.includes(event)) === true)).toEqual(
      [],
    );
  });

  it('describes every field in one or two short sentences', () => {
    expect(wrong(({ brief }) => !/^[A-Z].{8,240}\.$/.test(brief))).toEqual([]);
  });

  it('has valid examples for every string without a closed set of values', () => {
    expect(wrong(({ type, values, examples }) => /string/.test(type) && !values && !examples?.length)).toEqual([]);
    const broken = (field: Field) =>
      field.examples?.some((each) => typeName(each) !== field.type || !matches(field, each)) === true;
    expect(wrong(broken)).toEqual([]);
  });

  it('names the origin of every foreign name', () => {
    expect(wrong(({ stability, see }) => (stability === 'own') !== (see === undefined))).toEqual([]);
    expect(wrong(({ key, stability }) => key.startsWith('audit.') !== (stability === 'draft'))).toEqual([]);
    const ours = /^(?:mcp_audit|mcp_trail)\.|^[a-z_]+$/;
    expect(wrong((field) => ours.test(field.key) !== (field.stability === 'own'))).toEqual([]);
  });

  it('has a description, a source and a severity for every event', () => {
    expect(Object.keys(AUDIT_EVENT_DETAILS)).toEqual(AUDIT_EVENTS);
    for (const { brief, source, severity } of Object.values(AUDIT_EVENT_DETAILS)) {
      expect([brief, source]).toEqual([expect.stringMatching(/\.$/), expect.stringMatching(/\.$/)]);
      const severities = AUDIT_SEVERITIES.filter((text) => severity[text] !== undefined);
      expect(Object.keys(severity)).toEqual(severities);
      expect(Object.values(severity).includes('always')).toBe(severities.length === 1);
    }
  });
});

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'string[]';
  return typeof value === 'number' ? 'int' : typeof value;
}

function matches({ pattern }: Field, value: unknown): boolean {
  return pattern === undefined || new RegExp(`^${pattern}$`).test(String(value));
}

interface RegistryGroup {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly extends?: string;
  readonly attributes: readonly {
    readonly id?: string;
    readonly ref?: string;
    readonly type?: string | { readonly members: readonly { readonly id: string; readonly value: string }[] };
  }[];
}

function groupsIn(path: string): readonly RegistryGroup[] {
  return (readYaml(committed(path)) as unknown as { groups: RegistryGroup[] }).groups;
}

describe('the registry', () => {
  const attributes = groupsIn('registry/attributes.yaml').flatMap((group) => group.attributes);
  const groups = groupsIn('registry/events.yaml');
  const defined = attributes.flatMap(({ id }) => id ?? []);
  const referenced = attributes.flatMap(({ ref }) => ref ?? []);

  it('depends on one release of the semantic conventions and has the schema version', () => {
    const manifest = readYaml(committed('registry/manifest.yaml')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: 'mcp-trail', schema_url: expect.stringMatching(/\/1\.3\.0$/) });
    expect(manifest['dependencies']).toHaveLength(1);
  });

  it('defines each name that is not in that release once, and references the others', () => {
    const own = FIELDS.filter((field) => field.bodyOnly !== true && !isUpstream(field));
    expect(defined.sort()).toEqual([...keysOf(own), 'client.service.name'].sort());
    const isKnown = ({ key, ...field }: Field) =>
      field.bodyOnly === true ||
      defined.includes(key) ||
      referenced.some((ref) => key === ref || key.startsWith(`${ref}.`));
    expect(wrong((field) => !isKnown(field))).toEqual([]);
    expect(new Set(referenced).size).toBe(referenced.length);
  });

  it('defines closed sets by their members, with distinct ids', () => {
    const sets = attributes.flatMap(({ id, type }) =>
      typeof type === 'object' ? [{ id, members: type.members }] : [],
    );
    const expected = FIELDS.filter(({ key, values }) => values !== undefined && defined.includes(key));
    expect(sets.map(({ id, members }) => [id, members.map(({ value }) => value)])).toEqual(
      expected.map(({ key, values }) => [key, values]),
    );
    expect(sets.filter(({ members }) => new Set(members.map(({ id }) => id)).size !== members.length)).toEqual([]);
  });

  it('has every event, which only references defined attributes', () => {
    const events = groups.filter(({ type }) => type === 'event');
    expect(events.map(({ name }) => name)).toEqual(AUDIT_EVENTS);
    expect(events.filter((event) => !groups.some(({ id }) => id === event.extends))).toEqual([]);
    const known = new Set([...defined, ...referenced]);
    const used = groups.flatMap((group) => group.attributes.map(({ ref }) => ref ?? ''));
    expect(used.filter((ref) => !known.has(ref))).toEqual([]);
    expect([...known].filter((key) => !used.includes(key))).toEqual([]);
  });

  it('has no attribute twice on an event', () => {
    const inherited = (group: RegistryGroup) => groups.find(({ id }) => id === group.extends)?.attributes ?? [];
    const repeated = groups.filter((group) => {
      const refs = [...inherited(group), ...group.attributes].map(({ ref }) => ref);
      return new Set(refs).size !== refs.length;
    });
    expect(repeated).toEqual([]);
  });
});

describe('closed sets of values', () => {
  it.each(FIELDS.filter(({ values }) => values !== undefined))('of $key are in every generated file', (field) => {
    const { key, values = [], bodyOnly } = field;
    const row = committed('README.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${key}\` |`));
    const schema = JSON.parse(committed('registry/audit-record.schema.json')).properties[key];
    const yaml = committed('registry/attributes.yaml');
    expect(values.filter((value) => !row?.includes(`\`${value}\``))).toEqual([]);
    expect(schema.enum).toEqual(values);
    if (bodyOnly !== true) expect(values.filter((value) => !yaml.includes(value))).toEqual([]);
  });
});
