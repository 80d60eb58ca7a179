/** The stack of an error as short lines of functions and files, without anything from its message. */
import { fileURLToPath } from 'node:url';

const MAX_FRAMES = 10;
const MAX_FRAME_CHARS = 200;
const MAX_FUNCTION_CHARS = 80;
const MAX_FILE_CHARS = 96;
/** Longer paths are not shown. */
const MAX_PATH_CHARS = 4096;
/** The rest of a longer stack text is not read. */
const MAX_STACK_CHARS = 65_536;

const ANONYMOUS = '<anonymous>';

/** How places in the code are shown. */
export interface StackRules {
  /** Paths within this folder are shown relative to it. */
  readonly workingDirectory: string;
  /** Redacts a name. */
  readonly hide: (name: string) => string;
}

interface StackFrame {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/**
 * Up to ten frames of at most 200 characters, `function (file:line:column)`, innermost first. Files are relative to the
 * working directory or the last `node_modules`; of any other file, only the name is shown. Empty if it is not certain
 * where the message ends and the stack begins.
 *
 * @param error an instance of `Error`, and no proxy
 */
export function framesOf(error: object, rules: StackRules): string[] {
  const frames = siteFrames(error) ?? textFrames(error);
  return frames.map((frame) => frameText(frame, rules));
}

/**
 * The stack as V8 recorded it; undefined if it was formatted before. A formatter that throws leaves the stack unformatted,
 * so that the next reader gets what they would have got without us.
 */
function siteFrames(error: object): StackFrame[] | undefined {
  let sites: readonly NodeJS.CallSite[] | undefined;
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  try {
    Error.prepareStackTrace = (made, recorded) => {
      if (made === error) sites = recorded;
      throw undefined;
    };
    void (error as Error).stack;
  } catch {
    // Our own `undefined`, or an error of an application's getter: there is nothing more to read.
  } finally {
    restore(before);
  }
  return sites?.slice(0, MAX_FRAMES).map(siteFrame);
}

function restore(before: PropertyDescriptor | undefined): void {
  try {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  } catch {
    // A frozen `Error` was never changed.
  }
}

function siteFrame(site: NodeJS.CallSite): StackFrame {
  return {
    name: siteName(site),
    file: site.getFileName() ?? undefined,
    line: site.getLineNumber() ?? undefined,
    column: site.getColumnNumber() ?? undefined,
  };
}

/** As in a stack trace, without aliases. */
function siteName(site: NodeJS.CallSite): string | undefined {
  const name = site.getFunctionName();
  if (name === null || name === '') return undefined;
  if (site.isConstructor()) return `new ${name}`;
  const type = site.isToplevel() ? null : site.getTypeName();
  return type === null || type === '' || name.startsWith(type) ? name : `${type}.${name}`;
}

/** A place in a file on disk or a module of Node.js. Lines with other places are skipped. */
const PLACE = /^((?:file:\/\/\/|node:|\/|[A-Za-z]:[\\/]).*?):(\d{1,9}):(\d{1,9})$/;
const BEFORE_PLACE = / \((?=file:\/\/\/|node:|\/|[A-Za-z]:[\\/])/;
const LINE_START = '    at ';

function textFrames(error: object): StackFrame[] {
  const { stack, message } = texts(error);
  if (stack === undefined || message === undefined) return [];
  const frames: StackFrame[] = [];
  for (const line of afterMessage(stack.slice(0, MAX_STACK_CHARS), message)) {
    if (!line.startsWith(LINE_START) || frames.length === MAX_FRAMES) break;
    const frame = lineFrame(line.slice(LINE_START.length));
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

function texts(error: object): { readonly stack?: string; readonly message?: string } {
  try {
    const { stack, message } = error as Error;
    return typeof stack === 'string' && typeof message === 'string' ? { stack, message } : {};
  } catch {
    return {};
  }
}

/** The lines after the message. None if the message is not in its place: it was changed, and parts of it may remain. */
function afterMessage(stack: string, message: string): string[] {
  const firstEnd = stack.indexOf('\n');
  const at = message === '' ? firstEnd : stack.indexOf(message);
  // Only a class and a code, on one line, come before the message.
  if (
    at < 0 ||
    at > firstEnd ||
    firstEnd < 0 ||
    !/^[\w$.]{0,100}(?: \[\w{1,100}\])?(?:: )?$/.test(stack.slice(0, at))
  ) {
    return [];
  }
  const rest = stack.slice(at + message.length);
  return rest.startsWith('\n') ? rest.slice(1).split('\n') : [];
}

function lineFrame(line: string): StackFrame | undefined {
  // The place of evaluated code is a place in its text.
  if (line.length > MAX_PATH_CHARS || line.includes('(eval at ')) return undefined;
  const split = line.endsWith(')') ? line.search(BEFORE_PLACE) : -1;
  const place = PLACE.exec(split < 0 ? line.replace(/^async /, '') : line.slice(split + ' ('.length, -1));
  if (place === null) return undefined;
  const name = split < 0 ? undefined : line.slice(0, split).replace(/^async /, '');
  return { name: name?.replace(/ \[as .*\]$/, ''), file: place[1], line: Number(place[2]), column: Number(place[3]) };
}

function frameText({ name, file, line, column }: StackFrame, { workingDirectory, hide }: StackRules): string {
  const shownName = name === undefined ? ANONYMOUS : hide(name).slice(0, MAX_FUNCTION_CHARS);
  const path = file === undefined ? ANONYMOUS : shownPath(file, workingDirectory);
  if (path === ANONYMOUS) return `${shownName} (${ANONYMOUS})`;
  const place = [shortened(hide(path)), line, column].filter((part) => part !== undefined).join(':');
  return `${shownName} (${place})`.slice(0, MAX_FRAME_CHARS);
}

/** Code that is not a file on disk, such as a `data:` URL, may be named anything: its path is not shown. */
function shownPath(file: string, workingDirectory: string): string {
  if (/^node:[\w./-]{1,100}$/.test(file)) return file;
  const path = diskPath(file);
  if (path === undefined) return ANONYMOUS;
  const modules = path.lastIndexOf('/node_modules/');
  if (modules >= 0) return path.slice(modules + 1);
  const base = withSlashes(workingDirectory).replace(/\/*$/, '/');
  // Relative to the root, a path would contain the user's name.
  const isWithin = !/^(?:[A-Za-z]:)?\/$/.test(base) && path.startsWith(base);
  return isWithin ? path.slice(base.length) : `.../${path.slice(path.lastIndexOf('/') + 1)}`;
}

function diskPath(file: string): string | undefined {
  if (file.length > MAX_PATH_CHARS) return undefined;
  try {
    const path = withSlashes(file.startsWith('file:') ? fileURLToPath(file) : file);
    return /^(?:[A-Za-z]:)?\//.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function withSlashes(path: string): string {
  return path.replaceAll('\\', '/');
}

/** The end of a path is more useful than its start. */
function shortened(path: string): string {
  return path.length <= MAX_FILE_CHARS ? path : `...${path.slice(-(MAX_FILE_CHARS - '...'.length))}`;
}
