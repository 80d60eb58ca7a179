/** Who else may read or write a file of ours. */

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const GROUP_READ = 0o040;
const GROUP_WRITE = 0o020;

/** What a group or everybody can do with data; a group that reads it is often one that collects it. */
export const DATA = OTHERS_READ | OTHERS_WRITE | GROUP_WRITE;
/** The same for a secret. */
export const SECRET = DATA | GROUP_READ;

/**
 * What is wrong with the mode of an existing file, in words that go on from its path; undefined where nothing is. Windows
 * has no such modes.
 */
export function tooOpen(mode: number, forbidden: number, platform = process.platform): string | undefined {
  if (platform === 'win32' || (mode & forbidden) === 0) return undefined;
  const can = (mode & forbidden & (OTHERS_WRITE | GROUP_WRITE)) === 0 ? 'read' : 'write to';
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return `has the mode ${octal}: others than its owner can ${can} it. It is used as it is; chmod 600 keeps them out`;
}
