/** The one door through which strings and content chosen by others leave: for spans and logs alike. */
import { DEFAULT_CONTENT_BYTES, MAX_CONTENT_BYTES, MAX_NAME_CHARS, MIN_CONTENT_BYTES } from './limits.js';
import { isOrdinary } from './ordinary.js';
import { cutBytes, cutChars, REDACTED, scrub, scrubToBytes } from './scrub.js';
import { copyStructure } from './structure.js';
import { safeUri } from './uri.js';

/** How a {@link Redactor} is set up. */
export interface RedactorOptions {
  /**
   * The application's own rule for opt-in content. It is called last, with the name of the field and the text that is
   * about to leave: the text itself, or the JSON of structured content. What it returns takes the place of the value.
   * When it throws, or returns anything but a string, the value is dropped. It is not called for names and URIs.
   */
  readonly redact?: (field: string, value: string) => string | undefined;
  /** Bytes of UTF-8 let through per field of content, 512 to 1 MiB. @defaultValue 8192 */
  readonly maxContentBytes?: number;
}

/** Hides secrets in what a peer or a handler chose, within bounds. No method throws. */
export class Redactor {
  readonly #hook: RedactorOptions['redact'];
  readonly #maxBytes: number;

  constructor(options: RedactorOptions = {}) {
    this.#hook = options.redact;
    this.#maxBytes = contentBytes(options.maxContentBytes);
  }

  /**
   * A short identifier chosen by a peer: a method, tool name, JSON-RPC id, session id, protocol version.
   * Secrets and unsafe characters are replaced; at most 256 characters. Ordinary names return after one cheap check.
   */
  name(_field: string, value: string): string {
    if (isOrdinary(value)) return value;
    try {
      return cutChars(scrub(value, MAX_NAME_CHARS), MAX_NAME_CHARS, value.length > MAX_NAME_CHARS);
    } catch {
      return REDACTED;
    }
  }

  /** Opt-in content text: secrets replaced, cut to the bound with a mark saying how much is missing, then the hook. */
  text(field: string, value: string): string | undefined {
    try {
      return this.#applyHook(field, scrubToBytes(value, this.#maxBytes));
    } catch {
      return undefined;
    }
  }

  /**
   * Opt-in structured content: a bounded copy as plain data, values under sensitive keys hidden, then the hook with its
   * JSON text. A changed text that is JSON comes back as data, any other as a string.
   */
  value(field: string, value: unknown): unknown {
    if (typeof value === 'string') return this.text(field, value);
    try {
      const copy = copyStructure(value, this.#maxBytes);
      if (this.#hook === undefined || copy === undefined) return copy;
      const json = JSON.stringify(copy);
      const answer = this.#applyHook(field, json);
      return answer === json ? copy : answer === undefined ? undefined : parsed(answer);
    } catch {
      return undefined;
    }
  }

  /** A URI without userinfo, query and fragment, secrets replaced, at most 1024 characters. Any scheme, or none. */
  uri(_field: string, value: string): string {
    try {
      return safeUri(value);
    } catch {
      return REDACTED;
    }
  }

  #applyHook(field: string, value: string): string | undefined {
    if (this.#hook === undefined) return value;
    const answer: unknown = this.#hook(field, value);
    if (typeof answer === 'string') return cutBytes(answer.replace(/\p{Cs}/gu, '\ufffd'), this.#maxBytes);
    // An async hook is a mistake; its rejection must not become the application's.
    if (answer instanceof Promise) answer.catch(() => {});
    return undefined;
  }
}

function contentBytes(configured = DEFAULT_CONTENT_BYTES): number {
  if (!Number.isFinite(configured)) return DEFAULT_CONTENT_BYTES;
  return Math.min(MAX_CONTENT_BYTES, Math.max(MIN_CONTENT_BYTES, Math.floor(configured)));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
