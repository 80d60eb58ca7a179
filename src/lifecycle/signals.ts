/**
 * The signals that end a process. The application's own handlers decide what a signal does, and see the process as they
 * would without us: some libraries count the listeners to find out whether they are alone. Without a handler, the process
 * is terminated by the signal, as it would be by default, but only after `unhandled` has settled.
 */
import { constants } from 'node:os';
import { RUNTIME } from '../lib/runtime.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** Whether a signal comes with its number. */
const HAVE_NUMBERS = RUNTIME !== 'deno';
/** Whether a listener that is added while a signal is delivered gets that signal. */
const CALLS_ADDED_LISTENERS = RUNTIME === 'deno';

export interface SignalActions {
  /** The application handles the signal: it may drain, end or go on. */
  readonly handled: () => void;
  /** The application does not handle the signal. The process dies when this has settled. */
  readonly unhandled: () => Promise<unknown>;
}

export function watchSignals(process: NodeJS.Process, actions: SignalActions): void {
  const ownKills = new OwnKills(process);
  const listeners = new Map<string | symbol, SignalListener>(
    SIGNALS.map((signal) => [signal, new SignalListener({ process, signal, actions, ownKills })]),
  );
  // A `once` listener in front of ours would be gone when we count.
  process.on('newListener', (event) => {
    const listener = listeners.get(event);
    if (listener !== undefined) queueMicrotask(() => listener.comeFirst());
  });
}

interface SignalListenerOptions {
  readonly process: NodeJS.Process;
  readonly signal: NodeJS.Signals;
  readonly actions: SignalActions;
  readonly ownKills: OwnKills;
}

class SignalListener {
  readonly #process: NodeJS.Process;
  readonly #signal: NodeJS.Signals;
  readonly #actions: SignalActions;
  readonly #ownKills: OwnKills;
  /** The application did not handle the signal, and the process is about to die. */
  #dying = false;

  constructor({ process, signal, actions, ownKills }: SignalListenerOptions) {
    this.#process = process;
    this.#signal = signal;
    this.#actions = actions;
    this.#ownKills = ownKills;
    process.prependListener(signal, this.#onSignal);
  }

  comeFirst(): void {
    const listeners = this.#process.rawListeners(this.#signal);
    if (listeners.length < 2 || listeners[0] === this.#onSignal || !listeners.includes(this.#onSignal)) return;
    this.#process.removeListener(this.#signal, this.#onSignal).prependListener(this.#signal, this.#onSignal);
  }

  /** Runs before the application's listeners, which do not find it among the listeners. */
  readonly #onSignal = (_signal: NodeJS.Signals, number?: number): void => {
    // An event that the application emits itself has no number. Without another listener it would do nothing.
    if (HAVE_NUMBERS && number === undefined && this.#process.listenerCount(this.#signal) === 1) return;
    this.#process.removeListener(this.#signal, this.#onSignal);
    if (this.#process.listenerCount(this.#signal) > 0) {
      this.#dying = false;
      this.#actions.handled();
      this.#ownKills.intercept(this.#signal, () => this.#die());
      setImmediate(() => {
        this.#ownKills.letThrough(this.#signal);
        this.#listenAgain();
      });
    } else if (this.#dying) {
      // A second signal ends the process at once.
      this.#kill();
    } else {
      this.#die();
    }
  };

  #listenAgain(): void {
    if (!this.#process.listeners(this.#signal).includes(this.#onSignal)) {
      this.#process.prependListener(this.#signal, this.#onSignal);
    }
  }

  #die(): void {
    this.#dying = true;
    if (CALLS_ADDED_LISTENERS) queueMicrotask(() => this.#listenAgain());
    else this.#listenAgain();
    const kill = () => {
      if (!this.#dying) return;
      this.#process.removeListener(this.#signal, this.#onSignal);
      this.#kill();
    };
    this.#actions.unhandled().then(kill, kill);
  }

  #kill(): void {
    this.#process.kill(this.#process.pid, this.#signal);
  }
}

/**
 * Signals that the process sends to itself. A handler that cleans up, removes itself and sends the signal again would end
 * the process at once while our listener is away.
 */
class OwnKills {
  readonly #process: NodeJS.Process;
  /** What happens instead, by the signal. */
  readonly #intercepted = new Map<NodeJS.Signals, () => void>();
  #kill: NodeJS.Process['kill'];

  constructor(process: NodeJS.Process) {
    this.#process = process;
    this.#kill = process.kill;
  }

  intercept(signal: NodeJS.Signals, instead: () => void): void {
    this.#intercepted.set(signal, instead);
    if (this.#process.kill === this.#onKill) return;
    this.#kill = this.#process.kill;
    this.#process.kill = this.#onKill;
  }

  letThrough(signal: NodeJS.Signals): void {
    this.#intercepted.delete(signal);
    if (this.#intercepted.size === 0 && this.#process.kill === this.#onKill) this.#process.kill = this.#kill;
  }

  readonly #onKill = (pid: number, given?: string | number): true => {
    const [signal, instead] = [...this.#intercepted].find(([intercepted]) => isSame(given, intercepted)) ?? [];
    if (instead === undefined || pid !== this.#process.pid || this.#process.listenerCount(signal as string) > 0) {
      return this.#kill.call(this.#process, pid, given);
    }
    this.#intercepted.delete(signal as NodeJS.Signals);
    instead();
    return true;
  };
}

function isSame(given: unknown, signal: NodeJS.Signals): boolean {
  return given === signal || given === constants.signals[signal] || (given === undefined && signal === 'SIGTERM');
}
