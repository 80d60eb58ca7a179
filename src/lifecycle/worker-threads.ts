/**
 * The threads of a process, each with telemetry of its own. A signal reaches the main thread alone, and its end is theirs:
 * it asks the others before. A thread that is terminated is not asked.
 */
import { BroadcastChannel, isMainThread, threadId, type Worker } from 'node:worker_threads';

const CHANNEL = 'mcp-trail.ending';

/** A process does not run more threads than this in earnest. */
const MAX_THREADS = 1024;

type Message =
  /** A thread is there, and can be asked; a thread is gone. */
  | { readonly type: 'began' | 'gone'; readonly thread: number }
  | { readonly type: 'end'; readonly request: number; readonly isLast: boolean; readonly limitMs: number }
  | { readonly type: 'ended'; readonly request: number; readonly thread: number; readonly hadMore: boolean };

/** What a thread does that is asked; says whether there was something to do. */
export type EndThread = (isLast: boolean, limitMs: number) => Promise<boolean>;

export class Threads {
  #channel: BroadcastChannel | undefined;
  readonly #there = new Set<number>();
  readonly #answers = new Set<(thread: number, request: number | undefined, hadMore: boolean) => void>();
  #requests = 0;
  #quiet = true;

  constructor(process: NodeJS.Process, end: EndThread) {
    process.on('worker', (worker) => this.#watch(worker));
    if (isMainThread) return;
    const channel = this.#open((message) => {
      if (message.type !== 'end') return;
      const { request, isLast, limitMs } = message;
      void end(isLast, limitMs).then((hadMore) => this.#tell({ type: 'ended', request, thread: threadId, hadMore }));
    });
    this.#channel = channel;
    this.#tell({ type: 'began', thread: threadId });
  }

  /** Whether there are threads that may have something to deliver. */
  get pending(): boolean {
    return this.#there.size > 0 && !this.#quiet;
  }

  /** Asks all other threads to deliver what they have, and waits for their answers. Never keeps the process alive. */
  end(isLast: boolean, limitMs: number): Promise<unknown> {
    if (this.#there.size === 0) return Promise.resolve();
    const request = ++this.#requests;
    const waitingFor = new Set(this.#there);
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
      this.#tell({ type: 'end', request, isLast, limitMs });
    });
  }

  #watch(worker: Worker): void {
    const { threadId: thread } = worker;
    if (isMainThread) this.#channel ??= this.#open((message) => this.#hear(message));
    worker.once('exit', () => {
      if (isMainThread) this.#gone(thread);
      else this.#tell({ type: 'gone', thread });
    });
  }

  #hear(message: Message): void {
    if (message.type === 'began' && this.#there.size < MAX_THREADS) {
      this.#there.add(message.thread);
      this.#quiet = false;
    } else if (message.type === 'gone') this.#gone(message.thread);
    else if (message.type === 'ended') {
      for (const answer of this.#answers) answer(message.thread, message.request, message.hadMore);
    }
  }

  #gone(thread: number): void {
    this.#there.delete(thread);
    for (const answer of this.#answers) answer(thread, undefined, false);
  }

  #open(hear: (message: Message) => void): BroadcastChannel {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event) => hear((event as { readonly data: Message }).data);
    (channel as BroadcastChannel & { unref(): void }).unref();
    return channel;
  }

  #tell(message: Message): void {
    this.#channel?.postMessage(message);
  }
}
