/** Further copies of this package, as applications may have them. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './child.js';

/** Packages that an application without an OpenTelemetry SDK has beside this one. */
const NEIGHBOURS = [
  '@opentelemetry/api',
  '@opentelemetry/api-logs',
  '@modelcontextprotocol',
  'import-in-the-middle',
  'require-in-the-middle',
  'zod',
];

/** A folder outside the checkout with the built package installed. */
export function installedElsewhere(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    install(join(folder, 'node_modules'));
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, remove };
}

function install(modules: string): void {
  mkdirSync(join(modules, '@opentelemetry'), { recursive: true });
  copyPackage(join(modules, 'mcp-trail'));
  for (const name of NEIGHBOURS) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
}

function copyPackage(to: string): void {
  cpSync(join(ROOT, 'dist'), join(to, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(to, 'package.json'));
}

type Package = typeof import('../../src/index.js');

/** Copies that know nothing of each other: the one of the checkout and three in the folder, half of them loaded as ESM. */
export async function copiesOfPackage(folder: string): Promise<Readonly<Record<string, Package>>> {
  const [first, second, third] = ['mcp-trail', 'mcp-trail-2', 'mcp-trail-3'].map((name) =>
    join(folder, 'node_modules', name),
  ) as [string, string, string];
  for (const root of [second, third]) copyPackage(root);
  const require = createRequire(import.meta.url);
  const imported = (root: string): Promise<Package> =>
    import(/* @vite-ignore */ pathToFileURL(join(root, 'dist/esm/index.js')).href);
  const required = (root: string): Package => require(join(root, 'dist/cjs/index.js'));
  return {
    'the checkout, required': required(ROOT),
    'installed, imported': await imported(first),
    'installed, required': required(second),
    'installed again, imported': await imported(third),
  };
}
