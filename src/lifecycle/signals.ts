/**
 * The signals that end a process. The application's own handlers decide what a signal does, and see the process as they
 * would without us: others count the listeners to know whether they are alone. Without a handler, the process dies by the
 * signal, as it does by default; its end is only put off until `last` is done.
 */
import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export interface SignalHandling {
  /** The application handles the signal: it may drain, end or go on. */
  readonly handled: () => void;
  /** Nobody handles it. The process dies when this is done. Never rejects. */
  readonly last: () => Promise<unknown>;
}

export function watchSignals(process: NodeJS.Process, handling: SignalHandling): void {
  const raises = new Raises(process);
  const watches = new Map<string | symbol, Watch>(
    SIGNALS.map((signal) => [signal, new Watch(process, signal, handling, raises)]),
  );
  // Whoever runs before us may be gone when we count.
  process.on('newListener', (event) => {
    const watch = watches.get(event);
    if (watch !== undefined) queueMicrotask(() => watch.comeFirst());
  });
}

class Watch {
  readonly #process: NodeJS.Process;
  readonly #signal: NodeJS.Signals;
  readonly #handling: SignalHandling;
  readonly #raises: Raises;
  /** Nobody handled the signal, and what is last is under way. */
  #dying = false;

  constructor(process: NodeJS.Process, signal: NodeJS.Signals, handling: SignalHandling, raises: Raises) {
    this.#process = process;
    this.#signal = signal;
    this.#handling = handling;
    this.#raises = raises;
    process.prependListener(signal, this.#onSignal);
  }

  comeFirst(): void {
    const listeners = this.#process.rawListeners(this.#signal);
    if (listeners.length < 2 || listeners[0] === this.#onSignal || !listeners.includes(this.#onSignal)) return;
    this.#process.removeListener(this.#signal, this.#onSignal).prependListener(this.#signal, this.#onSignal);
  }

  /** Runs before all others, which do not find it among the listeners. */
  readonly #onSignal = (_signal: NodeJS.Signals, number?: number): void => {
    // An event that the application emits itself comes without a number, and ends nothing where nobody else listens.
    if (number === undefined && this.#process.listenerCount(this.#signal) === 1) return;
    this.#process.removeListener(this.#signal, this.#onSignal);
    if (this.#othersListen()) {
      this.#dying = false;
      this.#handling.handled();
      this.#raises.catch(this.#signal, () => this.#die());
      setImmediate(() => {
        this.#raises.release(this.#signal);
        this.#return();
      });
    } else if (this.#dying) {
      // Whoever asks twice does not want to wait.
      this.#raise();
    } else {
      this.#die();
    }
  };

  #othersListen(): boolean {
    return this.#process.listenerCount(this.#signal) > 0;
  }

  #return(): void {
    if (!this.#process.listeners(this.#signal).includes(this.#onSignal)) {
      this.#process.prependListener(this.#signal, this.#onSignal);
    }
  }

  #die(): void {
    this.#dying = true;
    this.#return();
    const raise = () => {
      if (!this.#dying) return;
      this.#process.removeListener(this.#signal, this.#onSignal);
      this.#raise();
    };
    this.#handling.last().then(raise, raise);
  }

  #raise(): void {
    this.#process.kill(this.#process.pid, this.#signal);
  }
}

/**
 * Handlers that clean up, take themselves off and send the signal to their own process again would end it at once while
 * our listener is away.
 */
class Raises {
  readonly #process: NodeJS.Process;
  /** What is to be done in place of the end, by the signal. */
  readonly #caught = new Map<NodeJS.Signals, () => void>();
  #kill: NodeJS.Process['kill'];

  constructor(process: NodeJS.Process) {
    this.#process = process;
    this.#kill = process.kill;
  }

  catch(signal: NodeJS.Signals, instead: () => void): void {
    this.#caught.set(signal, instead);
    if (this.#process.kill === this.#onKill) return;
    this.#kill = this.#process.kill;
    this.#process.kill = this.#onKill;
  }

  release(signal: NodeJS.Signals): void {
    this.#caught.delete(signal);
    if (this.#caught.size === 0 && this.#process.kill === this.#onKill) this.#process.kill = this.#kill;
  }

  readonly #onKill = (pid: number, given?: string | number): true => {
    const [signal, instead] = [...this.#caught].find(([caught]) => isSame(given, caught)) ?? [];
    if (instead === undefined || pid !== this.#process.pid || this.#process.listenerCount(signal as string) > 0) {
      return this.#kill.call(this.#process, pid, given);
    }
    this.#caught.delete(signal as NodeJS.Signals);
    instead();
    return true;
  };
}

function isSame(given: unknown, signal: NodeJS.Signals): boolean {
  return given === signal || given === constants.signals[signal] || (given === undefined && signal === 'SIGTERM');
}
