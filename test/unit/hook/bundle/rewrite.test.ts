import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { BUNDLE_HOOK, rewriteBundle } from '../../../../src/hook/bundle/rewrite.js';

const HINT = 'x.onmessage;';

function rewritten(text: string): string {
  const rewriting = rewriteBundle(text);
  if (rewriting === undefined || !('text' in rewriting)) throw new Error(`not rewritten: ${JSON.stringify(rewriting)}`);
  return rewriting.text;
}

/** What a rewritten program hands over, in order, and its result. */
function run(program: string, take = (_: string, subject: unknown): unknown => subject) {
  const taken: [string, unknown][] = [];
  const sandbox: Record<string | symbol, unknown> = { result: undefined };
  sandbox[Symbol.for(BUNDLE_HOOK)] = (kind: string, subject: unknown) => {
    taken.push([kind, subject]);
    return take(kind, subject);
  };
  runInNewContext(rewritten(program), sandbox);
  return { taken, result: sandbox['result'] as never };
}

const MADE = 'const x = {}; result = new P();';

/** Every form in which compilers and minifiers write the member that each instance begins with. */
const FORMS: readonly (readonly [string, string])[] = [
  ['an assignment', 'class P { constructor() { this._requestHandlerAbortControllers = new Map(); } }'],
  ['a minified assignment', 'class P{constructor(){this.a=1,this._requestHandlerAbortControllers=new Map,this.b=2}}'],
  ['a class field', 'class P {\n\t_requestHandlerAbortControllers = /* @__PURE__ */ new Map();\n}'],
  ['a minified class field', 'class P{a;_requestHandlerAbortControllers=new Map;b}'],
  [
    "esbuild's helper",
    'var d=(o,k,v)=>o[k]=v;class P{constructor(){d(this,"_requestHandlerAbortControllers",new Map)}}',
  ],
  [
    "swc's helper",
    "function _define_property(o,k,v){o[k]=v}function P(){_define_property(this, '_requestHandlerAbortControllers', new Map());}",
  ],
  [
    "TypeScript's descriptor",
    'class P { constructor() { Object.defineProperty(this, "_requestHandlerAbortControllers", {\n enumerable: true,\n configurable: true,\n writable: true,\n value: new Map()\n }); } }',
  ],
  ['another name for this', 'function P(){var _this=this;_this._requestHandlerAbortControllers = new Map();}'],
  ['a member in brackets', 'class P{constructor(){this["_requestHandlerAbortControllers"]=new Map}}'],
];

describe('the member that a protocol instance begins with', () => {
  it.each(FORMS)('%s hands over the instance, and is a map', (_, form) => {
    const { taken, result } = run(`${form};${MADE}${HINT}`);
    expect(taken).toEqual([['protocol', result]]);
    expect(Object.prototype.toString.call((result as Record<string, unknown>)['_requestHandlerAbortControllers'])).toBe(
      '[object Map]',
    );
  });

  it.each(FORMS)('%s moves no line and no column', (_, form) => {
    const program = `${form};${MADE}${HINT}`;
    const text = rewritten(program);
    const lines = text.split('\n');
    const before = program.split('\n');
    expect(lines.slice(0, before.length).map((line) => line.length)).toEqual(before.map((line) => line.length));
    expect(lines.slice(before.length)).toEqual([expect.stringMatching(/^;function .*\}$/), '']);
  });

  it.each(FORMS)('%s works as before without our function', (_, form) => {
    const sandbox: { result?: Record<string, unknown> } = {};
    runInNewContext(rewritten(`${form};${MADE}${HINT}`), sandbox);
    expect(Object.prototype.toString.call(sandbox.result?.['_requestHandlerAbortControllers'])).toBe('[object Map]');
  });

  it('is found in every copy of an SDK', () => {
    const { taken } = run(
      `${FORMS[0]?.[1]};${MADE}{ ${FORMS[3]?.[1].replace('class P', 'class Q')}; result = new Q(); }${HINT}`,
    );
    expect(taken).toHaveLength(2);
  });

  it('a new map at the end of a connection hands over nothing', () => {
    const close =
      'close(){const a=this._requestHandlerAbortControllers;this._requestHandlerAbortControllers=new Map;return a}';
    const { taken } = run(`class P{_requestHandlerAbortControllers=new Map;${close}}${MADE}result.close();${HINT}`);
    expect(taken).toHaveLength(1);
    expect(rewriteBundle(`class P{${close}}${HINT}`)).toEqual({
      failed: expect.any(String),
    });
  });
});

