/** The table of options: the types declare the same options, and docs/options.md shows it. `npm run generate` writes the page. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { AUDIT, FILE_EXPORTER, INSTRUMENTATION, STDERR_EXPORTER } from '../../src/options/table.js';
import { UPDATING } from './audit-registry/files.js';
import { comments, declared, OPTION_TABLES } from './options/rows.js';

const PAGE = fileURLToPath(new URL('../../docs/options.md', import.meta.url));
/** Tables that the page has to have. */
const REQUIRED = ['options', 'audit-options'];

const TYPES = [
  ['types.ts', 'McpInstrumentationConfig', INSTRUMENTATION],
  ['audit-types.ts', 'AuditConfig', AUDIT],
  ['export/file.ts', 'FileLogRecordExporterOptions', FILE_EXPORTER],
  ['export/stderr.ts', 'StderrLogRecordExporterOptions', STDERR_EXPORTER],
] as const;

it.each(TYPES)('%s documents every option of %s', (file, type, table) => {
  const documented = declared(file, type);
  expect([...documented.keys()].sort()).toEqual(Object.keys(table).sort());
  expect([...documented].filter(([, meaning]) => meaning === '')).toEqual([]);
});

it.each(TYPES)('%s documents the defaults of %s as the table has them', (file, type, table) => {
  const documented = comments(file, type);
  for (const [name, { default: value }] of Object.entries<{ readonly default?: unknown }>(table)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) continue;
    const stated = /@defaultValue ([^@]*)/.exec(documented.get(name) ?? '')?.[1];
    expect(stated, `@defaultValue of ${name}`).toContain(String(value));
  }
});

it('audit-types.ts names the variable of every option', () => {
  const documented = comments('audit-types.ts', 'AuditConfig');
  for (const [name, { env }] of Object.entries<object & { readonly env?: string }>({ ...AUDIT })) {
    expect(documented.get(name), name).toContain(env === undefined ? '' : `\`${env}\``);
  }
});

it('docs/options.md shows the tables', () => {
  const page = readFileSync(PAGE, 'utf8');
  const generated = Object.entries(OPTION_TABLES).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [before, after] = [text.indexOf(begin), text.indexOf(end)];
    if (before === -1 && !REQUIRED.includes(name)) return text;
    expect(before, `docs/options.md needs ${begin}`).toBeGreaterThan(-1);
    expect(after, `docs/options.md needs ${end} after ${begin}`).toBeGreaterThan(before);
    return `${text.slice(0, before)}${begin}\n${table()}\n${text.slice(after)}`;
  }, page);
  if (UPDATING) writeFileSync(PAGE, generated);
  else expect(page, 'npm run generate').toBe(generated);
});
