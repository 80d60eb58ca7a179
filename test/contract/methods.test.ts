/** The method table against the message schemas and the behaviour of the installed SDKs. */
import * as v2client from '@modelcontextprotocol/client';
import * as skillsClient from '@modelcontextprotocol/client/ext/skills';
import * as v1 from '@modelcontextprotocol/sdk/types.js';
import * as v2server from '@modelcontextprotocol/server';
import * as skillsServer from '@modelcontextprotocol/server/ext/skills';
import { describe, expect, it } from 'vitest';
import { METHODS, type MethodRow } from '../../src/protocol/methods.js';
import { FLAVOURS } from '../support/flavours.js';

type Known = ReadonlyMap<string, Pick<MethodRow, 'kind' | 'from'>>;

/** The unions of messages by sender. */
const UNIONS = [
  { union: 'ClientRequest', kind: 'request', from: 'client' },
  { union: 'ServerRequest', kind: 'request', from: 'server' },
  { union: 'ClientNotification', kind: 'notification', from: 'client' },
  { union: 'ServerNotification', kind: 'notification', from: 'server' },
] as const;

/** The method of a schema; undefined if it covers several. */
function methodOf(schema: any): string | undefined {
  return schema?.shape?.method?.value;
}

function membersOf(schemas: Record<string, any>, union: string, suffix: string): string[] {
  const options = schemas[`${union}${suffix}`]?.options;
  if (!Array.isArray(options) || options.length === 0) throw new Error(`no union ${union} among the SDK's schemas`);
  return options.map((option) => {
    const method = methodOf(option);
    if (method === undefined) throw new Error(`a member of ${union} has no method that can be read`);
    return method;
  });
}

/** All methods in an SDK's unions; either side can send a method that is in both directions. */
function methodsIn(schemas: object, suffix = ''): Known {
  const known = new Map<string, Pick<MethodRow, 'kind' | 'from'>>();
  for (const { union, kind, from } of UNIONS) {
    for (const method of membersOf(schemas as Record<string, any>, union, suffix)) {
      const other = known.get(method)?.from;
      known.set(method, { kind, from: other === undefined || other === from ? from : 'either' });
    }
  }
  return known;
}

/** Methods with their own schema, whether or not a union lists them. */
function singleMethods(schemas: object, suffix = ''): string[] {
  const names = new RegExp(`(?:Request|Notification)${suffix}$`);
  return Object.entries(schemas).flatMap(([name, schema]) => (names.test(name) ? (methodOf(schema) ?? []) : []));
}

/** Methods of an extension, exported by the SDK as constants. */
function extensionMethods(exports: object): string[] {
  return Object.entries(exports).flatMap(([name, value]) => (name.endsWith('_METHOD') ? [value as string] : []));
}

const V1 = methodsIn(v1, 'Schema');
const V2 = methodsIn(v2client.specTypeSchemas);

const SDKS = [
  { sdk: 'SDK v1', known: V1, single: singleMethods(v1, 'Schema') },
  { sdk: 'the client package of SDK v2', known: V2, single: singleMethods(v2client.specTypeSchemas) },
  {
    sdk: 'the server package of SDK v2',
    known: methodsIn(v2server.specTypeSchemas),
    single: singleMethods(v2server.specTypeSchemas),
  },
];

const EXTENSIONS = [
  { extension: 'skills, client side', methods: extensionMethods(skillsClient) },
  { extension: 'skills, server side', methods: extensionMethods(skillsServer) },
];

/** Rows for methods that no installed package declares, with the reason. */
const UNDECLARED: Readonly<Record<string, string>> = {
  'tasks/update': 'the tasks extension of 2026-07-28 is a separate package',
  'notifications/tasks': 'the tasks extension of 2026-07-28 is a separate package',
};

const missing = (method: string) => `add a row for ${method} to src/protocol/methods.ts`;

describe.each(SDKS)('the methods that $sdk knows', ({ known, single }) => {
  it('each have a row', () => {
    const all = new Set([...known.keys(), ...single]);
    expect([...all].filter((method) => !METHODS.has(method)).map(missing)).toEqual([]);
  });

  it.each([...known])('%s has the kind and direction of its row', (method, { kind, from }) => {
    expect(METHODS.get(method), missing(method)).toMatchObject({ kind, from });
  });
});

describe.each(EXTENSIONS)('the methods of the extension $extension', ({ methods }) => {
  it('each have a row', () => {
    expect(methods).not.toEqual([]);
    expect(methods.filter((method) => !METHODS.has(method)).map(missing)).toEqual([]);
  });
});

describe('the rows of the table', () => {
  const declared = new Set([
    ...SDKS.flatMap(({ known, single }) => [...known.keys(), ...single]),
    ...EXTENSIONS.flatMap(({ methods }) => methods),
  ]);

  it('are for methods that an installed SDK declares, or have a stated reason', () => {
    const unknown = [...METHODS.keys()].filter((method) => !declared.has(method));
    expect(unknown.sort()).toEqual(Object.keys(UNDECLARED).sort());
  });

  it('belong to the modern era exactly if SDK v1 does not know the method', () => {
    const v1Methods = new Set([...V1.keys(), ...singleMethods(v1, 'Schema')]);
    const modern = [...METHODS].filter(([, { era }]) => era === 'modern').map(([method]) => method);
    expect(modern.sort()).toEqual([...METHODS.keys()].filter((method) => !v1Methods.has(method)).sort());
  });

  it('belong to the legacy era exactly if a client of 2026-07-28 refuses to send the method', async () => {
    const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28');
    const pair = await (modern as (typeof FLAVOURS)[number]).pair({ instrument: 'none' });
    const sent = [...V2].filter(([, { from }]) => from !== 'server');
    const refused: string[] = [];
    for (const [method, { kind }] of sent) {
      const send = () =>
        kind === 'request'
          ? pair.client.request({ method, params: {} })
          : pair.client.notification({ method, params: {} });
      const error = await Promise.resolve()
        .then(send)
        .then(
          () => undefined,
          (reason: any) => reason,
        );
      if (error?.code === v2client.SdkErrorCode.MethodNotSupportedByProtocolVersion) refused.push(method);
    }
    await pair.close();
    const legacy = sent.map(([method]) => method).filter((method) => METHODS.get(method)?.era === 'legacy');
    expect(refused.sort()).toEqual(legacy.sort());
  });
});
