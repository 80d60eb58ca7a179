/**
 * The places in a bundle where an SDK's own code gives us one of its objects. They are found by what minifiers keep: names
 * of members, and texts of errors. Each is replaced by a call of the same length.
 */

/**
 * What a bundle hands over: a protocol instance, a transport that starts, by its role, the function behind an HTTP entry, or
 * a client of the AI SDK.
 */
export type BundleSubject = 'protocol' | 'client' | 'server' | 'handler' | 'ai-client';

/** One thing that the added function does, as an expression: `t` is its argument, and `s` passes a subject on. */
type Action = string;

/** Text to replace: where it is, counted from the start of the literal. */
export interface Place {
  readonly start: number;
  readonly end: number;
  /** The new text. `call` makes the call of an action. */
  write(call: (action: Action, argument: string) => string): string;
}

interface Mark {
  /** Text of every file that may have such a place. */
  readonly literal: string;
  /** Another text that the file must have. */
  readonly companion?: string;
  /** Whether a file with the literal and without any place is one that we fail to observe. */
  readonly needed: boolean;
  /** The place that one occurrence of the literal belongs to, if any. */
  place(around: Surroundings): Place | undefined;
}

/** The text around a literal: a letter for each byte of it, so that positions in it are those of bytes. */
export interface Surroundings {
  readonly before: string;
  readonly after: string;
  /** More of what comes before. */
  farBefore(): string;
}

/** How far a place may extend before and after the literal: compiled code is indented deeply. */
export const REACH = 1024;
/** How far before its use the function behind an HTTP entry may be. */
export const FAR = 32_768;
const PURE = String.raw`(?:\/\*\s*[@#]__PURE__\s*\*\/\s*)?`;
/** A new map without content, and no class with a longer name or inside of `Map`. */
const NEW_MAP = String.raw`${PURE}(new\s+Map(?![\w$\\\x80-\uffff])(?:\s*\(\s*\)|(?!\s*(?:[([.<\`]|\?\.|\/[*/]))))`;
/** A name that stands for itself: no member, no end of another name, no keyword before a member. */
const NAME = String.raw`(?<![\w$.#?\])\\\x80-\uffff]|\.\s+)(?!(?:super|new|import)(?![\w$]))([\w$]+)`;
export const PROTOCOL_ACTION: Action = '(s("protocol",t),new Map)';