describe('what is not certainly a member that an instance begins with stays as it is', () => {
  const MEMBER = '_requestHandlerAbortControllers';

  it.each([
    ['a member of a member', `holder.p.${MEMBER} = new Map();`],
    ['a member of a member on the next line', `holder.\n  p.${MEMBER} = new Map();`],
    ['a member in brackets of a member', `holder.p["${MEMBER}"] = new Map();`],
    ['a member of a private member', `this.#p.${MEMBER} = new Map();`],
    ['a member of what a call returns', `f().p.${MEMBER} = new Map();`],
    ['a member of a name beyond ASCII', `\u{e9}p.${MEMBER} = new Map();`],
    ['a member of the parent class', `super.${MEMBER} = new Map();`],
    ['a member of the called class', `new.target.${MEMBER} = new Map();`],
    ['a member of the module', `import.meta.${MEMBER} = new Map();`],
    ['a copy of a map', `this.${MEMBER} = new Map(old);`],
    ['a copy of a map on another line', `this.${MEMBER} = new Map\n(old);`],
    ['an inner class', `this.${MEMBER} = new Map.X();`],
    ['a computed inner class', `this.${MEMBER} = new Map["X"]();`],
    ['a class with another name', `this.${MEMBER} = new Map$1();`],
    ['a class with a name beyond ASCII', `this.${MEMBER} = new Map\u{e9}();`],
    ['a call with a template', `this.${MEMBER} = new Map\`x\`;`],
    ['a class behind a comment', `this.${MEMBER} = new Map /* of */ (old);`],
    ['a map with type arguments', `this.${MEMBER} = new Map<string, object>();`],
    ['a default of a pattern', `const { ${MEMBER} = new Map() } = o;`],
    ['a later default of a pattern', `const { a,\n ${MEMBER} = new Map() } = o;`],
    ['a default of a pattern in a subclass', `class P extends Q{m(){const {${MEMBER} = new Map()} = o}}`],
    ['a default behind a comment', `const { a, // "a"\n ${MEMBER} = new Map() } = o;`],
    ['a default of a pattern that is a parameter', `function f({\n${MEMBER} = new Map()}) {}`],
    ['a default of a parameter', `function f(\n${MEMBER} = new Map()) {}`],
    ['a variable', `let ${MEMBER} = new Map();`],
    ['a constant', `const\n${MEMBER} = new Map();`],
    ['an old variable', `var a,\n${MEMBER} = new Map();`],
    ['a static field', `class P { static ${MEMBER} = new Map(); }`],
    ['a static field on two lines', `class P { static\n${MEMBER} = new Map(); }`],
    ['an assignment in an expression', `a =\n${MEMBER} = new Map();`],
    ['an assignment in a block', `if (a) { ${MEMBER} = new Map() }`],
  ])('%s', (_, code) => {
    expect(rewriteBundle(`${code}${HINT}`) ?? {}).not.toHaveProperty('text');
  });

  it.each([
    ['a subclass', 'class P extends Q { _requestHandlerAbortControllers = new Map() }'],
    ['a subclass of a mixin', 'class P extends mix(Q, Q){_requestHandlerAbortControllers=new Map}'],
    [
      'a class with comments',
      'class P {\n  a = 1\n  // the, map\n  /** of, it */\n  _requestHandlerAbortControllers = new Map()\n}',
    ],
    ['a class without a semicolon', 'class P {\n  a = [1]\n  _requestHandlerAbortControllers = new Map\n}'],
    ['a class with a method', 'class P{m(){}_requestHandlerAbortControllers=new Map;m2(){}}'],
  ])('but a field of %s is found', (_, form) => {
    const { taken, result } = run(`class Q {} const mix = (a) => a;${form};${MADE}${HINT}`);
    expect(taken).toEqual([['protocol', result]]);
  });
});

it('bytes stay bytes, and a byte order mark stays the first character', () => {
  const text = `\ufeff#!/usr/bin/env node\n${FORMS[0]?.[1]}${HINT}`;
  const rewriting = rewriteBundle(Buffer.from(text));
  expect(rewriting).toEqual({ text: expect.any(Uint8Array) });
  expect(new TextDecoder('utf8', { ignoreBOM: true }).decode((rewriting as { text: Uint8Array }).text)).toBe(
    rewritten(text),
  );
});

