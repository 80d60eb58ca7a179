/**
 * Recognises an MCP request by the first bytes of a stream of JSON. Reads each byte once, keeps nothing but the few values
 * that it looks for, and stops at the first thing that no MCP request has.
 *
 * Other protocols of JSON-RPC have a method `initialize`, too: only MCP's names a protocol version that is a date.
 */
import type { RequestId } from './jsonrpc.js';
import { PROTOCOL_VERSION_KEY } from './meta.js';

/** An MCP request, as far as it has been read. */
export interface ScannedRequest {
  readonly method: string;
  readonly id: RequestId;
  /** The protocol version that it names. */
  readonly version: string | undefined;
}

/** A request, `none` if there is none, or `more` if more bytes are needed. */
export type Scanned = ScannedRequest | 'none' | 'more';

/** A request whose method comes after more than this is not recognised. */
const MAX_SCANNED = 65_536;
/** Longer strings are none of those that matter. */
const MAX_TEXT = 256;
/** The level of `params._meta`. */
const MAX_LEVEL = 3;

const VERSION = /^\d{4}-\d{2}-\d{2}$/;
const REQUEST_MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);

/** Whether a text has the form of a protocol version. */
export function isProtocolVersion(text: unknown): text is string {
  return typeof text === 'string' && VERSION.test(text);
}

/** What has been read of a request. */
interface Facts {
  readonly jsonrpc?: true;
  readonly method?: string;
  readonly id?: RequestId;
  /** `params.protocolVersion`, of `initialize`. */
  readonly offered?: string;
  /** The protocol version in `params._meta`. */
  readonly declared?: string;
}

export class RequestScanner {
  /** The request is known to be MCP by other means, such as a header. */
  readonly #known: boolean;
  #scanned = 0;
  #level = 0;
  /** Whether each level is an object, and its current key. */
  readonly #isObject: boolean[] = [];
  readonly #keys: string[] = [];
  #expectsKey = false;
  #inString = false;
  #escaped = false;
  /** The current string or number, if it may matter. */
  #text = '';
  #isBinary = false;
  readonly #facts: Facts = {};
  #done: Scanned = 'more';

  /** @param known whether a request counts as MCP whatever its method and without a protocol version */
  constructor(known = false) {
    this.#known = known;
  }

  /** Reads on. Call no more once the answer is not `more`. */
  scan(chunk: string | Uint8Array): Scanned {
    const length = Math.min(chunk.length, MAX_SCANNED - this.#scanned);
    this.#scanned += length;
    this.#isBinary = typeof chunk !== 'string';
    for (let at = 0; at < length && this.#done === 'more'; at += 1) {
      this.#read(typeof chunk === 'string' ? chunk.charCodeAt(at) : (chunk[at] as number));
    }
    if (this.#done === 'more' && this.#scanned >= MAX_SCANNED) this.#done = this.#request(true) ?? 'none';
    return this.#done;
  }

  #read(code: number): void {
    if (this.#inString) this.#readString(code);
    else if (code === QUOTE) this.#inString = this.#level > 0 || this.#none();
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.#open(code === OPEN_OBJECT);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.#close();
    else if (code === COLON) this.#expectsKey = false;
    else if (code === COMMA) this.#next();
    else if (!isSpace(code)) this.#readLiteral(code);
  }

  #readString(code: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (code === BACKSLASH) this.#escaped = true;
    else if (code === QUOTE) {
      this.#inString = false;
      this.#string(this.#take());
      return;
    }
    this.#append(code);
  }

  #readLiteral(code: number): void {
    if (this.#level > 0) this.#append(code);
    // A byte order mark comes as one character or three bytes.
    else if (!BYTE_ORDER_MARK.has(code)) this.#none();
  }

  #append(code: number): void {
    if (this.#level <= MAX_LEVEL && this.#text.length <= MAX_TEXT) this.#text += String.fromCharCode(code);
  }

  #open(isObject: boolean): void {
    // The first array is a batch: its first message is the one that counts.
    if (this.#level === 0 && !isObject) return;
    this.#level += 1;
    this.#text = '';
    this.#expectsKey = isObject;
    if (this.#level <= MAX_LEVEL) this.#isObject[this.#level] = isObject;
  }

  #close(): void {
    this.#literal();
    this.#level -= 1;
    this.#expectsKey = false;
    if (this.#level <= 0) this.#done = this.#request(true) ?? 'none';
  }

  #next(): void {
    this.#literal();
    this.#expectsKey = this.#level <= MAX_LEVEL && this.#isObject[this.#level] === true;
    if (this.#level === 0) this.#none();
  }

  /** Always false. */
  #none(): false {
    this.#done = 'none';
    return false;
  }

  /** The current text; empty if it is too long to matter. */
  #take(): string {
    const text = this.#text;
    this.#text = '';
    if (text.length > MAX_TEXT) return '';
    return this.#isBinary && NOT_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
  }

  #literal(): void {
    const text = this.#take();
    if (text === '' || this.#level !== 1 || this.#keys[1] !== 'id') return;
    const id = Number(text);
    if (Number.isNaN(id)) this.#none();
    else this.#found({ id });
  }

  #string(text: string): void {
    if (this.#level > MAX_LEVEL) return;
    if (this.#expectsKey) this.#key(text);
    else if (this.#level === 1) this.#member(text);
    else if (this.#level === 2) this.#param(text);
    else this.#metadata(text);
  }

  #key(key: string): void {
    this.#keys[this.#level] = key;
    if (this.#level === 1 && !REQUEST_MEMBERS.has(key)) this.#none();
  }

  #member(value: string): void {
    const [, key] = this.#keys;
    if (key === 'jsonrpc' && value !== '2.0') this.#none();
    else if (key === 'jsonrpc') this.#found({ jsonrpc: true });
    else if (key === 'method' && value !== '') this.#found({ method: value });
    else if (key === 'id') this.#stringId(value);
  }

  #stringId(raw: string): void {
    const id: unknown = raw.includes('\\') ? parsed(`"${raw}"`) : raw;
    if (typeof id !== 'string' || id === '') this.#none();
    else this.#found({ id });
  }

  #param(value: string): void {
    const [, member, key] = this.#keys;
    if (member !== 'params' || key !== 'protocolVersion' || this.#isObject[2] !== true) return;
    if (isProtocolVersion(value)) this.#found({ offered: value });
  }

  #metadata(value: string): void {
    const [, member, param, key] = this.#keys;
    if (member !== 'params' || param !== '_meta' || key !== PROTOCOL_VERSION_KEY) return;
    if (this.#isObject[2] !== true || this.#isObject[3] !== true) return;
    if (isProtocolVersion(value)) this.#found({ declared: value });
  }

  #found(facts: Facts): void {
    Object.assign(this.#facts, facts);
    this.#done = this.#request(false) ?? this.#done;
  }

  #request(isWhole: boolean): ScannedRequest | undefined {
    const { jsonrpc, method, id, offered, declared } = this.#facts;
    if (!jsonrpc || method === undefined || id === undefined) return undefined;
    const initialVersion = method === 'initialize' ? offered : undefined;
    const version = declared ?? initialVersion;
    // What needs no version to prove itself may have one in the rest of the message.
    const isProven = version !== undefined || (isWhole && (this.#known || method === 'server/discover'));
    return isProven ? { method, id, version } : undefined;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const BYTE_ORDER_MARK: ReadonlySet<number> = new Set([0xfeff, 0xef, 0xbb, 0xbf]);
const NOT_ASCII = /[\x80-\xff]/;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
