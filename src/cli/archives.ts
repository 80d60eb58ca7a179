/** Opens encrypted archives, with age identities from files. Those are secret: nothing of them is ever shown. */
import { ReadableStream } from 'node:stream/web';
import { readSecretFile } from '../chain/key-file.js';
import { codeOf, SECRET, tooOpen, USED_ANYWAY } from '../lib/files.js';
import { Problem } from './arguments.js';
import { visible } from './text.js';
import { type Decrypt, Unreadable } from './unpack.js';

type Age = typeof import('age-encryption');
type Decrypter = InstanceType<Age['Decrypter']>;

const MAX_FILE_BYTES = 65_536;
/** Six hundred recipients. Each of them is tried with each identity. */
const MAX_HEADER_BYTES = 65_536;
const HEADER_END = '\n--- ';
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]+$/;

export class Archives {
  readonly #files: readonly IdentityFile[];
  readonly #load: () => Promise<Age>;
  #decrypter: Promise<Decrypter> | undefined;

  /**
   * @param paths files of age identities
   * @param complain receives what is wrong with a file that is used anyway
   * @throws a {@link Problem} for a file that cannot be used
   */
  constructor(
    paths: readonly string[],
    complain: (text: string) => unknown,
    load: () => Promise<Age> = () => import('age-encryption'),
  ) {
    this.#files = paths.map((path) => identityFile(path, complain));
    this.#load = load;
  }

  readonly decrypt: Decrypt = async function* (this: Archives, chunks: AsyncIterable<Uint8Array>) {
    if (this.#files.length === 0) throw new Unreadable('it is encrypted: --identity FILE opens it');
    this.#decrypter ??= this.#made();
    yield* plain(chunks, await this.#decrypter);
  }.bind(this);

  async #made(): Promise<Decrypter> {
    let age: Age;
    try {
      age = await this.#load();
    } catch (error) {
      const code = codeOf(error);
      const why = code?.endsWith('MODULE_NOT_FOUND')
        ? 'is not installed'
        : `cannot be loaded (${code ?? 'unknown error'})`;
      throw new Unreadable(`it is encrypted, and the package age-encryption ${why}: npm install age-encryption`);
    }
    const decrypter = new age.Decrypter();
    for (const { name, identities } of this.#files) {
      for (const { line, text } of identities) {
        try {
          decrypter.addIdentity(text);
        } catch {
          // The error may quote it.
          throw new Unreadable(`line ${line} of the identity file ${name} is damaged`);
        }
      }
    }
    return decrypter;
  }
}

/** Each chunk of an age file is authenticated, and the last one is marked: nothing but the error tells that there was more. */
async function* plain(chunks: AsyncIterable<Uint8Array>, decrypter: Decrypter): AsyncGenerator<Uint8Array> {
  const source = new Source(chunks);
  let isOpen = false;
  try {
    await source.readHeader();
    const stream = await decrypter.decrypt(source.stream as Parameters<Decrypter['decrypt']>[0] & ReadableStream);
    isOpen = true;
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw source.failure ?? new Unreadable(isOpen ? CUT : reasonOf(error));
  } finally {
    await source.close();
  }
}

const CUT = 'it is damaged, cut off or was changed: what is behind that place was not read';

function reasonOf(error: unknown): string {
  const isOther = error instanceof Error && error.message.startsWith('no identity matched');
  return isOther ? 'it is encrypted for others: no --identity opens it' : 'the header of the encrypted file is damaged';
}

/** Chunks as a stream of the web, which the library takes. */
class Source {
  /** Why the input itself could not be read. */
  failure: unknown;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #head: Buffer | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The library would look for the end of the header without an end.
   *
   * @throws if it is not where it has to be
   */
  async readHeader(): Promise<void> {
    let head = Buffer.alloc(0);
    while (!hasHeader(head)) {
      const next = head.length > MAX_HEADER_BYTES ? undefined : await this.#next();
      if (next === undefined) throw new Error('no end of the header');
      head = Buffer.concat([head, next]);
    }
    this.#head = head;
  }

  get stream(): ReadableStream<Uint8Array> {
    const pull = async (controller: { enqueue(chunk: Uint8Array): void; close(): void }) => {
      const next = this.#head ?? (await this.#next());
      this.#head = undefined;
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    };
    return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  }

  /** Lets the file go, also when it is not read to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const next = await this.#chunks.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

function hasHeader(head: Buffer): boolean {
  const last = head.subarray(0, MAX_HEADER_BYTES).indexOf(HEADER_END);
  return last !== -1 && head.subarray(0, MAX_HEADER_BYTES).includes('\n', last + HEADER_END.length);
}

interface IdentityFile {
  /** For people. */
  readonly name: string;
  readonly identities: readonly { readonly line: number; readonly text: string }[];
}

function identityFile(path: string, complain: (text: string) => unknown): IdentityFile {
  const name = visible(path);
  const file = readSecretFile(path, MAX_FILE_BYTES);
  if ('reason' in file) throw new Problem(`the identity file ${name} ${file.reason}`);
  const lines = file.text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((text, index) => ({ line: index + 1, text: text.trim() }));
  const identities = lines.filter(({ text }) => text !== '' && !text.startsWith('#'));
  const wrong = identities.find(({ text }) => !IDENTITY.test(text));
  if (identities.length === 0)
    throw new Problem(`the identity file ${name} has no identity: a line with AGE-SECRET-KEY-1…`);
  if (wrong !== undefined) {
    throw new Problem(
      `line ${wrong.line} of the identity file ${name} ${whatIs(wrong.text)}; a line is AGE-SECRET-KEY-1… or a comment`,
    );
  }
  const open = tooOpen(file.mode, SECRET);
  if (open !== undefined) complain(`the identity file ${name} ${open}. ${USED_ANYWAY}`);
  return { name, identities };
}

/** What stands where an identity should: a sentence without its subject. */
function whatIs(text: string): string {
  if (/^age1/.test(text)) return 'is a recipient, which encrypts and does not decrypt';
  if (/^age-encryption\.org\/v1|^-----BEGIN AGE ENCRYPTED FILE/.test(text)) {
    return 'shows that it is encrypted with a passphrase: age --decrypt makes one that can be read';
  }
  return 'is something else';
}
