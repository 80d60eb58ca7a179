import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { McpInstrumentation } from '../../../src/index.js';
import { auditConfig, auditValues, blockingOf } from '../../../src/options/audit.js';
import { AUDIT } from '../../../src/options/table.js';

let stderr: string[];
beforeEach(() => {
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

const values = (audit: object) => auditValues(auditConfig({ audit }, {}) ?? {}, {});

describe('the options of the audit trail', () => {
  it('are each read once', () => {
    const reads: string[] = [];
    const given = new Proxy({}, { get: (_, name) => void reads.push(String(name)) });
    values(given);
    expect(reads.sort()).toEqual(Object.keys(AUDIT).sort());
  });

  it('that cannot be read are named, and the others are used', () => {
    const given = { delivery: 'file', messages: true };
    for (const name of ['signingKeyFile', 'checkpoints', 'policy']) {
      Object.defineProperty(given, name, {
        enumerable: true,
        get() {
          throw new Error('hidden');
        },
      });
    }
    expect(values(given)).toMatchObject({ delivery: ['file'], messages: true, signingKeyFile: undefined });
    expect(stderr.sort()).toEqual(
      ['checkpoints', 'policy', 'signingKeyFile'].map(
        (name) => `mcp-trail: option audit.${name} cannot be read. Ignored\n`,
      ),
    );
  });
});

describe('refusing requests', () => {
  const blocking = (audit: object, env: object = {}) => {
    const given = auditConfig({ audit: env === undefined ? true : audit }, env as never) ?? {};
    return blockingOf(given, auditValues(given, env as never));
  };
  const durable = { name: 'own', durable: true, accept: () => {} };

  it.each([
    [{}, {}, 'none'],
    [{ onFailure: 'allow', attempts: 'never' }, {}, 'none'],
    [{ onFailure: 'block', delivery: 'file' }, {}, 'unkept'],
    [{ onFailure: 'block', delivery: ['otel', 'file'], attempts: 'always' }, {}, 'unkept'],
    [{ onFailure: 'block', sinks: [durable] }, {}, 'unkept'],
    [{}, { MCP_TRAIL_AUDIT_ON_FAILURE: 'block', MCP_TRAIL_AUDIT: 'file' }, 'unkept'],
    [{}, { MCP_TRAIL_AUDIT_ON_FAILURE: 'block' }, 'all'],
    [{ attempts: 'sensitive' }, { MCP_TRAIL_AUDIT_ON_FAILURE: 'block', MCP_TRAIL_AUDIT: 'file' }, 'all'],
  ])('of %j with %j is %s', (audit, env, expected) => {
    expect(blocking(audit, env)).toBe(expected);
  });

  it.each([
    [
      { delivery: 'otel' },
      /onFailure is "block", which needs audit\.delivery .* with file, or a sink with durable: true$/,
    ],
    [{ sinks: [{ ...durable, durable: false }] }, /needs audit\.delivery/],
    [{ delivery: 'file', attempts: 'sensitive' }, /needs audit\.attempts \(MCP_TRAIL_AUDIT_ATTEMPTS\) always$/],
  ])('with %j in code is an error at the start', (audit, says) => {
    expect(() => blocking({ ...audit, onFailure: 'block' })).toThrow(TypeError);
    expect(() => blocking({ ...audit, onFailure: 'block' })).toThrow(says);
    expect(() => new McpInstrumentation({ audit: { ...audit, onFailure: 'block' } as never })).toThrow(says);
  });

  it('is what a misspelt value gets', () => {
    expect(blocking({ onFailure: 'blok', delivery: 'file' })).toBe('unkept');
    expect(stderr).toEqual(['mcp-trail: option audit.onFailure is "blok"; accepted: allow, block. Using block\n']);
  });

  it('turns auditing on by its variable, unless that is turned off', () => {
    const config = (env: object) => auditConfig({} as never, { MCP_TRAIL_AUDIT_ON_FAILURE: 'block', ...env });
    expect([config({}), config({ MCP_TRAIL_AUDIT: 'off' })]).toEqual([{}, undefined]);
  });
});

describe('the tool lock', () => {
  it.each([
    ['tools.lock.json', 'tools.lock.json'],
    [{ file: 'tools.lock.json' }, 'tools.lock.json'],
  ])('can be %j', (toolLock, path) => {
    expect(values({ toolLock }).toolLock).toEqual({ file: path });
    expect(stderr).toEqual([]);
  });

  it.each([
    [{ toolLock: { file: 'a', enforce: true } }, {}, { file: 'a', enforce: true }],
    [
      { toolLock: { file: 'a', enforce: false } },
      { MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: 'on' },
      { file: 'a', enforce: false },
    ],
    [{ toolLock: 'a' }, { MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: 'on' }, { file: 'a', enforce: true }],
    [{}, { MCP_TRAIL_AUDIT_TOOL_LOCK: 'a', MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: '1' }, { file: 'a', enforce: true }],
    [{}, { MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: 'true' }, { file: '', enforce: true }],
    [{}, { MCP_TRAIL_AUDIT_TOOL_LOCK: 'a', MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: 'off' }, { file: 'a' }],
    [{}, {}, undefined],
  ])('can be enforced: %j with %j', (audit, env, lock) => {
    expect(auditValues(audit, env).toolLock).toEqual(lock);
    expect(stderr).toEqual([]);
  });

  it.each([
    [{ file: 'a', enforce: 'yes' }, '.enforce is "yes"; accepted: true, false'],
    [{ file: 7, enforce: true }, '.file is 7; accepted: the path of a file'],
  ])('that is to be enforced and is %j locks every tool', (toolLock, says) => {
    expect(auditValues({ toolLock } as never, {}).toolLock).toEqual({ file: '', enforce: true });
    expect(stderr).toEqual([`mcp-trail: option audit.toolLock${says}. Every tool call is refused\n`]);
  });

  it('is enforced if the variable is misspelt', () => {
    expect(auditValues({}, { MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: 'ture' }).toolLock).toEqual({
      file: '',
      enforce: true,
    });
    expect(stderr).toEqual([
      'mcp-trail: MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE is "ture"; accepted: true, false, on, off, 1, 0. Using true\n',
    ]);
  });

  it.each([
    ['', 'is ""; accepted: the path of a file, or an object with file. Ignored'],
    [7, 'is 7; accepted: the path of a file, or an object with file. Ignored'],
    [['a'], 'is a list of 1; accepted: the path of a file, or an object with file. Ignored'],
    [{}, '.file is missing; accepted: the path of a file. The option is ignored'],
    [{ file: 7 }, '.file is 7; accepted: the path of a file. The option is ignored'],
  ])('cannot be %j', (toolLock, says) => {
    expect(values({ toolLock }).toolLock).toBeUndefined();
    expect(stderr).toEqual([`mcp-trail: option audit.toolLock${says.startsWith('.') ? '' : ' '}${says}\n`]);
  });
});

describe('the second place of checkpoints', () => {
  it.each([
    'stderr',
    'https://example.com/checkpoints?tenant=7',
    'http://127.0.0.1:8080/',
    'http://localhost',
    'http://[::1]:1/x',
    'HTTPS://EXAMPLE.COM',
    '/var/lib/{service}.jsonl',
    'checkpoints.jsonl',
    'C:\\audit\\checkpoints.jsonl',
  ])('can be %s', (checkpoints) => {
    expect(values({ checkpoints }).checkpoints).toBe(checkpoints);
    expect(stderr).toEqual([]);
  });

  it.each([
    'http://example.com/',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'https://user@example.com/',
    'https://:secret@example.org/',
    'https://',
    's3://bucket/x',
    'file:///etc/passwd',
    ' ',
    'stdout',
    ' STDOUT',
    '-',
    'a\0b',
    7,
    {},
  ])('cannot be %j', (checkpoints) => {
    expect(values({ checkpoints }).checkpoints).toBeUndefined();
    expect(stderr).toEqual([expect.stringContaining('mcp-trail: option audit.checkpoints is ')]);
    expect(stderr[0]).toContain('; accepted: stderr, an https:// URL without user and password');
    expect(stderr[0]).not.toContain('secret');
  });

  it.each([' stderr ', 'STDERR'])('is stderr, written as %j', (checkpoints) => {
    expect(values({ checkpoints }).checkpoints).toBe('stderr');
  });

  it('has no white space around it', () => {
    expect(values({ checkpoints: ' https://example.com/x\n' }).checkpoints).toBe('https://example.com/x');
  });

  const TOKENS = [
    'http://hooks.example.com/services/T0000/B0000/tokentoken',
    'https://user:tokentoken@hooks.example.com/x',
    'http://hooks.example.org?token=tokentoken',
    'ftp://hooks.example.com/x#tokentoken',
  ];

  it.each(TOKENS)('that is refused is named by its host alone, with what is accepted: %s', (checkpoints) => {
    values({ checkpoints });
    auditValues({}, { MCP_TRAIL_AUDIT_CHECKPOINTS: checkpoints });
    const shown = `is "${checkpoints.split('//')[0]}//hooks.example.${checkpoints.includes('.org') ? 'org' : 'com'}"; accepted: stderr, an https:// URL `;
    expect(stderr).toEqual([
      expect.stringContaining(`option audit.checkpoints ${shown}`),
      expect.stringContaining(`MCP_TRAIL_AUDIT_CHECKPOINTS ${shown}`),
    ]);
    expect(stderr.join('')).not.toContain('tokentoken');
  });
});

describe('sinks of the application', () => {
  const accept = () => true;
  const read = (sinks: unknown) => values({ sinks }).sinks.map(({ name, durable }) => ({ name, durable }));

  it('have a name, and say whether they are durable', () => {
    expect(read([{ accept }, { accept, name: 'siem-1', durable: true }])).toEqual([
      { name: 'custom', durable: false },
      { name: 'siem-1', durable: true },
    ]);
    expect(stderr).toEqual([]);
  });

  it('are the only places of records, unless others are asked for', () => {
    const sinks = [{ accept }];
    expect(values({ sinks }).delivery).toEqual([]);
    expect(values({ sinks, delivery: 'file' }).delivery).toEqual(['file']);
    const from = (MCP_TRAIL_AUDIT: string) => auditValues({ sinks }, { MCP_TRAIL_AUDIT }).delivery;
    expect(['on', 'off', 'stderr,otel'].map(from)).toEqual([[], [], ['stderr', 'otel']]);
    expect(values({ sinks: [] }).delivery).toEqual(['otel']);
    expect(stderr).toEqual([]);
  });

  const unreadable = (name: string) =>
    Object.defineProperty({ accept }, name, {
      enumerable: true,
      get() {
        throw new Error('hidden');
      },
    });

  it.each([
    ['text', '[0] is "text"; accepted: an object with a function accept'],
    [null, '[0] is null; accepted: an object with a function accept'],
    [accept, '[0] is a function; accepted: an object with a function accept'],
    [{}, '[0].accept is missing; accepted: a function'],
    [{ accept: 'yes' }, '[0].accept is "yes"; accepted: a function'],
    [{ accept, close: 1 }, '[0].close is 1; accepted: a function'],
    [{ accept, durable: 'yes' }, '[0].durable is "yes"; accepted: true, false'],
    ...['', 'File', 'file', 'stderr', 'otel', 'a b', '1a', 'x'.repeat(33), 7].map((name) => [
      { accept, name },
      '[0].name is ',
    ]),
  ] as [unknown, string][])('that are invalid are named with what is accepted, and not used: %o', (sink, says) => {
    expect(read([sink, { accept, name: 'next' }])).toEqual([{ name: 'next', durable: false }]);
    expect(stderr).toHaveLength(1);
    expect(stderr[0]).toContain(`mcp-trail: option audit.sinks${says}`);
    expect(stderr[0]).toMatch(/It is not used\n$/);
  });

  it('that cannot be read are not used, which is said', () => {
    for (const member of ['name', 'durable', 'accept', 'close']) {
      expect(read([unreadable(member), { accept }])).toHaveLength(1);
    }
    expect(stderr).toEqual([
      'mcp-trail: option audit.sinks[0] is an object; accepted: data that can be read. It is not used\n',
    ]);
  });

  it('are eight at most', () => {
    expect(read(Array.from({ length: 10 }, () => ({ accept })))).toHaveLength(8);
    expect(stderr).toEqual([
      'mcp-trail: option audit.sinks is a list of 10; accepted: at most 8. The others are not used\n',
    ]);
  });

  it('are a list that can be read', () => {
    const unreadableList = new Proxy([], {
      get() {
        throw new Error('hidden');
      },
    });
    for (const given of [{ accept }, 'stderr', unreadableList]) {
      stderr.length = 0;
      expect(values({ sinks: given }).delivery).toEqual(['otel']);
      expect(stderr).toEqual([expect.stringContaining('mcp-trail: option audit.sinks is ')]);
    }
  });
});
