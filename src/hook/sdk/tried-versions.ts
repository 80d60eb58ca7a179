/** Leaves a major version of an SDK alone that nobody has tried: instrumented by half, it could break the application. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attempt } from '../../lib/attempt.js';
import { ownValue } from '../../lib/foreign.js';
import { readJsonFile } from '../../lib/json-file.js';
import { startOf } from '../../lib/text.js';
import { mcpSeen } from '../../report/quiet.js';
import { warnOperator } from '../../report/report.js';
import { noteCause, noteCopy } from '../unobserved/causes.js';

/** A package with an SDK. */
export interface SdkPackage {
  readonly name: string;
  /** The first major that nobody has tried. Prereleases of an earlier one count as that one. */
  readonly untriedMajor: number;
}

const MAX_COPIES = 100;
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_VERSION_CHARS = 64;

/** By the folder of a copy. */
const answers = new Map<string, boolean>();

/**
 * Whether a copy of an SDK may be instrumented; if not, the operator is told, once per version. A copy without a readable
 * version may be.
 *
 * @param file a file of the copy, as path or URL
 */
export function isTried(sdk: SdkPackage, file: string): boolean {
  const folder = attempt(() => folderOf(sdk, file));
  if (folder === undefined) return true;
  const known = answers.get(folder);
  if (known !== undefined) return known;
  const version = versionIn(folder);
  const tried = version === undefined || majorOf(version) < sdk.untriedMajor;
  if (answers.size < MAX_COPIES) answers.set(folder, tried);
  noteCopy({ name: sdk.name, version, hooked: tried });
  if (!tried) tell(sdk, version);
  return tried;
}

/** The folder of the package that a file is in. */
function folderOf({ name }: SdkPackage, file: string): string | undefined {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  const inPackage = `/${name}/`;
  const at = path.replaceAll('\\', '/').lastIndexOf(inPackage);
  if (at < 0) return undefined;
  const start = at + inPackage.length;
  // Deno's cache has a folder for each version.
  const version = /^\d[^/\\]*[/\\]/.exec(path.slice(start))?.[0] ?? '';
  return path.slice(0, start + version.length);
}

function versionIn(folder: string): string | undefined {
  const read = readJsonFile(join(folder, 'package.json'), MAX_MANIFEST_BYTES);
  const version = 'value' in read ? ownValue(read.value, 'version') : undefined;
  return typeof version === 'string' ? startOf(version, MAX_VERSION_CHARS) : undefined;
}

/** 0 if there is none. */
function majorOf(version: string): number {
  return Number(/^\d{1,9}(?=\.)/.exec(version)?.[0] ?? 0);
}

/** Without its hooks, nothing else could show that the process uses MCP. */
function tell({ name, untriedMajor }: SdkPackage, version: string): void {
  noteCause({ reason: 'sdk_version', detail: `${name} ${version}` });
  mcpSeen();
  warnOperator(
    `${name} ${version} is not instrumented: this version of mcp-trail knows versions before ${untriedMajor}. Update ` +
      'mcp-trail, or use instrumentClient and instrumentServer',
  );
}
