/**
 * The files generated from the definition of the audit record, written only by `npm run generate`. Review the diff before you
 * commit them.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auditRecordSchema, jsonOf } from './schema.js';
import { eventTable, fieldTables } from './tables.js';
import { attributesYaml, eventsYaml, manifestYaml } from './weaver.js';

const FOLDER = fileURLToPath(new URL('../../../src/semconv/', import.meta.url));

/** Paths in src/semconv/ with their generated contents. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  'registry/manifest.yaml': manifestYaml,
  'registry/attributes.yaml': attributesYaml,
  'registry/events.yaml': eventsYaml,
  'registry/audit-record.schema.json': () => `${jsonOf(auditRecordSchema())}\n`,
  'README.md': () => inMarkers({ events: eventTable(), fields: fieldTables() }, committed('README.md')),
};

/** The committed file, or an empty string if there is none. */
export function committed(path: string): string {
  try {
    return readFileSync(join(FOLDER, path), 'utf8');
  } catch {
    return '';
  }
}

/** Whether this run writes files instead of comparing them. */
export const UPDATING = process.env['UPDATE_GENERATED'] === '1';

export function write(path: string, content: string): void {
  mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
  writeFileSync(join(FOLDER, path), content);
}

export function filesInRegistry(): string[] {
  return readdirSync(join(FOLDER, 'registry')).map((name) => `registry/${name}`);
}

/** The text with the parts between markers replaced: `<!-- audit-<name>:start -->` … `<!-- audit-<name>:end -->`. */
function inMarkers(parts: Readonly<Record<string, string>>, text: string): string {
  return Object.entries(parts).reduce((result, [name, part]) => {
    const [start, end] = [`<!-- audit-${name}:start -->`, `<!-- audit-${name}:end -->`];
    const [before, after] = [result.indexOf(start), result.indexOf(end)];
    if (before === -1 || after < before) throw new Error(`README.md has no markers ${start} and ${end}`);
    return `${result.slice(0, before)}${start}\n\n${part}\n\n${result.slice(after)}`;
  }, text);
}
