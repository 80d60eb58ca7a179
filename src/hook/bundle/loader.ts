/** The loader hook for versions of Node.js that run such hooks in a thread of their own. */
import type { MessagePort } from 'node:worker_threads';
import { type Loaded, rewriteLoaded } from './load.js';

/** What the application's thread passes to `initialize`. */
export interface LoaderData {
  readonly port: MessagePort;
}

/** A file that stays as it is, as a message to the application's thread. */
export interface FailedFile {
  readonly file: string;
  readonly reason: string;
}

let failed: MessagePort | undefined;

/** @see https://nodejs.org/docs/latest-v20.x/api/module.html#initialize */
export function initialize({ port }: LoaderData): void {
  failed = port;
}

/** @see https://nodejs.org/docs/latest-v20.x/api/module.html#loadurl-context-nextload */
export async function load(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  const onFailed = (file: string, reason: string) => failed?.postMessage({ file, reason } satisfies FailedFile);
  try {
    return rewriteLoaded(url, loaded, onFailed);
  } catch {
    onFailed(url, 'it could not be rewritten');
    return loaded;
  }
}
