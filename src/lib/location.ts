/**
 * Where this package is installed. The source is compiled to ESM, without `__filename`, and to CommonJS, without
 * `import.meta`; a stack trace knows the file in both.
 */
import { pathToFileURL } from 'node:url';

/** The `file:` URL of this module; undefined in a bundle without a file name. */
export const HERE: string | undefined = locate();

/** The `file:` URL of this build's register entry, as `--import` takes it. */
export function registerUrl(): string | undefined {
  return HERE === undefined ? undefined : new URL('../register.js', HERE).href;
}

/** The `file:` URL of this build's loader hook for bundled SDKs. */
export function bundleLoaderUrl(): string | undefined {
  return HERE === undefined ? undefined : new URL('../bundle-loader.js', HERE).href;
}

function locate(): string | undefined {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName();
  const file: unknown = new Error().stack;
  Error.prepareStackTrace = prepareStackTrace;
  if (typeof file !== 'string' || file === '') return undefined;
  return file.startsWith('file:') ? file : pathToFileURL(file).href;
}
