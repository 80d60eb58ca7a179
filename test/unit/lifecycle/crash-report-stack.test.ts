import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { framesOf } from '../../../src/lifecycle/crash-report-stack.js';

const SECRET = ['sk', 'live', 'c'.repeat(24)].join('-');
const RULES = { workingDirectory: '/srv/app', hide: (name: string) => name.replaceAll(SECRET, '[hidden]') };
const { prepareStackTrace } = Error;
afterEach(() => {
  Error.prepareStackTrace = prepareStackTrace;
});

/** An error whose stack has been formatted. */
function withStack(message: string, ...lines: readonly string[]): Error {
  const error = new Error(message);
  error.stack = [`Error: ${message}`, ...lines].join('\n');
  return error;
}

const frames = (error: object) => framesOf(error, RULES);

describe('the frames of an error with an unformatted stack', () => {
  it('are places in files, innermost first', () => {
    function inner() {
      return new TypeError('a message');
    }
    class Outer {
      method() {
        return inner();
      }
    }
    const found = framesOf(new Outer().method(), { ...RULES, workingDirectory: process.cwd() });
    expect(found[0]).toMatch(/^inner \(test\/unit\/lifecycle\/crash-report-stack\.test\.ts:\d+:\d+\)$/);
    expect(found[1]).toMatch(/^Outer\.method \(test\/unit\/lifecycle\/crash-report-stack\.test\.ts:\d+:\d+\)$/);
    expect(found[2]).toMatch(/^<anonymous> \(test\/unit\/lifecycle\/crash-report-stack\.test\.ts:\d+:\d+\)$/);
    expect(found[3]).toMatch(/ \((file:\/\/\/)?node_modules\/.*:\d+:\d+\)$/);
  });

  it('contain nothing of a message that looks like frames', () => {
    const error = new Error(`${SECRET}\n    at ${SECRET} (/srv/app/${SECRET}.js:1:1)`);
    expect(frames(error).length).toBeGreaterThan(0);
    expect(frames(error).join()).not.toMatch(/sk-live|hidden/);
  });

  it('leave the stack as it would be without us', () => {
    const made = () => [new Error('one'), new Error('one')] as const;
    const [looked, other] = made();
    frames(looked);
    const withoutPlaces = (stack?: string) => stack?.replaceAll(/:\d+:\d+/g, '');
    expect(withoutPlaces(looked.stack)).toBe(withoutPlaces(other.stack));
  });

  it("leave it to the application's own way of making stacks", () => {
    const own = (error: Error, sites: readonly unknown[]) => `own: ${error.message}, ${sites.length > 0}`;
    Error.prepareStackTrace = own;
    const error = new Error('one');
    expect(frames(error)[0]).toContain('crash-report-stack.test.ts');
    expect(error.stack).toBe('own: one, true');
    expect(Error.prepareStackTrace).toBe(own);
  });

  it('are ten at most', () => {
    const deep = (depth: number): Error => (depth === 0 ? new Error('deep') : deep(depth - 1));
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 100;
    try {
      expect(frames(deep(50))).toHaveLength(10);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });

  it('have at most 200 characters and are redacted if a function has a long name', () => {
    const functions = { [`${SECRET}${'x'.repeat(100_000)}`]: () => new Error('m') };
    const found = frames(Object.values(functions)[0]?.() as Error);
    expect(found[0]).toMatch(/^(\w+\.)?\[hidden\]x+ \(.*crash-report-stack\.test\.ts:\d+:\d+\)$/);
    expect(Math.max(...found.map((frame) => frame.length))).toBeLessThanOrEqual(200);
  });

  it('have no file for code that is not in a file', () => {
    const error = runInNewContext('new Error("m")', {}, { filename: `data:text/javascript,${SECRET}` });
    expect(frames(error)[0]).toBe('<anonymous> (<anonymous>)');
  });
});

describe('the frames of an error with a formatted stack', () => {
  const LINES = [
    '    at Weather.ask [as handler] (/srv/app/src/weather.js:12:34)',
    '    at async file:///srv/app/src/main.js:5:6',
    '    at async run (file:///srv/app/with%20space/run.js?token=x:7:8)',
    '    at new Client (/srv/app/node_modules/a/node_modules/@b/c/index.js:1:2)',
    '    at Array.map (<anonymous>)',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    '    at /home/somebody/secret-project/tool.js:3:4',
    '    at eval (eval at run (/srv/app/a.js:1:1), <anonymous>:1:7)',
    '    at C.d (C:\\Users\\somebody\\tool.js:9:9)',
  ];

  it('are relative to the working directory or node_modules, or only the name of the file', () => {
    expect(frames(withStack('a message', ...LINES))).toEqual([
      'Weather.ask (src/weather.js:12:34)',
      '<anonymous> (src/main.js:5:6)',
      'run (with space/run.js:7:8)',
      'new Client (node_modules/@b/c/index.js:1:2)',
      'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      '<anonymous> (.../tool.js:3:4)',
      'C.d (.../tool.js:9:9)',
    ]);
  });

  it.each([
    ['of several lines that look like frames', `${SECRET}\n    at ${SECRET} (/srv/app/${SECRET}.js:1:1)`],
    ['that is empty', ''],
    ['that is the name of the class', 'Error'],
    ['that ends in a line feed', `${SECRET}\n`],
  ])('follow a message %s', (_what, message) => {
    const error = new Error(message);
    error.stack = [message === '' ? 'Error' : `Error [ERR_SOME]: ${message}`, LINES[0]].join('\n');
    expect(frames(error)).toEqual(message === 'Error' ? [] : ['Weather.ask (src/weather.js:12:34)']);
  });

  it.each([
    ['another message than it was made with', 'changed'],
    ['an empty message instead', ''],
    ['a message that stands further down', 'Weather'],
  ])('are missing with %s, because the end of the message is unknown', (_what, message) => {
    const error = withStack(`${SECRET}\n    at ${SECRET} (/srv/app/${SECRET}.js:1:1)`, ...LINES);
    error.message = message;
    expect(frames(error)).toEqual([]);
  });

  it('end at the first line that is not a frame', () => {
    expect(frames(withStack('m', LINES[0] as string, `caused by: ${SECRET}`, LINES[1] as string))).toHaveLength(1);
  });

  it('are missing if the stack is not a string or cannot be read', () => {
    expect(frames(Object.assign(new Error('m'), { stack: 5 }))).toEqual([]);
    expect(frames(Object.assign(new Error('m'), { stack: undefined }))).toEqual([]);
    const throwing = Object.defineProperty(new Error('m'), 'stack', {
      get() {
        throw new Error(SECRET);
      },
    });
    expect(frames(throwing)).toEqual([]);
  });

  it('are cut if names and paths are long', () => {
    const long = `    at ${'f'.repeat(500)} (/srv/app/${'d/'.repeat(300)}end.js:123456789:123456789)`;
    const [frame = ''] = frames(withStack('m', long));
    expect(frame.length).toBeLessThanOrEqual(200);
    expect(frame).toMatch(/^f+ \(\.\.\..*\/end\.js:123456789:123456789\)$/);
    expect(frames(withStack('m', `    at f (/${'d/'.repeat(1_000_000)}a.js:1:1)`))).toEqual([]);
  });

  it('do not contain the path if the working directory is the root', () => {
    const rules = { ...RULES, workingDirectory: '/' };
    expect(framesOf(withStack('m', LINES[0] as string), rules)).toEqual(['Weather.ask (.../weather.js:12:34)']);
  });
});
