/** The worker thread that sends the last telemetry while the exiting thread waits for it. */
import type * as Http2 from 'node:http2';
import type * as Https from 'node:https';
import type * as Net from 'node:net';
import type * as Threads from 'node:worker_threads';

/** One request to an OTLP endpoint, ready to be sent. */
export interface OtlpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Compressed and framed. */
  readonly body: Uint8Array;
  /** The path of a gRPC method: the request goes over HTTP/2, and its status comes in trailers. */
  readonly grpcPath?: string | undefined;
  /** A Unix socket to connect to instead of the host. */
  readonly socketPath?: string | undefined;
  /** PEM texts, and whether an untrusted certificate is rejected. */
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    readonly rejectUnauthorized?: boolean | undefined;
  };
}

/** The thread's `workerData`. */
export interface Shipment {
  readonly requests: readonly (OtlpRequest | undefined)[];
  /** Gets each outcome as soon as it is known. */
  readonly outbox: Threads.MessagePort;
  /** Set to 1, and notified, when all outcomes are known. */
  readonly done: Int32Array;
}

export interface ExitOutcome {
  readonly index: number;
  /** Undefined if the receiver accepted the request. */
  readonly failure: string | undefined;
}

/**
 * Sends each request once, all at the same time. The thread runs the text of this function, so that neither the module
 * format nor a bundle matters: it uses nothing but `require`, and neither named inner functions nor object spread, which
 * bundlers replace by calls of their helpers.
 */
export function sendAll(require: NodeJS.Require): void {
  const { workerData } = require('node:worker_threads') as typeof Threads;
  const { requests, outbox, done } = workerData as Shipment;
  const open = new Set(requests.flatMap((request, index) => (request === undefined ? [] : index)));
  /** The gRPC statuses that an operator can act on. */
  const statuses: Readonly<Record<string, string>> = {
    3: 'INVALID_ARGUMENT',
    7: 'PERMISSION_DENIED',
    8: 'RESOURCE_EXHAUSTED',
    12: 'UNIMPLEMENTED',
    14: 'UNAVAILABLE',
    16: 'UNAUTHENTICATED',
  };
  const outcome = {
    /** When a connection breaks, both the stream and the session report it: the first counts. */
    of(index: number, failure: string | undefined) {
      if (!open.delete(index)) return;
      outbox.postMessage({ index, failure } satisfies ExitOutcome);
      if (open.size > 0) return;
      Atomics.store(done, 0, 1);
      Atomics.notify(done, 0);
    },
    status(index: number, status: unknown) {
      outcome.of(index, Number(status) === 0 ? undefined : (statuses[String(status)] ?? `gRPC status ${status}`));
    },
    /** A stream whose connection fails is cancelled, with the error as its cause. */
    error(index: number, error: NodeJS.ErrnoException) {
      const { code, name } = (error.cause ?? error) as NodeJS.ErrnoException;
      outcome.of(index, String(code ?? name));
    },
  };
  const send = {
    http(index: number, { url, headers, body, tls }: OtlpRequest) {
      const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http') as typeof Https;
      request(url, Object.assign({ method: 'POST', headers, agent: false }, tls), (response) => {
        const { statusCode = 0 } = response;
        outcome.of(index, statusCode >= 200 && statusCode < 300 ? undefined : `HTTP ${statusCode}`);
      })
        .on('error', (error) => outcome.error(index, error))
        .end(body);
    },
    grpc(index: number, { url, headers, body, grpcPath, socketPath, tls }: OtlpRequest) {
      const { connect } = require('node:http2') as typeof Http2;
      const net = require('node:net') as typeof Net;
      const socket = socketPath === undefined ? {} : { createConnection: () => net.connect(socketPath) };
      const session = connect(url, Object.assign({}, tls, socket));
      session.on('error', (error) => outcome.error(index, error));
      session
        .request(Object.assign({ ':method': 'POST', ':path': grpcPath }, headers))
        .on('error', (error) => outcome.error(index, error))
        .on('response', (head) => {
          if (head[':status'] !== 200) outcome.of(index, `HTTP ${head[':status']}`);
          // A response without a message has its status in the headers.
          else if (head['grpc-status'] !== undefined) outcome.status(index, head['grpc-status']);
        })
        .on('trailers', (trailers) => outcome.status(index, trailers['grpc-status']))
        .on('close', () => outcome.of(index, 'closed without a status'))
        .resume()
        .end(body);
    },
  };
  requests.forEach((request, index) => {
    try {
      if (request === undefined) return;
      if (request.grpcPath === undefined) send.http(index, request);
      else send.grpc(index, request);
    } catch (error) {
      outcome.error(index, error as NodeJS.ErrnoException);
    }
  });
}
