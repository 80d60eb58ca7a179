/**
 * The worker threads of a process, each with its own telemetry. Only the main thread gets signals, and its end ends the
 * workers: before that, it asks them to deliver what they have. A thread that is terminated is not asked.
 */
import { BroadcastChannel, isMainThread, threadId, type Worker } from 'node:worker_threads';

const CHANNEL = 'mcp-trail.ending';

/** More threads are not asked. */
const MAX_THREADS = 1024;

type Message =
  /** A thread can be asked from now on; a thread has exited. */
  | { readonly type: 'began' | 'gone'; readonly thread: number }
  | { readonly type: 'end'; readonly request: number; readonly isLast: boolean; readonly limitMs: number }
  | { readonly type: 'ended'; readonly request: number; readonly thread: number; readonly hadMore: boolean };

/** Delivers what a thread has. Returns whether there was something. */
export type DeliverThread = (isLast: boolean, limitMs: number) => Promise<boolean>;

export class WorkerThreads {
  #channel: BroadcastChannel | undefined;
  readonly #running = new Set<number>();
  readonly #answers = new Set<(thread: number, request: number | undefined, hadMore: boolean) => void>();
  #requests = 0;
  /** No thread had anything when it was last asked. */
  #quiet = true;

  constructor(process: NodeJS.Process, deliver: DeliverThread) {
    process.on('worker', (worker) => this.#watch(worker));
    if (isMainThread) return;
    const channel = this.#open((message) => {
      if (message.type !== 'end') return;
      const { request, isLast, limitMs } = message;
      void deliver(isLast, limitMs).then((hadMore) =>
        this.#post({ type: 'ended', request, thread: threadId, hadMore }),
      );
    });
    this.#channel = channel;
    this.#post({ type: 'began', thread: threadId });
  }

  /** Whether there are threads that may have something to deliver. */
  get pending(): boolean {
    return this.#running.size > 0 && !this.#quiet;
  }

  /** Asks all worker threads to deliver what they have, and waits for their answers. Does not keep the process alive. */
  end(isLast: boolean, limitMs: number): Promise<unknown> {
    if (this.#running.size === 0) return Promise.resolve();
    const request = ++this.#requests;
    const waitingFor = new Set(this.#running);
    this.#quiet = true;
    return new Promise<void>((resolve) => {
      const onAnswer = (thread: number, answered: number | undefined, hadMore: boolean) => {
        if (answered !== undefined && answered !== request) return;
        if (hadMore) this.#quiet = false;
        waitingFor.delete(thread);
        if (waitingFor.size > 0) return;
        this.#answers.delete(onAnswer);
        resolve();
      };
      this.#answers.add(onAnswer);
      this.#post({ type: 'end', request, isLast, limitMs });
    });
  }

  #watch(worker: Worker): void {
    const { threadId: thread } = worker;
    if (isMainThread) this.#channel ??= this.#open((message) => this.#receive(message));
    worker.once('exit', () => {
      if (isMainThread) this.#exited(thread);
      else this.#post({ type: 'gone', thread });
    });
  }

  #receive(message: Message): void {
    if (message.type === 'began' && this.#running.size < MAX_THREADS) {
      this.#running.add(message.thread);
      this.#quiet = false;
    } else if (message.type === 'gone') this.#exited(message.thread);
    else if (message.type === 'ended') {
      for (const answer of this.#answers) answer(message.thread, message.request, message.hadMore);
    }
  }

  #exited(thread: number): void {
    this.#running.delete(thread);
    for (const answer of this.#answers) answer(thread, undefined, false);
  }

  #open(receive: (message: Message) => void): BroadcastChannel {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event) => receive((event as { readonly data: Message }).data);
    (channel as BroadcastChannel & { unref(): void }).unref();
    return channel;
  }

  #post(message: Message): void {
    this.#channel?.postMessage(message);
  }
}
