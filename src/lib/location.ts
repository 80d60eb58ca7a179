/**
 * Where this package is installed. The source is compiled to ESM and to CommonJS, and neither `import.meta` nor
 * `__filename` exists in both: a stack trace knows.
 */
import { pathToFileURL } from 'node:url';

/** The `file:` URL of this module; undefined where it was bundled into something without a file name. */
export const HERE: string | undefined = locate();

/** The `file:` URL of the register entry that goes with this build, in the form `--import` takes. */
export function registerUrl(): string | undefined {
  return HERE === undefined ? undefined : new URL('../register.js', HERE).href;
}

function locate(): string | undefined {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName();
  const file: unknown = new Error().stack;
  Error.prepareStackTrace = prepareStackTrace;
  if (typeof file !== 'string' || file === '') return undefined;
  return file.startsWith('file:') ? file : pathToFileURL(file).href;
}