it.each(FORMS)('characters of all lengths around %s move no column', (_, form) => {
  const program = `"é€𝒳";${form} /* à€𝒳 */;${MADE}"à€𝒳";${HINT}`;
  expect(rewritten(program).split('\n')[program.split('\n').length - 1]).toHaveLength(
    program.split('\n').at(-1)?.length as number,
  );
  expect(run(program).taken).toHaveLength(1);
});

it('places with the deep indentation of compiled code are found', () => {
  const indented = (text: string) => text.replaceAll(/([{[(;,:])(?=[^)])/g, `$1\n${' '.repeat(60)}`);
  const descriptor = FORMS.find(([name]) => name === "TypeScript's descriptor")?.[1] ?? '';
  const entry = `function create(){var c=!1;function h(e,t){return e+t}function f(e,t){var s={label:0,trys:[]};switch(s.label){case 0:if(c)throw new Error("This MCP handler has been closed");s.label=1;case 1:s.trys.push([1,3,,4]);return [4,h(e,t)]}}f(1,2)}`;
  const { taken } = run(indented(`${descriptor};create();${entry};${MADE}${HINT}`));
  expect(taken.map(([kind]) => kind)).toEqual(['handler', 'protocol']);
});

describe('the check of a transport that starts', () => {
  const HTTP = '"mcp-session-id";';
  const transport = (name: string, guard: string) =>
    `class T{constructor(){this._started=false}async start(){${guard.replace('NAME', name)}this._started=true;return this}}`;
  const GUARDS = [
    `if (this._started) {\n throw new Error('NAMETransport already started! If using Client class, note that');\n }`,
    'if(this._started)throw new Error("NAMETransport already started! If using Client class, note that");',
    'if(this._started)throw Error(`NAMETransport already started`);',
  ];

  it.each(GUARDS)('%s hands over the transport with its role', (guard) => {
    for (const [name, role] of [
      ['StdioClient', 'client'],
      ['StdioServer', 'server'],
      ['', 'server'],
    ] as const) {
      const { taken, result } = run(`${transport(name, guard)}const x={};result=new T();result.start();${HTTP}${HINT}`);
      expect(taken).toEqual([[role, result]]);
    }
  });

  it.each(GUARDS)('%s belongs to no transport of MCP where neither a name nor the file says so', (guard) => {
    expect(rewriteBundle(transport('', guard) + HINT)).toBeUndefined();
  });

  it.each(['super', 'new'])('of %s stays as it is', (word) => {
    expect(rewriteBundle(`if (${word}.target) throw Error("StdioServerTransport already started");${HINT}`)).toBe(
      undefined,
    );
  });

  it.each(GUARDS)('%s still refuses a second start', async (guard) => {
    const { result } = run(`${transport('StdioServer', guard)}const x={};result=new T();${HINT}`);
    const started = result as { start(): Promise<unknown> };
    await expect(started.start()).resolves.toBe(started);
    await expect(started.start()).rejects.toThrow('StdioServerTransport already started');
  });
});

describe('the function behind an HTTP entry', () => {
  const entry = (face: string) =>
    `function create(){let c=!1;async function h(e,t){return e+t}${face}` +
    `return{fetch:f,close(){c=!0}}}const x={};result=create();${HINT}`;
  const CLOSED = '"This MCP handler has been closed"';
  const GUARD = `if(c)throw new Error(${CLOSED});`;
  const CALL = 'try{return await h(e,t)}catch(i){return i}';
  /** The entry as compilers and minifiers write it. */
  const FACES: readonly (readonly [string, string])[] = [
    ['minified', `const f=async(e,t)=>{${GUARD}${CALL}};`],
    ['on several lines', `const f = async (e, t) => {\n  if (c)\n    ${GUARD.slice(5)}\n  ${CALL}\n};`],
    ['minified without new', `const f=async(e,t)=>{${GUARD.replace('new ', '').replaceAll('"', '`')}${CALL}};`],
    [
      'compiled to a generator',
      `const f=(e,t)=>new Promise((r,n)=>{const g=function*(){${GUARD}${CALL.replace('await', 'yield')}}();try{r(g.next().value)}catch(i){n(i)}});`,
    ],
    [
      'compiled to the states of TypeScript and swc',
      `var f=function(e,t){return new Promise(function(r,n){var s={label:0,trys:[]};try{r(function(){switch(s.label){case 0:${GUARD}s.label=1;case 1:return s.trys.push([1,3,,4]),[4,h(e,t)]}}()[1])}catch(i){n(i)}})};`,
    ],
    [
      'compiled to the states of Babel',
      `var f=function(e,t){return new Promise(function(r,n){var s={n:0};try{r(function(){while(1)switch(s.p=s.n){case 0:if(!c){s.n=1;break}throw new Error(${CLOSED});case 1:s.p=1;s.n=2;return h(e,t)}}())}catch(i){n(i)}})};`,
    ],
  ];

  it.each(FACES)('%s is called through what takes its place', async (_, face) => {
    const { taken, result } = run(entry(face), (_, subject) => (a: number, b: number) => {
      return (subject as (a: number, b: number) => Promise<number>)(a, b).then((sum) => -sum);
    });
    const { fetch } = result as {
      fetch(a: number, b: number): Promise<number>;
    };
    expect(await fetch(1, 2)).toBe(-3);
    expect(taken.map(([kind]) => kind)).toEqual(['handler']);
  });

  it.each(FACES)('%s still refuses calls after the end, with the same error', async (_, face) => {
    const { result } = run(entry(face));
    const { fetch, close } = result as {
      fetch(a: number, b: number): Promise<number>;
      close(): void;
    };
    expect(await fetch(1, 2)).toBe(3);
    close();
    await expect(fetch(1, 2)).rejects.toThrow('This MCP handler has been closed');
  });

  it.each(FACES)('%s moves no line and no column', (_, face) => {
    const program = entry(face);
    const lengths = (text: string) => text.split('\n').map((line) => line.length);
    expect(lengths(rewritten(program)).slice(0, lengths(program).length)).toEqual(lengths(program));
  });

  it('stays as it is where its name cannot be given to another function', () => {
    const [, minified] = FACES[0] as [string, string];
    for (const other of ['const h=async(e,t)=>e+t;', 'const h=async function h(e,t){return e+t};']) {
      const text = entry(minified).replace('async function h(e,t){return e+t}', other);
      expect(rewriteBundle(text)).toBe(undefined);
    }
  });
});

describe('a file stays as it is', () => {
  const CLASS = FORMS[1]?.[1] as string;

  it.each([
    ['without an SDK', 'x.onmessage=1'],
    ['with an SDK in a string', `const html = ${JSON.stringify(CLASS)};${HINT}`],
    ['with an SDK in a template', `const html = \`${CLASS}\`;${HINT}`],
    ['with an SDK in a comment', `/* ${CLASS} */${HINT}`],
    ['with mangled members', `${CLASS.replace('_requestHandlerAbortControllers', 'q')}${HINT}`],
  ])('%s', (_, text) => {
    expect(rewriteBundle(text)).toBeUndefined();
    expect(rewriteBundle(Buffer.from(text))).toBeUndefined();
  });

  it('that was rewritten before', () => {
    expect(rewriteBundle(rewritten(CLASS + HINT))).toBeUndefined();
    expect(rewriteBundle(Buffer.from(rewritten(CLASS + HINT)))).toBeUndefined();
  });

  it.each([
    ['in which a form is unknown', `this._requestHandlerAbortControllers.set(1);${HINT}`, 'unknown way'],
    ['that cannot be read', `${CLASS}${HINT} "`, 'certainty'],
    ['with half of a character', `${CLASS}${HINT} "\ud800"`, 'certainty'],
  ])('%s, and says why', (_, text, reason) => {
    expect(rewriteBundle(text)).toEqual({
      failed: expect.stringContaining(reason),
    });
  });
});

it('a bundle that contains this package is rewritten, too', () => {
  expect(rewritten(`const hook = Symbol.for("${BUNDLE_HOOK}");${FORMS[0]?.[1]};${HINT}`)).toContain('function');
});

it('only the copy in code is changed, not the one in text', () => {
  const inText = `const html = ${JSON.stringify(FORMS[0]?.[1])};`;
  const text = rewritten(`${inText}${FORMS[0]?.[1]}${HINT}`);
  expect(text.startsWith(inText)).toBe(true);
});

it('the name of the added function is one that the file has nowhere, not even escaped', () => {
  const [added] = /function (.)\(t,k\)/u.exec(rewritten(`${FORMS[0]?.[1]}${HINT}`))?.slice(1) ?? [];
  const escaped = `\\u00${added?.charCodeAt(0).toString(16)}`;
  const inBraces = `\\u{000${added?.charCodeAt(0).toString(16)}}`;
  const forms = [escaped, inBraces, inBraces.replace('000', '')];
  for (const used of [added, ...forms, ...forms.map((form) => form.toUpperCase().replace('\\U', '\\u'))]) {
    const text = rewritten(`var ${used}=1;${FORMS[0]?.[1]}${HINT}`);
    expect(text).not.toContain(`function ${added}(t,k)`);
  }
});

it('a file with a source map comment keeps it, on its line', () => {
  const comment = '//# sourceMappingURL=x.js.map';
  const program = `${FORMS[0]?.[1]}${HINT}\n${comment}`;
  expect(rewritten(program).split('\n')[1]).toBe(comment);
});

/** How the AI SDK's client takes its transport over, as it is published, minified and lowered. */
const AI_FORMS: readonly (readonly [string, string])[] = [
  [
    'published',
    'class C {\n\tconstructor(x) {\n\t\tthis.transport = x;\n\t\tthis.transport.onclose = () => this.onClose();\n\t\tthis.transport.onerror = (e) => this.onError(e);\n\t\tthis.transport.onmessage = (m) => {};\n\t}\n}',
  ],
  [
    'minified',
    'class C{constructor(x){this.transport=x,this.transport.onclose=()=>this.onClose(),this.transport.onerror=e=>this.onError(e),this.transport.onmessage=m=>{}}}',
  ],
  [
    'lowered',
    'function C(x) { var _this = this; this.transport = x; this.transport.onclose = function () { return _this.onClose(); }; this.transport.onerror = function (e) { return _this.onError(e); }; this.transport.onmessage = function (m) {}; }',
  ],
  [
    'with another name for this',
    'function C(x){var _this=this;_this.transport=x,_this.transport.onclose=()=>_this.onClose(),_this.transport.onerror=e=>_this.onError(e),_this.transport.onmessage=m=>{}}',
  ],
];

describe('a client of the AI SDK', () => {
  it.each(AI_FORMS)('%s is handed over before its transport gets a handler, and no column moves', (_, form) => {
    const handlers: unknown[] = [];
    const program = `${form};const x={};result=new C(x);`;
    const { taken, result } = run(program, (_kind, subject) => {
      handlers.push({ ...(subject as { transport: object }).transport });
      return subject;
    });
    expect(taken).toEqual([['ai-client', result]]);
    expect(handlers).toEqual([{}]);
    const { transport } = result as { transport: object };
    expect(Object.keys(transport)).toEqual(['onclose', 'onerror', 'onmessage']);
    const lines = program.split('\n').map((line) => line.length);
    const after = rewritten(program).split('\n');
    expect(after.slice(0, lines.length).map((line) => line.length)).toEqual(lines);
  });

  it.each(AI_FORMS)('%s works as before without our function', (_, form) => {
    const sandbox: { result?: { transport: object } } = {};
    runInNewContext(rewritten(`${form};const x={};result=new C(x);`), sandbox);
    expect(Object.keys(sandbox.result?.transport ?? {})).toEqual(['onclose', 'onerror', 'onmessage']);
  });

  it.each([
    'this.props.transport.onclose = () => this.onClose(); this.transport.onerror = 1; this.onmessage;',
    'this.transport.onclose = () => this.onClose(); this.onmessage;',
    'dialog.onclose = () => this.onClose(); dialog.onerror = 1; dialog.onmessage = 2;',
  ])('is not seen in %s', (text) => {
    expect(rewriteBundle(text)).toBeUndefined();
  });

  it.each(['@ai-sdk/mcp/dist/index.js', 'ai-sdk-mcp-1/dist/index.js', 'ai-sdk-mcp-1/dist/index.mjs'])(
    'is found in %s, also bundled and minified',
    (file) => {
      const path = fileURLToPath(new URL(`../../../../node_modules/${file}`, import.meta.url));
      const published = readFileSync(path, 'utf8');
      const { outputFiles } = buildSync({
        entryPoints: [path],
        bundle: true,
        minify: true,
        write: false,
        platform: 'node',
        format: 'esm',
      });
      for (const text of [published, outputFiles[0]?.text ?? '']) {
        const changed = rewritten(text);
        expect(changed.split(/.\(this,1\) {5}\.onclose ?= ?\(\) ?=> ?this\.onClose\(\)/u)).toHaveLength(2);
      }
    },
  );
});
