/** One interface over both SDK lines, so that a scenario is written once. */

import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { ProtocolError } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** Request options of both lines. */
export interface CallOptions {
  readonly timeout?: number;
  readonly maxTotalTimeout?: number;
  readonly resetTimeoutOnProgress?: boolean;
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: unknown) => void;
}

export interface Dialect {
  callTool(client: any, name: string, options?: CallOptions): Promise<any>;
  /** The error to throw in a handler for this JSON-RPC error response. */
  error(code: number, message: string): Error;
  /** Sends any request and accepts any result. */
  request(peer: any, method: string, params?: object, options?: CallOptions): Promise<any>;
  /** Sends a request from within a handler, given its `extra` or `ctx`. */
  requestWithin(raw: any, method: string, params?: object): Promise<any>;
  notifyWithin(raw: any, method: string, params: object): Promise<void>;
  onRequest(peer: any, method: string, handler: (params: any, raw: any) => unknown): void;
  onNotification(peer: any, method: string, handler: (params: any) => void | Promise<void>): void;
  /** The progress token of a handler's request. */
  progressToken(raw: any): string | number | undefined;
}

const ANYTHING = z.looseObject({});

function messageSchema(method: string) {
  return z.object({ method: z.literal(method), params: ANYTHING.optional() });
}

const v1: Dialect = {
  callTool: (client, name, options) => client.callTool({ name, arguments: {} }, undefined, options),
  error: (code, message) => new McpError(code, message),
  request: (peer, method, params, options) => peer.request({ method, params }, ANYTHING, options),
  requestWithin: (extra, method, params) => extra.sendRequest({ method, params }, ANYTHING),
  notifyWithin: (extra, method, params) => extra.sendNotification({ method, params }),
  onRequest: (peer, method, handler) =>
    peer.setRequestHandler(messageSchema(method), (request: any, extra: any) => handler(request.params, extra)),
  onNotification: (peer, method, handler) =>
    peer.setNotificationHandler(messageSchema(method), (notification: any) => handler(notification.params)),
  progressToken: (extra) => extra._meta?.progressToken,
};

const v2: Dialect = {
  callTool: (client, name, options) => client.callTool({ name, arguments: {} }, options),
  error: (code, message) => new ProtocolError(code, message),
  request: (peer, method, params, options) => peer.request({ method, params }, ANYTHING, options),
  requestWithin: (ctx, method, params) => ctx.mcpReq.send({ method, params }, ANYTHING),
  notifyWithin: (ctx, method, params) => ctx.mcpReq.notify({ method, params }),
  onRequest: (peer, method, handler) => {
    if (isCustom(method)) peer.setRequestHandler(method, { params: ANYTHING }, handler);
    else peer.setRequestHandler(method, (request: any, ctx: any) => handler(request.params, ctx));
  },
  onNotification: (peer, method, handler) => {
    if (isCustom(method)) peer.setNotificationHandler(method, { params: ANYTHING }, handler);
    else peer.setNotificationHandler(method, (notification: any) => handler(notification.params));
  },
  progressToken: (ctx) => ctx.mcpReq._meta?.progressToken,
};

/** SDK v2 requires a schema for methods outside the specification, and rejects one for those in it. */
function isCustom(method: string): boolean {
  return method.startsWith('acme/');
}

export const DIALECTS: Readonly<Record<'v1' | 'v2', Dialect>> = { v1, v2 };
