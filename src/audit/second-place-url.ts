/**
 * Second places that take checkpoints by HTTP: one POST for each line. One that is slow or down gets the newest checkpoint,
 * and all records of new keys, without which the signatures after them are those of a stranger.
 */
import { untraced } from '../emit/untraced.js';
import { codeOf } from '../lib/files.js';
import { runLater, type Stop } from '../lib/timers.js';
import { PACKAGE_NAME } from '../lib/version.js';
import { ConnectionLimit } from '../lifecycle/connection-limit.js';
import { sendAndWait } from '../lifecycle/exit-delivery.js';
import { waitAtEnd } from '../lifecycle/pending-work.js';
import { checkpointLimit, EXIT_LIMIT_MS } from '../lifecycle/time-limit.js';
import { guarded } from '../report/guarded.js';
import type { SecondPlace } from './checkpoints.js';

const TIMEOUT_MS = 10_000;
const RETRY_MS = 30_000;
/** How many records of new keys wait. */
const MAX_KEPT = 16;
/** How many places wait for an answer: trails come and go. The lines of the oldest are given up. */
const MAX_WAITING = 256;
/** What the end of the process may take at least: the limit may be spent on a host that has come back since. */
const LEAST_MS = 200;

/** A line that has not arrived. */
interface Line {
  readonly text: string;
  readonly isKept: boolean;
}

/** The places of this thread that have lines to send. */
const waiting = new Set<UrlPlace>();

export class UrlPlace implements SecondPlace {
  readonly #url: URL;
  readonly #report: (why: string) => void;
  readonly #limit = new ConnectionLimit(EXIT_LIMIT_MS);
  #lines: readonly Line[] = [];
  #sending: Promise<void> | undefined;
  #isFailing = false;
  /** The name server did not answer: to ask it again would delay the end for as long, which nothing can stop. */
  #isUnresolved = false;
  #stopTimer: Stop | undefined;

  /** @param report called with why one has not arrived */
  constructor(url: URL, report: (why: string) => void) {
    this.#url = url;
    this.#report = report;
    waitAtEnd(sendBeforeEnd);
  }

  /** Whether the last line has not arrived. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Sends a moment later: a connection that begins when nothing is left to do would keep the process alive. */
  put(text: string, isKept = false): void {
    const kept = this.#lines.filter((line) => line.isKept);
    this.#lines = [...(isKept ? kept.slice(1 - MAX_KEPT) : kept), { text, isKept }];
    waiting.delete(this);
    waiting.add(this);
    for (const oldest of waiting) {
      if (waiting.size <= MAX_WAITING) break;
      oldest.#giveUp();
    }
    if (this.#sending === undefined) this.#sendIn(0);
  }

  /** Settles when all lines have arrived, or one has not. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#lines.length > 0) this.#sendIn(this.#isFailing ? RETRY_MS : 0);
    });
    return this.#sending;
  }

  /** What another thread needs to send the lines. */
  requests(): { readonly request: Request; readonly done: (failure: string | undefined) => void }[] {
    if (this.#isUnresolved) return [];
    return this.#lines.map((line) => ({
      request: { url: this.#url.href, headers: headersOf(line.text), body: Buffer.from(line.text), tls: {} },
      done: (failure) => this.#done(line, failure),
    }));
  }

  async #sendAll(): Promise<void> {
    this.#stopTimer?.();
    for (let [line] = this.#lines; line !== undefined; [line] = this.#lines) {
      const failure = await post(this.#url, line.text, this.#limit);
      this.#isUnresolved = failure === UNRESOLVED;
      this.#done(line, failure);
      if (this.#isFailing) break;
    }
  }

  #sendIn(milliseconds: number): void {
    this.#stopTimer?.();
    this.#stopTimer = runLater(milliseconds, () => void this.send());
  }

  #done(line: Line, failure: string | undefined): void {
    this.#isFailing = failure !== undefined;
    // Path and query can hold a token.
    if (failure !== undefined) {
      guarded('reporting a checkpoint', () => this.#report(`cannot send to ${this.#url.origin}: ${failure}`));
      return;
    }
    this.#lines = this.#lines.filter((each) => each !== line);
    if (this.#lines.length === 0) waiting.delete(this);
  }

  #giveUp(): void {
    this.#stopTimer?.();
    this.#lines = [];
    waiting.delete(this);
  }
}

type Request = Parameters<typeof sendAndWait>[0][number];

/** Not to a place that has just failed, unless nothing follows: it would only take its time again. */
function sendBeforeEnd(isLast: boolean): Promise<unknown> | undefined {
  const places = [...waiting].filter((place) => isLast || !place.isFailing);
  return places.length === 0 ? undefined : Promise.all(places.map((place) => place.send()));
}

/** On `exit`, when nothing asynchronous runs any more: another thread sends what has not arrived, to all places at once. */
export function sendLastCheckpoints(): void {
  const last = [...waiting].flatMap((place) => place.requests());
  if (last.length === 0) return;
  const limitMs = Math.max(LEAST_MS, checkpointLimit.left(EXIT_LIMIT_MS));
  const start = performance.now();
  const outcomes = sendAndWait(
    last.map(({ request }) => request),
    start + limitMs,
  );
  checkpointLimit.spend(performance.now() - start);
  last.forEach(({ done }, index) => {
    const outcome = outcomes[index];
    done(
      outcome === undefined ? `no answer within ${Math.round(limitMs)} ms at the end of the process` : outcome.failure,
    );
  });
}

function headersOf(body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': PACKAGE_NAME,
  };
}

const UNRESOLVED = 'no answer from the name server';

/** Why it did not arrive; undefined if it did. Never rejects, and does not keep the process alive once it is connected. */
async function post(url: URL, body: string, limit: ConnectionLimit): Promise<string | undefined> {
  try {
    // Loaded now: not every process needs them.
    const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
    return await new Promise((resolve) => {
      const sent = untraced(() => request(url, { method: 'POST', headers: headersOf(body), agent: false }));
      const stop = runLater(TIMEOUT_MS, () => sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
      let isResolved = process.getBuiltinModule('node:net').isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
      sent
        .on('socket', (socket) => {
          socket.unref().once('lookup', () => {
            isResolved = true;
          });
          if (socket.connecting) limit.apply(socket);
        })
        .on('response', (response) => {
          const { statusCode = 0 } = response;
          // Whatever it says may be endless.
          response.on('error', () => {}).destroy();
          resolve(statusCode >= 200 && statusCode < 300 ? undefined : `HTTP ${statusCode}`);
        })
        .on('error', (error) => {
          const code = codeOf(error) ?? 'unknown error';
          resolve(code === 'ETIMEDOUT' && !isResolved ? UNRESOLVED : code);
        })
        .on('close', () => {
          stop();
          resolve('closed without an answer');
        })
        .end(body);
    });
  } catch (error) {
    return codeOf(error) ?? 'unknown error';
  }
}
