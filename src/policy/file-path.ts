/**
 * Whether a text names a file in a folder. A text is read as every path that some system could take it for, and one match
 * is enough: a false alarm is better than a missed one. Symbolic links, short names (`PROGRA~1`), mounts and the working
 * directory are unknown here.
 */
import { percentDecoded } from '../lib/percent-encoding.js';
import { compileGlob, MAX_TEXT_CHARS } from './glob.js';

const DRIVE = /^[A-Za-z]:/;
/** `\\?\C:\…`, `\\.\C:\…`, `\\?\UNC\server\…`: explicit Windows paths. */
const DEVICE = /^[\\/]{2}[?.][\\/](UNC[\\/])?/i;
/** A home folder as shells write it; the group is the user's name, if there is one. */
const HOME = /^(?:~([^\\/]*)|\$HOME|\$\{HOME\}|%USERPROFILE%|%HOME%)(?=[\\/]|$)/i;
const NOT_RELATIVE = /^(?:[\\/~]|[A-Za-z]:|file:|\$\{?HOME|%(?:HOME|USERPROFILE)%|%(?:2f|5c|7e))/i;

/** Home folders on Linux, of its root user, on macOS and on Windows. */
const HOMES = ['/home/*', '/root', '/Users/*', '?:/users/*'];

/** Whether a text names the folder or something in it. */
export type Folder = (text: string) => boolean;

/**
 * Compiles the path of a folder, in any spelling that {@link pathsOf} reads; parts can have wildcards. `~` is any user's home
 * folder. Relative paths match only relative folders: `id_rsa` could be in `/root/.ssh`, but that is unknown. A path that is
 * too long to read matches every folder of its kind. Undefined for a text that is not a path.
 */
export function compileFolder(path: string): Folder | undefined {
  const globs = folderGlobs(path).map((each) => compileGlob(each, { separator: '/', under: true }));
  if (globs.length === 0 || globs.includes(undefined)) return undefined;
  const relative = !NOT_RELATIVE.test(path.trim());
  return (text) => {
    if (text.length > MAX_TEXT_CHARS) return relative === !NOT_RELATIVE.test(text.slice(0, MAX_TEXT_CHARS).trim());
    return pathsOf(text).some((each) => globs.some((glob) => glob?.(each)));
  };
}

function folderGlobs(path: string): string[] {
  return (atHome(path) ?? pathsOf(path)).map((each) => (each.endsWith('/') ? `${each}**` : each));
}

/** Patterns for a path under `~` or the like, in any user's home folder; undefined for other paths. */
export function atHome(pattern: string): string[] | undefined {
  const home = HOME.exec(pattern);
  // The home folder of a named user is a single place.
  if (home === null || (home[1] ?? '') !== '') return undefined;
  const rest = pattern.slice(home[0].length).replaceAll('\\', '/').replace(/\/$/, '');
  return HOMES.map((home) => home + (home.startsWith('?') ? rest.toLowerCase() : rest));
}

/**
 * The paths that a text can mean: absolute (`/a/b`), on a drive (`c:/a/b`), on a server (`//server/share`) or relative (`a/b`,
 * `../a`), without `.`, resolved `..`, empty parts and a trailing slash. Percent signs are decoded once, and outside of `file:`
 * URIs also read literally. Backslashes are separators, and without a drive also read literally. The case of Windows paths is
 * ignored. Empty for a text without a path.
 */
export function pathsOf(text: string): readonly string[] {
  const path = text.trim();
  const spellings = /^file:/i.test(path) ? [filePath(path)] : [path, percentDecoded(path)];
  return [...new Set(spellings.flatMap(readings))].filter((each) => each !== '');
}

/** The path of a `file:` URI by the WHATWG rules; of a malformed one, its text. */
function filePath(uri: string): string {
  try {
    const { host, pathname } = new URL(uri);
    const path = percentDecoded(pathname);
    if (host !== '') return `//${host}${path}`;
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return percentDecoded(uri.slice('file:'.length));
  }
}

function readings(text: string): string[] {
  const device = DEVICE.exec(text);
  if (device !== null) return readings((device[1] === undefined ? '' : '\\\\') + text.slice(device[0].length));
  if (DRIVE.test(text)) return [windowsPath(text.slice(0, 2), text.slice(2))];
  const home = HOME.exec(text);
  if (home !== null) return homeReadings(home[1], text.slice(home[0].length).replaceAll('\\', '/'));
  const unixPaths = [resolved(text), resolved(text.replaceAll('\\', '/'))];
  return /^[\\/]{2}/.test(text) ? [windowsPath('/', text), ...unixPaths] : unixPaths;
}

/** The depth of home folders differs between systems: `..` can leave a shallow one. */
function homeReadings(user: string | undefined, rest: string): string[] {
  const home = resolved(user === 'root' ? `/root${rest}` : `/home/${user || '~'}${rest}`);
  return rest.includes('..') ? [home, resolved(`/root${rest}`)] : [home];
}

function windowsPath(start: string, rest: string): string {
  const parts = rest.replaceAll('\\', '/').split('/').map(windowsName);
  return (start + resolved(`/${parts.join('/')}`)).toLowerCase();
}

/** Windows ignores trailing dots and spaces, and streams (`name::$DATA`) belong to the same file. */
function windowsName(part: string): string {
  const name = part.split(':', 1)[0] as string;
  let end = name.length;
  while (end > 0 && (name[end - 1] === ' ' || name[end - 1] === '.')) end -= 1;
  return end === 0 ? name.trimEnd() : name.slice(0, end);
}

/** Removes `.` and empty parts. `..` removes the part before it, and has no effect at the start of an absolute path. */
function resolved(path: string): string {
  const absolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!absolute) parts.push(part);
  }
  return `${absolute ? '/' : ''}${parts.join('/')}`;
}
