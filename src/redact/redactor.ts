/** The only way for strings and content that others chose to reach spans, logs and audit records. */
import { cutBytes, cutChars } from '../lib/text.js';
import { type Detector, DetectorFailure, ignoreRejection, withSafeIds } from './detectors.js';
import {
  DEFAULT_CONTENT_BYTES,
  MAX_CONTENT_BYTES,
  MAX_HOOK_MS,
  MAX_NAME_CHARS,
  MAX_URI_CHARS,
  MIN_CONTENT_BYTES,
} from './limits.js';
import { isOrdinary } from './patterns.js';
import type { RedactionCounts } from './redaction-counts.js';
import { oneLine, REDACTED, type ScrubContext, scrub, scrubToBytes } from './scrub.js';
import { copyStructure } from './structure.js';
import { safeUri } from './uri.js';

export type { Detector } from './detectors.js';

/** Options of a {@link Redactor}. */
export interface RedactorOptions {
  /**
   * The application's own rule. Called last, with the name of the field and the text about to leave: the text itself, or
   * the JSON of structured content. Its return value replaces the text; if it throws, or returns anything but a string, the
   * value is dropped. Called for opt-in content and for every string of an audit record, where the value is also dropped if
   * the call takes longer than 5 ms; not for names and URIs of spans. For fields about the actor it receives the original
   * value, and secrets are hidden in what it returns.
   */
  readonly redact?: (field: string, value: string) => string | undefined;
  /** Called for every string that leaves, names included, after the pattern set, in this order. @defaultValue none */
  readonly detectors?: readonly Detector[];
  /** Bytes of UTF-8 let through per field of content, 512 to 1 MiB. @defaultValue 8192 */
  readonly maxContentBytes?: number;
  /** The clock that times the hook, in milliseconds. @defaultValue `performance.now` */
  readonly now?: () => number;
}

/** A short identifier, one that names somebody, a URI, or text of several lines. */
export type FieldKind = 'name' | 'identity' | 'uri' | 'text';

/** `again`: the value was redacted before. `reading`: the reading budget of its call. */
export type FieldContext = Pick<ScrubContext, 'again' | 'reading'>;

/** Fits the hook's answer into the bounds and characters of the field's kind. */
type Fit = (answer: string) => string;

/** Hides secrets in values of peers and handlers, within bounds, and counts what it hides. No method throws. */
export class Redactor {
  readonly #hook: RedactorOptions['redact'];
  readonly #detectors: readonly Detector[] | undefined;
  readonly #maxBytes: number;
  readonly #fits: Readonly<Record<FieldKind, Fit>>;
  readonly #now: () => number;

