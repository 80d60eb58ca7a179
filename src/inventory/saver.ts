/** When to save: some seconds after something changed, when asked to, and at the end. */
import { type MergeLimits, markSaved, mergeInto } from './merge.js';
import type { Servers } from './state.js';
import type { StateFile } from './state-file.js';

/** How long the application may be held up by other processes that are saving, where it asked for it. */
const WAIT_MS = 500;

export interface SaverOptions {
  readonly file: StateFile;
  readonly servers: Servers;
  readonly limits: MergeLimits;
  readonly saveEveryMs: number;
}

export class Saver {
  readonly #options: SaverOptions;
  #timer: NodeJS.Timeout | undefined;
  #unsaved = false;
  /** Whether there is something that cannot be counted again: what a tool was like decides what is a change. */
  #durable = false;
  #closed = false;

  constructor(options: SaverOptions) {
    this.#options = options;
    this.refresh(WAIT_MS);
  }

  /** Learns what other processes have saved. */
  refresh(waitMs = 0): void {
    const { file, servers, limits } = this.#options;
    const stored = file.load(waitMs);
    if (stored !== undefined) mergeInto(servers, stored, limits);
  }

  /** Something changed. `durable`: more than counts and times. */
  touch(durable: boolean): void {
    this.#unsaved = true;
    this.#durable ||= durable;
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => this.#save(0), this.#options.saveEveryMs);
    this.#timer.unref();
  }

  flush(): void {
    if (this.#unsaved) this.#save(WAIT_MS);
  }

  close(): void {
    this.#closed = true;
    this.flush();
    clearTimeout(this.#timer);
  }

  #save(waitMs: number): void {
    const { file, servers, limits } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const merge = (stored: Servers | undefined): Servers => {
      if (stored !== undefined) mergeInto(servers, stored, limits);
      return servers;
    };
    if (file.save(merge, this.#durable, waitMs) === 'saved') {
      markSaved(servers);
      this.#unsaved = false;
      this.#durable = false;
    } else {
      this.touch(false);
    }
  }
}
