import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

/** The folder `collector-config/`. */
export const CONFIG = fileURLToPath(new URL('../../../collector-config/', import.meta.url));

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

export interface Group {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}

/** All rule groups in a folder of `collector-config/`, in file order. */
export async function readGroups(folder: string): Promise<Group[]> {
  const files = (await readdir(join(CONFIG, folder))).filter((name) => name.endsWith('.yaml')).sort();
  const documents = await Promise.all(files.map((name) => readFile(join(CONFIG, folder, name), 'utf8')));
  return documents.flatMap((text) => parse(text).groups);
}

/** Writes groups to one rule file, unchanged or changed for a test. */
export async function writeGroups(folder: string, groups: readonly Group[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'rules.yaml');
  await writeFile(file, stringify({ groups }));
  return file;
}

/** The same rules with shorter intervals and waits, so that tests need not wait for minutes. */
export const everySecond = (groups: readonly Group[]): Group[] =>
  groups.map((group) => ({
    ...group,
    interval: '1s',
    rules: group.rules.map((rule) => (rule.for === undefined ? rule : { ...rule, for: '2s' })),
  }));

/** Removes annotations, which promtool compares word for word; its tests are about when a rule fires. */
export const withoutAnnotations = (groups: readonly Group[]): Group[] =>
  groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ({ ...rule, annotations: {} })) }));
