import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { programs } from '../../../collector-config/stack/programs.mjs';
import { CONFIG } from './rules.js';

const run = promisify(execFile);

/** Docker Compose's resolved configuration for files, by name: `''` is compose.yaml, `loki` is compose.loki.yaml. */
export async function merged(choice: readonly string[], env: Record<string, string> = {}) {
  const { compose } = await programs(['compose']);
  const files = choice.flatMap((name) => ['-f', name === '' ? 'compose.yaml' : `compose.${name}.yaml`]);
  const { stdout } = await run(compose as string, [...files, 'config', '--format', 'json', '--no-path-resolution'], {
    cwd: CONFIG,
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
  });
  return JSON.parse(stdout) as Merged;
}

export interface Merged {
  readonly services: Record<string, any>;
  readonly configs: Record<string, { readonly file: string }>;
  readonly secrets: Record<string, { readonly file: string }>;
  readonly networks: Record<string, { readonly internal?: boolean }>;
}

/** The files that the Collector reads in it, except empty ones. */
export function collectorFiles({ services, configs }: Merged): string[] {
  const { command, configs: mounts } = services.otelcol;
  const fileAt = new Map(mounts.map(({ source, target }: any) => [`--config=${target}`, configs[source]?.file]));
  const given = command.filter((argument: string) => !argument.startsWith('--feature-gates='));
  return given.map((argument: string) => {
    const file = fileAt.get(argument);
    if (typeof file !== 'string') throw new Error(`nothing is mounted for ${argument}`);
    return file.replace(/^\.\//, '');
  });
}
