/** Which servers somebody means. */
import type { Names } from './names.js';
import type { ServerState, Servers } from './state.js';
import type { ServerSelector } from './types.js';

/** Ids of those that a selector fits; of a text, the one with that id, else those with that name. Nothing fits none. */
export function select(servers: Servers, names: Names, selector: string | ServerSelector): string[] {
  if (typeof selector === 'string')
    return servers.has(selector) ? [selector] : select(servers, names, { name: selector });
  const { id, name, version, endpoint } = selector;
  const wanted = [name, version, endpoint].map((each) => (each === undefined ? undefined : names.kept(each)));
  if (id === undefined && wanted.every((each) => each === undefined)) return [];
  const fits = ({ facts }: ServerState) =>
    [facts.name, facts.version, facts.endpoint].every((has, at) => wanted[at] === undefined || has === wanted[at]);
  return [...servers.values()]
    .filter((each) => (id === undefined || each.id === id) && fits(each))
    .map((each) => each.id);
}
