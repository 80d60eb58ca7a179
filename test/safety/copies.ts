/** Further copies of this package, as applications come to have them. */
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

/** A folder outside of the checkout with the built package installed in it. */
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
  for (const part of ['@opentelemetry', 'mcp-trail']) mkdirSync(join(modules, part), { recursive: true });
  cpSync(join(ROOT, 'dist'), join(modules, 'mcp-trail', 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(modules, 'mcp-trail', 'package.json'));
  for (const name of NEIGHBOURS) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
}

type Package = typeof import('../../src/index.js');

/** The package as ESM, as CommonJS, and as installed in another folder in both forms. */
export async function copiesOfPackage(folder: string): Promise<Readonly<Record<string, Package>>> {
  const builds = (root: string) => ({ esm: join(root, 'dist/esm/index.js'), cjs: join(root, 'dist/cjs/index.js') });
  const here = builds(ROOT);
  const there = builds(join(folder, 'node_modules/mcp-trail'));
  const require = createRequire(import.meta.url);
  const load = (file: string): Promise<Package> => import(/* @vite-ignore */ pathToFileURL(file).href);
  return {
    'the ESM build': await load(here.esm),
    'the CommonJS build': require(here.cjs),
    'the ESM build elsewhere': await load(there.esm),
    'the CommonJS build elsewhere': require(there.cjs),
  };
}
