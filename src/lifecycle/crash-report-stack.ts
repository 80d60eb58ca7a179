/** Where an error was made: its stack as short lines of functions and files, with nothing of its message. */
import { fileURLToPath } from 'node:url';

const MAX_FRAMES = 10;
const MAX_FRAME_CHARS = 200;
const MAX_FUNCTION_CHARS = 80;
const MAX_FILE_CHARS = 96;
/** A longer path is none that an operator could look up. */
const MAX_PATH_CHARS = 4096;
/** Of a stack that is text, no more is read. */
const MAX_STACK_CHARS = 65_536;

const ANONYMOUS = '<anonymous>';

/** What may be said of places in the code. */
export interface FrameRules {
  /** Paths within this folder are told from here on. */
  readonly workingDirectory: string;
  /** Takes out of a name what must not leave. */
  readonly hide: (name: string) => string;
}

interface Frame {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/**
 * Up to ten frames of at most 200 characters, `function (file:line:column)`, the innermost first. Files are told from the
 * working directory or the last `node_modules` on, any other by its name alone. Empty where the stack cannot be told
 * from the message with certainty.
 *
 * @param error an instance of `Error`, and no proxy
 */
export function framesOf(error: object, rules: FrameRules): string[] {
  const frames = siteFrames(error) ?? textFrames(error);
  return frames.map((frame) => frameText(frame, rules));
}

/**
 * The stack as V8 recorded it; undefined when it has been made into text before. What throws while a stack is made into
 * text leaves it as it was, so that whoever reads it next gets what they would have got.
 */
function siteFrames(error: object): Frame[] | undefined {
  let sites: readonly NodeJS.CallSite[] | undefined;
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  try {
    Error.prepareStackTrace = (made, recorded) => {
      if (made === error) sites = recorded;
      throw undefined;
    };
    void (error as Error).stack;
  } catch {
    // Ours, or a getter's of the application: either way there is nothing more to learn.
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
    // A frozen `Error` was not changed either.
  }
}

function siteFrame(site: NodeJS.CallSite): Frame {
  return {
    name: siteName(site),
    file: site.getFileName() ?? undefined,
    line: site.getLineNumber() ?? undefined,
    column: site.getColumnNumber() ?? undefined,
  };
}

/** As a stack trace would have it, without the aliases. */
function siteName(site: NodeJS.CallSite): string | undefined {
  const name = site.getFunctionName();
  if (name === null || name === '') return undefined;
  if (site.isConstructor()) return `new ${name}`;
  const type = site.isToplevel() ? null : site.getTypeName();
  return type === null || type === '' || name.startsWith(type) ? name : `${type}.${name}`;
}

/** A line of a stack whose place is a file on disk or a module of Node.js. Others are skipped. */
const PLACE = /^((?:file:\/\/\/|node:|\/|[A-Za-z]:[\\/]).*?):(\d{1,9}):(\d{1,9})$/;
const BEFORE_PLACE = / \((?=file:\/\/\/|node:|\/|[A-Za-z]:[\\/])/;
const LINE_START = '    at ';

function textFrames(error: object): Frame[] {
  const { stack, message } = texts(error);
  if (stack === undefined || message === undefined) return [];
  const frames: Frame[] = [];
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

/** The lines behind the message. None where it is not in its place: it was changed, and what is left of it is not known. */
function afterMessage(stack: string, message: string): string[] {
  const firstEnd = stack.indexOf('\n');
  const at = message === '' ? firstEnd : stack.indexOf(message);
  // In front of the message are a class and a code, on one line.
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

function lineFrame(line: string): Frame | undefined {
  // Where a text was evaluated, the place is one within that text.
  if (line.length > MAX_PATH_CHARS || line.includes('(eval at ')) return undefined;
  const split = line.endsWith(')') ? line.search(BEFORE_PLACE) : -1;
  const place = PLACE.exec(split < 0 ? line.replace(/^async /, '') : line.slice(split + ' ('.length, -1));
  if (place === null) return undefined;
  const name = split < 0 ? undefined : line.slice(0, split).replace(/^async /, '');
  return { name: name?.replace(/ \[as .*\]$/, ''), file: place[1], line: Number(place[2]), column: Number(place[3]) };
}

function frameText({ name, file, line, column }: Frame, { workingDirectory, hide }: FrameRules): string {
  const shownName = name === undefined ? ANONYMOUS : hide(name).slice(0, MAX_FUNCTION_CHARS);
  const path = file === undefined ? ANONYMOUS : shownPath(file, workingDirectory);
  if (path === ANONYMOUS) return `${shownName} (${ANONYMOUS})`;
  const place = [shortened(hide(path)), line, column].filter((part) => part !== undefined).join(':');
  return `${shownName} (${place})`.slice(0, MAX_FRAME_CHARS);
}

/** What is no file on disk, such as code within a `data:` URL, has no path: its name may be anything. */
function shownPath(file: string, workingDirectory: string): string {
  if (/^node:[\w./-]{1,100}$/.test(file)) return file;
  const path = diskPath(file);
  if (path === undefined) return ANONYMOUS;
  const modules = path.lastIndexOf('/node_modules/');
  if (modules >= 0) return path.slice(modules + 1);
  const base = withSlashes(workingDirectory).replace(/\/*$/, '/');
  // From the root of a disk, a path would say who its user is.
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

/** The end of a path says more than its start. */
function shortened(path: string): string {
  return path.length <= MAX_FILE_CHARS ? path : `...${path.slice(-(MAX_FILE_CHARS - '...'.length))}`;
}
