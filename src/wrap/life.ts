/**
 * How the wrapped command ends, and we with it. The end begins when the host closes our input, or with a signal, and both reach
 * the command at once. A host gives a server two seconds, then two more after SIGTERM, and then kills it: so that no command is left
 * alone, it gets less from us.
 *
 * | milliseconds after the end has begun | |
 * | --- | --- |
 * | 1500 | SIGTERM to the command |
 * | 3000 | SIGKILL to the command |
 * | 3700 | everything is sent, or it is too late: we end as the command did |
 */
import { constants } from 'node:os';
import { runEvery, runLater } from '../lib/timers.js';
import { type Child, type Ending, passOn } from './child.js';
import { startWatchdog } from './watchdog.js';

const TERMINATE_AFTER_MS = 1500;
const KILL_AFTER_MS = 3000;
/** A killed command that has not ended by then is held by its system. */
const GIVE_UP_AFTER_MS = 3300;
const OVER_AFTER_MS = 3700;

const HOST_EVERY_MS = 1000;

/** Signals that are passed on, and whether the end begins with them. */
const SIGNALS = {
  SIGTERM: true,
  SIGINT: true,
  SIGHUP: true,
  SIGQUIT: true,
  SIGUSR1: false,
  SIGUSR2: false,
} as const satisfies Partial<Record<NodeJS.Signals, boolean>>;

type PassedOn = keyof typeof SIGNALS;

export class Life {
  readonly #watchdog = startWatchdog();
  #child: Child | undefined;
  #endsSince: number | undefined;
  /** How the command has ended. */
  readonly ended: Promise<Ending>;
  #setEnded: (ending: Ending) => void = () => {};
  readonly #endBegun: Promise<void>;
  #setEndBegun: () => void = () => {};

  /** To be called before the command starts: from then on, no signal ends this process alone. */
  constructor() {
    this.ended = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
    this.#endBegun = new Promise((resolve) => {
      this.#setEndBegun = resolve;
    });
    for (const [signal, isEnd] of Object.entries(SIGNALS)) {
      process.on(signal, () => {
        this.#signal(signal as PassedOn);
        if (isEnd) this.endBegins();
      });
    }
  }

  /** The command has started. */
  began(child: Child): void {
    this.#child = child;
    this.#watchdog.guard(child.pid as number);
    child.once('exit', (code, signal) => {
      this.#watchdog.release();
      this.#setEnded({ code, signal });
    });
    this.#watchHost();
  }

  /** A host that is gone cannot be noticed by our input as long as the command does not read its own. */
  #watchHost(): void {
    const host = process.ppid;
    const stop = runEvery(HOST_EVERY_MS, () => {
      if (process.ppid === host) return;
      stop();
      this.endBegins();
    });
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child !== undefined) passOn(signal, this.#child);
  }

  /** Idempotent. */
  endBegins(): void {
    if (this.#endsSince !== undefined) return;
    this.#endsSince = performance.now();
    this.#setEndBegun();
    runLater(TERMINATE_AFTER_MS, () => this.#signal('SIGTERM'));
    runLater(KILL_AFTER_MS, () => this.#signal('SIGKILL'));
    runLater(GIVE_UP_AFTER_MS, () => this.#setEnded({ code: null, signal: 'SIGKILL' }));
  }

  /** Resolves so many milliseconds before everything is over, once the end has begun. Does not keep the process alive. */
  async overIn(milliseconds: number): Promise<void> {
    await this.#endBegun;
    await new Promise<void>((resolve) => void runLater(Math.max(0, this.leftMs - milliseconds), resolve));
  }

  /** How long the host still waits, in milliseconds, as far as is known. */
  get leftMs(): number {
    return this.#endsSince === undefined
      ? Number.POSITIVE_INFINITY
      : this.#endsSince + OVER_AFTER_MS - performance.now();
  }
}

/** Ends this process as the command has ended: with its exit code, or by its signal. */
export function endLike({ code, signal }: Ending): void {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // A signal that does not end this process, or one that its system does not have.
  process.exit(128 + (constants.signals[signal] ?? 0));
}
