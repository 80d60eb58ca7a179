/** What peers call things, as it is kept while an operation is open. */

/** A longer name is hostile. */
const MAX_LENGTH = 256;

/** The name itself; of a hostile one its length and a copy of its start, so that nothing keeps a megabyte alive. */
export function kept<T extends string | number | undefined>(name: T): T | string {
  if (typeof name !== 'string' || name.length <= MAX_LENGTH) return name;
  return `${name.length}:${Buffer.from(name.slice(0, 128)).toString('latin1')}`;
}
