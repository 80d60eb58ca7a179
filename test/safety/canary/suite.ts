/** The sweep of one protocol version: every kind, planted in every field, with the defaults and with every option set. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Flavour } from '../../support/flavours.js';
import { converse, MODES, type Mode } from './converse.js';
import { FITS, fieldsOf } from './fields.js';
import {
  BARE_NUMBERS,
  DISGUISED,
  type Fake,
  type Kind,
  LOOK_ALIKES,
  MARKER,
  PERSONAL,
  SECRETS,
  SHAPELESS,
} from './kinds.js';
import { Outputs } from './outputs.js';
import { Sweep } from './sweep.js';

const twice = (fields: readonly string[]) => fields.flatMap((field) => [field, `outside: ${field}`]);

/** The actor is not redacted, whatever the id looks like. */
const IDENTITIES = [
  ...['identity id', 'identity name', 'approver id', 'approver name', 'delegate'],
  ...twice(['actor id', 'actor name']),
];

/** Who added, reviewed or removed a server is a person with an e-mail address. A bare number counts as an id in an id field. */
const IDS = [
  ...['cancelled task id', 'correlation id', 'correlation id in baggage', 'identity organization'],
  ...['grant', 'identity team', 'request id', 'server request id', 'status task id', 'task id', 'turn id'],
  ...twice(['actor organization', 'actor team', 'policy id']),
];
const MORE_BY_DESIGN: Readonly<Record<string, readonly string[]>> = {
  'e-mail': ['annotation: added by', 'annotation: removed by', 'annotation: reviewer'],
  ...Object.fromEntries([...BARE_NUMBERS].map((name) => [name, IDS])),
};

const BY_DESIGN: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  PERSONAL.map(({ name }) => [name, new Set([...IDENTITIES, ...(MORE_BY_DESIGN[name] ?? [])])]),
);

const GENERATED = 42;

export function sweepAll(flavour: Flavour): void {
  const directory = mkdtempSync(join(tmpdir(), 'mcp-trail-canary-'));
  const outputs = new Outputs(directory);
  afterAll(async () => {
    await outputs.shutdown();
    rmSync(directory, { recursive: true, force: true });
  });

  async function sweep(kind: Kind, mode: Mode): Promise<{ done: Sweep; found: Map<string, string> }> {
    const done = new Sweep(kind, `${flavour.name} ${mode}`);
    const inventory = await converse(flavour, mode, done, directory);
    const found = await outputs.take();
    return { done, found: found.set('inventory', inventory) };
  }

  describe.each(MODES)(`on ${flavour.name}, %s`, (mode) => {
    const { leaving, never } = fieldsOf(flavour, mode);
    const all = [...leaving, ...never].sort();

    it.each([...SECRETS, ...PERSONAL, DISGUISED])('no $name is exported, wherever it is planted', async (kind) => {
      const { done, found } = await sweep(kind, mode);
      expect(done.fields, 'planted').toEqual(all);
      expect(done.notSent, 'planted, and never sent').toEqual([]);
      expect(done.hits(found).filter(({ field }) => !BY_DESIGN[kind.name]?.has(field))).toEqual([]);
      expect(found.get('log records'), 'what was hidden is marked').toContain('[REDACTED:');
    });

    it('harmless text shows which fields are exported, and which never are', async () => {
      const { done, found } = await sweep(MARKER, mode);
      expect(done.notSent).toEqual([]);
      expect(done.leaving(found)).toEqual(leaving);
      expect(done.fields).toEqual(all);
    });

    it('look-alikes pass unchanged through every exported field: 0 false positives', async () => {
      const falseHits: string[] = [];
      let passed = 0;
      for (const kind of LOOK_ALIKES) {
        const { done, found } = await sweep(kind, mode);
        const seen = new Set(done.leaving(found));
        const expected = leaving.filter((field) => FITS[field]?.test(done.textOf(field)) ?? true);
        for (const field of expected) {
          if (seen.has(field)) passed += 1;
          else falseHits.push(`${kind.name}: ${field}`);
        }
      }
      console.info(`${flavour.name}, ${mode}: ${passed} look-alikes passed, ${falseHits.length} false hits`);
      expect(falseHits).toEqual([]);
    }, 120_000);

    it.each(SHAPELESS)('a $name, which has no format, is not exported with content', async (kind) => {
      const { done, found } = await sweep(kind, mode);
      const stays = new Set(never);
      expect(done.hits(found).filter(({ field }) => stays.has(field))).toEqual([]);
    });
  });

  it(`plants ${GENERATED} kinds and more, each field's its own`, () => {
    const kinds = [...SECRETS, ...PERSONAL];
    expect(kinds.length).toBeGreaterThan(GENERATED);
    const secrets = kinds.flatMap(({ make }) => ['a', 'b'].map((seed) => (make(seed) as Fake).secret));
    expect(new Set(secrets).size).toBe(secrets.length);
  });
}
