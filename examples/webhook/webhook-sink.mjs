/**
 * A sink for audit records that posts them to a URL, in batches of lines of JSON. At least once: what is not confirmed is
 * sent again, so the receiver leaves out records whose `audit.record.id` it has. What is queued is lost when the process is
 * killed: keep a file as well (`MCP_TRAIL_AUDIT=file`) where none may be lost.
 */
import { setTimeout as pause } from 'node:timers/promises';

const MAX_QUEUED = 10_000;
const MAX_BATCH = 100;
const DELAY_MS = 500;
const MAX_RETRY_MS = 30_000;
const END_RETRY_MS = 100;
/** Shorter than the two seconds for which the end of the process waits. */
const TIMEOUT_MS = 1_500;

export class WebhookSink {
  name = 'webhook';
  /** Records that are not confirmed, the oldest first. @type {string[]} */
  #queue = [];
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {Promise<boolean> | undefined} */
  #sending;
  #retryMs = DELAY_MS;
  #url;

  /** @param {string} url */
  constructor(url) {
    if (!URL.canParse(url)) throw new TypeError('WEBHOOK_URL is not a URL');
    this.#url = url;
  }

  /** @param {object} _record @param {string} text */
  accept(_record, text) {
    // A gap in the trail tells how many were not kept.
    if (this.#queue.length >= MAX_QUEUED) return false;
    this.#queue.push(text);
    this.#sendIn(DELAY_MS);
    return true;
  }

  /** Sends what is left, if that takes little time. The trail may go on. */
  async close() {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    while (this.#queue.length > 0 && !limit.aborted) {
      if (!(await this.#send(limit))) await pause(END_RETRY_MS);
    }
  }

  /** @param {number} milliseconds */
  #sendIn(milliseconds) {
    if (this.#timer !== undefined || this.#sending !== undefined) return;
    this.#timer = setTimeout(() => this.#send(), milliseconds).unref();
  }

  /** One batch at a time keeps the order. Resolves with whether it has arrived. */
  #send(limit = AbortSignal.timeout(TIMEOUT_MS)) {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendBatch(limit).then((arrived) => {
      this.#sending = undefined;
      this.#retryMs = arrived ? DELAY_MS : Math.min(2 * this.#retryMs, MAX_RETRY_MS);
      if (this.#queue.length > 0) this.#sendIn(arrived ? 0 : this.#retryMs);
      return arrived;
    });
    return this.#sending;
  }

  /** @param {AbortSignal} signal */
  async #sendBatch(signal) {
    const batch = this.#queue.slice(0, MAX_BATCH);
    try {
      const { ok, body } = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: `${batch.join('\n')}\n`,
        signal,
      });
      // An answer that nobody reads would hold the connection.
      body?.cancel().catch(() => {});
      if (ok) this.#queue.splice(0, batch.length);
      return ok;
    } catch {
      return false;
    }
  }
}
