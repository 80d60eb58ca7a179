/** The key that signs checkpoints, read from its file again and again: it can be replaced while the process runs. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSigningKey } from '../chain/key-file.js';
import { isValidAt, type SigningKey } from '../chain/keys.js';
import { attempt } from '../lib/attempt.js';
import { codeOf, mayBeShown } from '../lib/files.js';
import { warnOperator } from '../report/report.js';

export class Signer {
  readonly #path: string;
  readonly #where: string;
  #key: SigningKey | undefined;
  /** Another key that the file has by now. */
  #other: SigningKey | undefined;
  /** The state of the file that was read or refused last. */
  #seen: string | undefined;

  /** @param source the option or variable, for messages */
  constructor(path: string, source: string) {
    // The application may change its working directory, and that may have been deleted.
    this.#path = attempt(() => resolve(path)) ?? path;
    this.#where = mayBeShown(path)
      ? `${source} is ${JSON.stringify(path)}, which`
      : `${source} (not shown, as it may be the key itself; accepted: the path of a file)`;
  }

  /** Undefined if the file has had none that can be used: the trail is not signed yet. */
  get key(): SigningKey | undefined {
    return this.#key;
  }

  /** Reads the key. If that fails, warns; `next` tries again. */
  load(): void {
    this.next();
  }

  /**
   * Looks at the file. Returns another key that it has by now, until that is used: one that is valid, unless the old one is
   * not, either. If it has none that can be used, warns, and the old one goes on. The first key is used at once.
   */
  next(): SigningKey | undefined {
    this.#look();
    const other = this.#other;
    if (other === undefined) return undefined;
    if (this.#key === undefined) {
      this.use(other);
      return undefined;
    }
    const now = Date.now();
    if (isValidAt(other, now) || !isValidAt(this.#key, now)) return other;
    warnOperator(`${this.#where} holds another key, which has expired or is not valid yet. ${OLD_KEY}`);
    return undefined;
  }

  use(key: SigningKey): void {
    this.#key = key;
    this.#other = undefined;
  }

  warnOfExpiry(): void {
    if (this.#key === undefined || isValidAt(this.#key, Date.now())) return;
    warnOperator(
      `${this.#where} holds a key that has expired or is not valid yet. It goes on signing, and mcp-trail verify does not ` +
        `accept that; ${MAKE_A_KEY}`,
    );
  }

  #look(): void {
    const state = stateOf(this.#path);
    if (state === this.#seen) return;
    this.#seen = state;
    this.#other = undefined;
    const read = readSigningKey(this.#path);
    if ('reason' in read)
      warnOperator(`${this.#where} ${read.reason}. ${this.#key === undefined ? UNSIGNED : OLD_KEY}`);
    // Its validity may be another.
    else if (read.id === this.#key?.id) this.#key = read;
    else this.#other = read;
  }
}

const MAKE_A_KEY = 'mcp-trail keygen FILE makes a key';
const UNSIGNED = `Audit records are linked, but not signed until it holds a key; ${MAKE_A_KEY}`;
const OLD_KEY = 'The key that was read before goes on signing';

/** Changes with the file, with who can use it, and with where a link leads. */
function stateOf(path: string): string {
  try {
    // A change of the mode within one tick of the file system's clock leaves `ctimeNs` as it is.
    const { dev, ino, mtimeNs, ctimeNs, size, mode } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${mtimeNs} ${ctimeNs} ${size} ${mode}`;
  } catch (error) {
    return `${codeOf(error)}`;
  }
}