  constructor(options: RedactorOptions = {}) {
    this.#hook = options.redact;
    const detectors = withSafeIds(options.detectors ?? []);
    this.#detectors = detectors.length === 0 ? undefined : detectors;
    this.#maxBytes = contentBytes(options.maxContentBytes);
    this.#fits = fitsFor(this.#maxBytes);
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * A short identifier chosen by a peer: method, tool name, JSON-RPC id, session id, protocol version. Secrets are
   * replaced, invisible and misleading characters escaped (`\u200b`); at most 256 characters. Ordinary names cost one cheap
   * check.
   */
  name(field: string, value: string, counts?: RedactionCounts, context?: FieldContext): string {
    return this.#short(field, value, this.#context(counts, field, context));
  }

  /** Like {@link name}, for an identifier that names somebody: hides secrets, but no e-mail addresses or numbers. */
  identity(field: string, value: string, counts?: RedactionCounts, context?: FieldContext): string {
    return this.#short(field, value, { ...this.#context(counts, field, context), identity: true });
  }

  #short(field: string, value: string, context: ScrubContext): string {
    if (isOrdinary(value) && this.#detectors === undefined) return value;
    try {
      const scrubbed = scrub(value, MAX_NAME_CHARS, false, context);
      return cutChars(scrubbed, MAX_NAME_CHARS, value.length > MAX_NAME_CHARS);
    } catch (error) {
      context.counts?.drop(field, failureRule(error));
      return REDACTED;
    }
  }

  /** A URI of any scheme, or none, without userinfo, query and fragment, secrets replaced, at most 1024 characters. */
  uri(field: string, value: string, counts?: RedactionCounts, context?: FieldContext): string {
    try {
      return safeUri(value, this.#context(counts, field, context));
    } catch (error) {
      counts?.drop(field, failureRule(error));
      return REDACTED;
    }
  }

  /** Opt-in text: secrets replaced, cut to the bound with a mark that says how much is missing, then the hook. */
  text(field: string, value: string, counts?: RedactionCounts, context?: FieldContext): string | undefined {
    const safe = this.#safeText(field, value, counts, context);
    return safe === undefined ? undefined : this.#ask(field, safe, this.#fits.text, counts);
  }

  /**
   * Opt-in structured content: a bounded copy as plain data, without values under sensitive keys, then the hook with its
   * JSON. If the hook changes the text, JSON becomes data again, and any other text stays a string.
   */
  value(field: string, value: unknown, counts?: RedactionCounts, context?: FieldContext): unknown {
    if (typeof value === 'string') return this.text(field, value, counts, context);
    try {
      const copy = copyStructure(value, this.#maxBytes, this.#context(counts, field, context));
      if (this.#hook === undefined || copy === undefined) return copy;
      const json = JSON.stringify(copy);
      const answer = this.#ask(field, json, this.#fits.text, counts);
      return answer === json ? copy : answer === undefined ? undefined : parsed(answer);
    } catch {
      counts?.drop(field, 'unreadable');
      return undefined;
    }
  }

  /**
   * A string of an audit record: {@link name}, {@link identity}, {@link uri} or {@link text}, then always the hook.
   * Undefined if the hook refused it, failed, or took longer than 5 ms.
   */
  field(
    field: string,
    kind: FieldKind,
    value: string,
    counts?: RedactionCounts,
    context?: FieldContext,
  ): string | undefined {
    const safe =
      kind === 'text' ? this.#safeText(field, value, counts, context) : this[kind](field, value, counts, context);
    return safe === undefined ? undefined : this.approved(field, kind, safe, counts);
  }

  /** The hook's answer to the original value; redact it afterwards. */
  asked(field: string, value: string, counts?: RedactionCounts): string | undefined {
    return this.#ask(field, value, (answer) => answer, counts, this.#now);
  }

  /** The last step of {@link field}, for a string composed of redacted parts. */
  approved(field: string, kind: FieldKind, safe: string, counts?: RedactionCounts): string | undefined {
    return this.#ask(field, safe, this.#fits[kind], counts, this.#now);
  }

  #safeText(
    field: string,
    value: string,
    counts: RedactionCounts | undefined,
    context: FieldContext | undefined,
  ): string | undefined {
    try {
      return scrubToBytes(value, this.#maxBytes, this.#context(counts, field, context));
    } catch (error) {
      counts?.drop(field, failureRule(error));
      return undefined;
    }
  }

  /**
   * The hook's answer, made to fit. With a clock, a late answer counts as a failure, and so does a time that is not a
   * number.
   */
  #ask(field: string, value: string, bounded: Fit, counts?: RedactionCounts, now?: () => number): string | undefined {
    if (this.#hook === undefined) return value;
    let rule = 'hook_error';
    try {
      const started = now?.();
      const answer: unknown = this.#hook(field, value);
      const inTime = now === undefined || now() - (started ?? 0) <= MAX_HOOK_MS;
      if (typeof answer === 'string' && inTime) {
        const fitting = bounded(answer);
        if (fitting !== value) counts?.add('hook');
        return fitting;
      }
      if (answer === undefined) rule = 'hook';
      ignoreRejection(answer);
    } catch {
      // Not reported: the error may quote the value.
    }
    counts?.drop(field, rule);
    return undefined;
  }

  #context(counts: RedactionCounts | undefined, label: string, context?: FieldContext): ScrubContext {
    return { detectors: this.#detectors, counts, label, ...context };
  }
}

function fitsFor(maxBytes: number): Readonly<Record<FieldKind, Fit>> {
  return {
    name: (answer) => oneLine(answer, MAX_NAME_CHARS),
    identity: (answer) => oneLine(answer, MAX_NAME_CHARS),
    uri: (answer) => oneLine(answer, MAX_URI_CHARS),
    text: (answer) => cutBytes(answer.replace(/\p{Cs}/gu, '\ufffd'), maxBytes),
  };
}

function failureRule(error: unknown): string {
  return error instanceof DetectorFailure ? 'detector_error' : 'unreadable';
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
