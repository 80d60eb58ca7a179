/**
 * Paths of arguments: `filter.date.from`. The elements of an array have the path of the array, so `items[].id` is `items.id`.
 * A dot or backslash within a name is written with a backslash before it: the name `a.b` is the path `a\.b`, and no other
 * name, or nesting of names, is.
 */
import { MAX_NAME_CHARS } from './limits.js';

/** How many names a path has at most. What lies deeper is data. */
export const MAX_PATH_DEPTH = 3;

/** One name as part of a path. */
export function escapedName(name: string): string {
  return /[\\.]/.test(name) ? name.replace(/[\\.]/g, '\\$&') : name;
}

/** The path of a member; its container is the outermost when it has no path. Only 256 characters of a name count. */
export function memberPath(container: string | undefined, name: string): string {
  const part = escapedName(name.slice(0, MAX_NAME_CHARS));
  return container === undefined ? part : `${container}.${part}`;
}

/** The path of the container of a member, or undefined for the outermost. */
export function containerOf(path: string): string | undefined {
  for (let dot = path.lastIndexOf('.'); dot > -1; dot = path.lastIndexOf('.', dot - 1)) {
    let backslash = dot;
    while (path.charAt(backslash - 1) === '\\') backslash -= 1;
    if ((dot - backslash) % 2 === 0) return path.slice(0, dot);
    if (dot === 0) break;
  }
  return undefined;
}

/** The names of a path, outermost first. */
export function namesOf(path: string): string[] {
  const names = [''];
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    if (character === '.') names.push('');
    else {
      if (character === '\\' && index + 1 < path.length) index += 1;
      names[names.length - 1] += path.charAt(index);
    }
  }
  return names;
}
