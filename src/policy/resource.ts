/** Patterns for resource URIs: as sent, as URL parsers read them, and by the path of `file:` URIs. */
import { atHome, pathsOf } from './file-path.js';
import { compileGlob, MAX_TEXT_CHARS } from './glob.js';

/** The forms of one resource URI that patterns are matched against. */
export interface ResourceForms {
  readonly uris: readonly string[];
  /** Paths of a `file:` URI. */
  readonly paths: readonly string[];
  /** The scheme of a URI that is too long to read. */
  readonly schemeOnly: string | undefined;
}

export type ResourcePattern = (forms: ResourceForms) => boolean;

const SCHEME = /^\s*([A-Za-z][A-Za-z0-9+.-]*):/;
const PATH = /^(?:[\\/]|~(?:[\\/]|$)|[A-Za-z]:[\\/])/;
const DRIVE = /^(?:file:\/\/\/)?[A-Za-z]:[\\/]/;

/** Reads a URI, once for all patterns. */
export function resourceForms(uri: string): ResourceForms {
  const scheme = schemeOf(uri.slice(0, MAX_TEXT_CHARS));
  if (uri.length > MAX_TEXT_CHARS) return { uris: [uri], paths: [], schemeOnly: scheme ?? '' };
  const paths = scheme === 'file' ? pathsOf(uri) : [];
  const uris = new Set([uri, ...hrefOf(uri), ...paths.map(fileUri)]);
  return { uris: [...uris], paths, schemeOnly: undefined };
}

function schemeOf(text: string): string | undefined {
  return SCHEME.exec(text)?.[1]?.toLowerCase();
}

/** The form that URL parsers, and thus servers, take as equal: case of scheme and host, `/../` in the path. */
function hrefOf(uri: string): string[] {
  try {
    return [new URL(uri).href];
  } catch {
    return [];
  }
}

function fileUri(path: string): string {
  if (path.startsWith('//')) return `file:${path}`;
  return path.startsWith('/') ? `file://${path}` : `file:///${path}`;
}

/**
 * Compiles a pattern in which `*` and `?` stop at `/` and `**` does not. A pattern that begins with `/`, `~/` or a drive matches
 * paths of `file:` URIs. A URI that is too long to read matches if the schemes are equal. Undefined for an invalid pattern.
 */
export function compileResource(pattern: string): ResourcePattern | undefined {
  const isPath = PATH.test(pattern);
  const globs = spellings(pattern, isPath).map((each) => compileGlob(each, { separator: '/' }));
  if (globs.includes(undefined)) return undefined;
  const scheme = isPath ? 'file' : schemeOf(pattern);
  return ({ uris, paths, schemeOnly }) => {
    if (schemeOnly !== undefined && scheme !== undefined) return scheme === schemeOnly;
    return (isPath ? paths : uris).some((form) => globs.some((glob) => glob?.(form)));
  };
}

function spellings(pattern: string, isPath: boolean): readonly string[] {
  const atHomes = isPath ? atHome(pattern) : undefined;
  if (atHomes !== undefined) return atHomes;
  return DRIVE.test(pattern) ? [pattern, pattern.toLowerCase().replaceAll('\\', '/')] : [pattern];
}