const CONTROLLERS = '_requestHandlerAbortControllers';
/** `x = new Map`, also of `this["x"]`. */
const ASSIGNED = new RegExp(String.raw`^(?:["'\`]\])?\s*=\s*${NEW_MAP}`, 'd');
/** What compilers make of a class field: `define(this, "x", new Map)`, or with a descriptor in the place of the map. */
const DEFINED = new RegExp(String.raw`^["'\`]\s*,\s*(?:\{[^{}]{0,512}?\bvalue\s*:\s*)?${NEW_MAP}`, 'd');
const RECEIVER = new RegExp(String.raw`${NAME}\s*(?:\.|\[\s*["'\`])$`);
const FIRST_ARGUMENT = /\(\s*([\w$]+)\s*,\s*["'`]$/;
/** At the end of a connection, the old map is read just before a new one is made. */
const READ_BEFORE = new RegExp(String.raw`=\s*[\w$]+\.${CONTROLLERS}\s*[;,]`);

/** The `Protocol` class of every SDK makes this map for each instance. */
const PROTOCOL: Mark = {
  literal: CONTROLLERS,
  needed: true,
  place({ before, after }) {
    const assigned = ASSIGNED.exec(after);
    const made = assigned ?? DEFINED.exec(after);
    const instance = assigned === null ? FIRST_ARGUMENT.exec(before)?.[1] : assignee(before);
    const map = made?.indices?.[1];
    if (instance === undefined || map === undefined) return undefined;
    return {
      start: CONTROLLERS.length + map[0],
      end: CONTROLLERS.length + map[1],
      write: (call) => call(PROTOCOL_ACTION, instance),
    };
  },
};

function assignee(before: string): string | undefined {
  const receiver = RECEIVER.exec(before)?.[1];
  if (receiver === undefined) return beginsField(before) ? 'this' : undefined;
  return READ_BEFORE.test(before) ? undefined : receiver;
}

/** A line of comment. */
const COMMENT_AT_END = /(?:^|\n)[^\S\n]*\/\/[^\n]*$/;
/** What comes before the brace of a class. */
const CLASS_BRACE = /(?<![\w$.#])class(?![\w$])[^{}();=]*(?:(?<![\w$])extends(?![\w$])[^{};]*)?$/;
/** The end of a field whose semicolon is a line break, unless it is one of the words below. */
const END_OF_FIELD = /[\w$\])"'`]$/;
const DECLARES =
  /(?<![\w$.#])(?:let|const|var|static|accessor|get|set|async|export|declare|readonly|in|of|new|typeof|instanceof|await|yield|return|case)$/;

/** Whether a class field begins after this text: not a variable, a default of a pattern, or a static field. */
function beginsField(before: string): boolean {
  let text = before.trimEnd();
  for (let end = -1; end !== text.length; ) {
    end = text.length;
    if (text.endsWith('*/')) text = text.slice(0, Math.max(0, text.lastIndexOf('/*'))).trimEnd();
    const comment = COMMENT_AT_END.exec(text);
    if (comment !== null) text = text.slice(0, comment.index).trimEnd();
  }
  const breaksLine = before.slice(text.length).includes('\n');
  // What looks like the end of a line may be in a comment.
  if (breaksLine && text.slice(text.lastIndexOf('\n') + 1).includes('//')) return false;
  if (/[;}]$/.test(text)) return true;
  if (text.endsWith('{')) return CLASS_BRACE.test(text.slice(0, -1));
  return breaksLine && END_OF_FIELD.test(text) && !DECLARES.test(text);
}

const STARTED = 'Transport already started';
/** `if (this._process) throw new Error("StdioClient`. The transports of HTTP servers do not say their name. */
const START_GUARD = new RegExp(
  String.raw`\bif\s*\(\s*(${NAME}\.([\w$]+))\s*\)\s*\{?\s*throw\s+${PURE}(?:new\s+)?Error\(\s*["'\`](\w*)$`,
  'd',
);

/** Every transport refuses to start a second time. */
const TRANSPORT: Mark = {
  literal: STARTED,
  needed: false,
  place: ({ before }) => startGuard(before, (name) => name !== ''),
};

/** Transports of other protocols have this error, too: here the file has to show that it speaks MCP over HTTP. */
const NAMELESS_TRANSPORT: Mark = {
  literal: STARTED,
  companion: 'mcp-session-id',
  needed: false,
  place: ({ before }) => startGuard(before, (name) => name === ''),
};

/** @param accepts is asked with the name before the text */
function startGuard(before: string, accepts: (name: string) => boolean): Place | undefined {
  const guard = START_GUARD.exec(before);
  const condition = guard?.indices?.[1];
  if (guard === null || condition === undefined) return undefined;
  const [, , transport = '', member, name = ''] = guard;
  if (!accepts(name)) return undefined;
  const role: BundleSubject = name.endsWith('Client') ? 'client' : 'server';
  const action: Action = `(s("${role}",t),t.${member})`;
  return {
    start: condition[0] - before.length,
    end: condition[1] - before.length,
    write: (call) => call(action, transport),
  };
}

const CLOSED = 'This MCP handler has been closed';
const NEW_ERROR = String.raw`throw\s+(?:new\s+)?Error\(\s*["'\`]$`;
/** `if (closed) throw new Error("` */
const CLOSED_GUARD = new RegExp(String.raw`(\bif\s*\(\s*[\w$]+\s*\)\s*)()${NEW_ERROR}`);
/** `if (!closed) { context.next = 1; break; } throw new Error("` */
const CLOSED_GUARD_OF_REGENERATOR = new RegExp(
  String.raw`(\bif\s*\(\s*!\s*[\w$]+\s*\)\s*\{)(\s*[\w$]+\.(?:next|n)\s*=\s*\d+\s*;\s*break;?\s*\}\s*)${NEW_ERROR}`,
);
/** The groups are what comes before the error: the condition, and a jump. */
const CLOSED_GUARDS = [CLOSED_GUARD, CLOSED_GUARD_OF_REGENERATOR];

/** `; try { return await handle(`, also with the `yield` of a generator */
const TRY = String.raw`\s*;?\s*try\s*\{\s*return\s*\(?\s*(?:await|yield)\s`;
/** `; state.label = 1; case 1: state.trys.push([1, 3, , 4]); return [4, handle(` */
const TRY_OF_TYPESCRIPT = String.raw`\s*[;,]\s*[\w$]+\.label\s*=\s*\d+\s*;\s*case\s+\d+\s*:\s*(?:return\s+)?[\w$]+\.trys\.push\(\s*\[[\d\s,]+\]\s*\)\s*[;,]\s*(?:return\s*)?\[\s*4\s*(?:\/\*yield\*\/\s*)?,`;
/** `; case 1: context.prev = 1; context.next = 2; return handle(` */
const TRY_OF_REGENERATOR = String.raw`\s*;\s*case\s+\d+\s*:\s*(?:return\s+)?[\w$]+\.(?:prev|p)\s*=\s*\d+\s*[;,]\s*[\w$]+\.(?:next|n)\s*=\s*\d+\s*[;,]\s*(?:return\s)?`;
/** From the end of the error to `handle(request, options)`. */
const HANDLE = new RegExp(
  String.raw`^(["'\`]\s*\))(?:${[TRY, TRY_OF_TYPESCRIPT, TRY_OF_REGENERATOR].join('|')})\s*([\w$]+)\s*\(\s*[\w$]+\s*,\s*[\w$]+\s*\)`,
);

/**
 * SDK v2's HTTP entry answers listen streams without a protocol instance. The function behind it is a declaration, so its
 * name can be given to another function; the check before its only call has room for that.
 */
const HANDLER: Mark = {
  literal: CLOSED,
  needed: false,
  place({ before, after, farBefore }) {
    const guard = CLOSED_GUARDS.map((form) => form.exec(before)).find((match) => match !== null);
    const found = HANDLE.exec(after);
    if (!guard || !found) return undefined;
    const [whole, condition = '', jump = ''] = guard;
    const [, quote = '', handle = ''] = found;
    if (!isDeclared(handle, farBefore())) return undefined;
    return {
      start: -whole.length,
      end: CLOSED.length + quote.length,
      write(call) {
        const fail = `throw new Error(${call(`"${CLOSED}"`, '0')})`;
        const replace = `${handle}=${call('s("handler",t)', handle)}`;
        return jump === '' ? `${condition}${fail};${replace}` : `${condition}${replace};${jump}${fail}`;
      },
    };
  },
};

/** Whether the last function of this name is a declaration: the name of an expression cannot be given to another function. */
function isDeclared(name: string, text: string): boolean {
  const last = text.lastIndexOf(`function ${name}(`);
  return (
    last >= 0 && /(?:^|[;{}]|\*\/|\/\/[^\n]*\n)\s*(?:async\s+)?$/.test(text.slice(Math.max(0, last - REACH), last))
  );
}

const AI_CLOSE = 'this.onClose()';
/** `this.transport.onclose = () => ` */
const AI_ONCLOSE = new RegExp(
  String.raw`(${NAME}\.transport)\.onclose\s*=\s*(?:\(\)\s*=>\s*|function\s*\(\)\s*\{\s*return\s+)_?$`,
  'd',
);
/** `; this.transport.onerror = ` */
const AI_ONERROR = /^\s*;?\s*\}?\s*[;,]\s*[\w$]+\.transport\.onerror\s*=/;

/** The client of `@ai-sdk/mcp` has no protocol class, and is not exported. It takes its transport over in its constructor. */
const AI_CLIENT: Mark = {
  literal: AI_CLOSE,
  needed: false,
  place({ before, after }) {
    const assigned = AI_ONCLOSE.exec(before);
    const transport = assigned?.indices?.[1];
    const client = assigned?.[2];
    if (transport === undefined || client === undefined || !AI_ONERROR.test(after)) return undefined;
    const action: Action = '(s("ai-client",t),t.transport)';
    return {
      start: transport[0] - before.length,
      end: transport[1] - before.length,
      write: (call) => call(action, client),
    };
  },
};

export const MARKS: readonly Mark[] = [PROTOCOL, TRANSPORT, NAMELESS_TRANSPORT, HANDLER, AI_CLIENT];
