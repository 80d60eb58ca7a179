import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

/** The folder of the configuration that the tests are about. */
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

/** All groups of rules in a folder of `collector-config/`, in the order of its files. */
export async function readGroups(folder: string): Promise<Group[]> {
  const files = (await readdir(join(CONFIG, folder))).filter((name) => name.endsWith('.yaml')).sort();
  const documents = await Promise.all(files.map((name) => readFile(join(CONFIG, folder, name), 'utf8')));
  return documents.flatMap((text) => parse(text).groups);
}

/** Writes groups as one file of rules: how they are, or with parts of them changed for a test. */
export async function writeGroups(folder: string, groups: readonly Group[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'rules.yaml');
  await writeFile(file, stringify({ groups }));
  return file;
}

/** The same rules, looked at more often and waiting less: a test does not wait for minutes. */
export const everySecond = (groups: readonly Group[]): Group[] =>
  groups.map((group) => ({
    ...group,
    interval: '1s',
    rules: group.rules.map((rule) => (rule.for === undefined ? rule : { ...rule, for: '2s' })),
  }));

/** Promtool compares annotations word for word, and what is tested with it is when a rule fires. */
export const withoutAnnotations = (groups: readonly Group[]): Group[] =>
  groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ({ ...rule, annotations: {} })) }));
