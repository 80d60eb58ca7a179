/** What a loader hook does with a loaded file: in the application's thread, and in that of Node.js' own loader. */
import { isAnyArrayBuffer } from 'node:util/types';
import { rewriteBundle } from './rewrite.js';

/** What `nextLoad` returns. */
export interface Loaded {
  readonly format?: string | null | undefined;
  readonly source?: unknown;
}

/** Called with a file that contains an SDK and stays as it is, and why. */
export type OnFailed = (file: string, reason: string) => void;

const SDK = '@modelcontextprotocol/(?:sdk|client|server|server-legacy|core|node)';
/** A file of an SDK's own package, which module hooks see: in `node_modules`, or in a folder for its version in Deno's cache. */
const SDK_PACKAGE_FILE = new RegExp(String.raw`/(?:node_modules/${SDK}|${SDK}/\d[^/]*)/dist/`);

const FORMATS: readonly unknown[] = ['module', 'commonjs', 'module-typescript', 'commonjs-typescript'];

/** The loaded file, rewritten if it contains an SDK. */
export function rewriteLoaded<T extends Loaded>(url: string, loaded: T, onFailed: OnFailed): T {
  if (!FORMATS.includes(loaded.format)) return loaded;
  const source = sourceOf(loaded.source);
  const text = source === undefined ? undefined : rewriteFile(url, source, onFailed);
  return text === undefined ? loaded : { ...loaded, source: text };
}

/** The new text of a file, as a string or bytes like the old one; undefined if it stays as it is. */
export function rewriteFile<T extends string | Uint8Array>(file: string, source: T, onFailed: OnFailed): T | undefined {
  if (SDK_PACKAGE_FILE.test(file.replaceAll('\\', '/'))) return undefined;
  const rewriting = rewriteBundle(source);
  if (rewriting === undefined) return undefined;
  if ('text' in rewriting) return rewriting.text;
  onFailed(file, rewriting.failed);
  return undefined;
}

function sourceOf(source: unknown): string | Uint8Array | undefined {
  if (typeof source === 'string') return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  return isAnyArrayBuffer(source) ? new Uint8Array(source) : undefined;
}
