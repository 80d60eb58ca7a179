/** Node.js runs loader hooks in a separate thread, and loads `--require` modules there again. */
import { isMainThread, parentPort } from 'node:worker_threads';

/** Whether this is that thread. The application's workers have a parent port. */
export const IN_LOADER_THREAD: boolean = !isMainThread && parentPort === null;
