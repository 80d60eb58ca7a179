/** What the two SDK lines call differently, for the safety tests. */
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Flavour } from '../support/flavours.js';

/** Makes a client answer `roots/list`. */
export function answerRoots({ sdk }: Flavour, client: any, asked: () => void): void {
  const handler = () => {
    asked();
    return { roots: [{ uri: 'file:///srv', name: 'srv' }] };
  };
  client.setRequestHandler(sdk === 'v1' ? ListRootsRequestSchema : 'roots/list', handler);
}

/** The function of a protocol instance that makes the promises of outbound requests. */
export function funnelOf(protocol: any): string {
  return '_requestWithSchemaViaCodec' in protocol ? '_requestWithSchemaViaCodec' : 'request';
}

/** The reasons of the unhandled rejections while `body` ran. */
export async function droppedRejections(body: () => Promise<void>): Promise<unknown[]> {
  const dropped: unknown[] = [];
  const others = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[];
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => dropped.push(reason));
  try {
    await body();
    // Node.js reports them between two turns of the event loop.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    return dropped;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
}

/** How a promise settled, as data. */
export async function settled(promise: unknown): Promise<unknown> {
  try {
    return { value: await promise };
  } catch (error) {
    const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
    return { name, code, message };
  }
}

/** Our stores of an instrumented transport. */
export function storesOf(transport: any): { readonly open: number; readonly requests: number } {
  const { pipeline, connection } = transport[Symbol.for('mcp-trail.attached')];
  return {
    get open() {
      return pipeline.openOperations;
    },
    get requests() {
      return connection.openRequests().length;
    },
  };
}
