/**
 * Whether a text names a file in a folder. A text is read as every path that some system may take it for, and one of them
 * is enough: what is sensitive is better named once too often. Symbolic links, short names (`PROGRA~1`), mounts and the
 * working directory are known to the file system alone.
 */
import { compileGlob, MAX_TEXT_CHARS } from './glob.js';

const DRIVE = /^[A-Za-z]:/;
/** `\\?\C:\…`, `\\.\C:\…`, `\\?\UNC\server\…`: Windows paths that say they are. */
const DEVICE = /^[\\/]{2}[?.][\\/](UNC[\\/])?/i;
/** A home folder as shells write it: the name of whose it is, if that is said. */
const HOME = /^(?:~([^\\/]*)|\$HOME|\$\{HOME\}|%USERPROFILE%|%HOME%)(?=[\\/]|$)/i;
const NOT_RELATIVE = /^(?:[\\/~]|[A-Za-z]:|file:|\$\{?HOME|%(?:HOME|USERPROFILE)%|%(?:2f|5c|7e))/i;

/** Where home folders are: on Linux, for its root, on macOS and on Windows. */
const HOMES = ['/home/*', '/root', '/Users/*', '?:/users/*'];

/** Whether a text names a folder or what is in it. */
export type Folder = (text: string) => boolean;

/**
 * A folder by its path, in any of the ways that {@link pathsOf} reads; its parts may have wildcards. `~` is the home
 * folder of anybody. Relative paths are in relative folders only: `id_rsa` may be in `/root/.ssh`, but does not say so.
 * A path that is too long to be read counts as in every folder of its kind. Undefined for what is no path.
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

/** Patterns for one that begins with `~` or the like, in the home folder of anybody; undefined for any other. */
export function atHome(pattern: string): string[] | undefined {
  const home = HOME.exec(pattern);
  // Somebody's home is at one place.
  if (home === null || (home[1] ?? '') !== '') return undefined;
  const rest = pattern.slice(home[0].length).replaceAll('\\', '/').replace(/\/$/, '');
  return HOMES.map((home) => home + (home.startsWith('?') ? rest.toLowerCase() : rest));
}

/**
 * The paths that a text may mean: absolute (`/a/b`), of a drive (`c:/a/b`), of a server (`//server/share`) or relative
 * (`a/b`, `../a`), without `.`, without `..` where that is known, without empty parts and the slash at the end. Percent
 * signs are decoded once; those of a text that is no `file:` URI stand for themselves, too, and so do backslashes, where
 * no drive says that they part folders. The case of Windows paths is ignored. Empty for a text without a path.
 */
export function pathsOf(text: string): readonly string[] {
  const path = text.trim();
  const spellings = /^file:/i.test(path) ? [filePath(path)] : [path, decodedOnce(path)];
  return [...new Set(spellings.flatMap(readings))].filter((each) => each !== '');
}

/** The path of a `file:` URI, as WHATWG URLs have it; that of a malformed one as it stands there. */
function filePath(uri: string): string {
  try {
    const { host, pathname } = new URL(uri);
    const path = decodedOnce(pathname);
    if (host !== '') return `//${host}${path}`;
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return decodedOnce(uri.slice('file:'.length));
  }
}

function decodedOnce(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
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

/** Whose home it is and where homes are is for the system to know: `..` may lead out of one that is not so deep. */
function homeReadings(user: string | undefined, rest: string): string[] {
  const home = resolved(user === 'root' ? `/root${rest}` : `/home/${user || '~'}${rest}`);
  return rest.includes('..') ? [home, resolved(`/root${rest}`)] : [home];
}

function windowsPath(start: string, rest: string): string {
  const parts = rest.replaceAll('\\', '/').split('/').map(windowsName);
  return (start + resolved(`/${parts.join('/')}`)).toLowerCase();
}

/** Windows ignores dots and spaces at the end of a name, and streams (`name::$DATA`) are of the same file. */
function windowsName(part: string): string {
  const name = part.split(':', 1)[0] as string;
  let end = name.length;
  while (end > 0 && (name[end - 1] === ' ' || name[end - 1] === '.')) end -= 1;
  return end === 0 ? name.trimEnd() : name.slice(0, end);
}

/** Without `.` and empty parts; `..` takes back the part before it, and at the start of an absolute path nothing. */
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
