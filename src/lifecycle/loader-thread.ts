/** Node runs loader hooks in a thread of their own, and does `--require` there once more. */
import { isMainThread, parentPort } from 'node:worker_threads';

/** Whether this is that thread. The application's own workers have a parent to talk to. */
export const IN_LOADER_THREAD: boolean = !isMainThread && parentPort === null;
