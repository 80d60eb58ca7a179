/**
 * Where an exporter of an SDK that was started from the environment sends what it is given, and in which form. What the
 * exporter would have to be waited for, or needs gRPC to be loaded for, is read from the environment, as the exporter does.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { OtlpRequest } from './exit-delivery-thread.js';

export type Signal = 'traces' | 'logs';

type Headers = Readonly<Record<string, string>>;

/** Reads `OTEL_EXPORTER_OTLP_HEADERS`. */
export type ParseHeaders = (text?: string) => Headers;

/** Private in both SDK lines: what the exporters over HTTP and gRPC are made of. */
interface OtlpExporterInternals {
  readonly _delegate?: {
    readonly _serializer?: { serializeRequest?(items: readonly unknown[]): Uint8Array | undefined };
    /** Over HTTP, within one that tries again. */
    readonly _transport?: Transport & { readonly _transport?: Transport };
  };
}

interface Transport {
  readonly _parameters?: Parameters;
}

interface Parameters {
  readonly compression?: string;
  /** Over HTTP. */
  readonly url?: string;
  /** Of gRPC: host and port without a scheme, or `unix:` and a path. */
  readonly address?: string;
  readonly grpcPath?: string;
}

/** What of a request does not depend on its content. */
type Target = Omit<OtlpRequest, 'body'>;

/** What goes before a message in gRPC: whether it is compressed, and how long it is. */
const GRPC_PREFIX_BYTES = 5;

/** Where gRPC connects to when an address has no port, whatever the scheme. */
const GRPC_DEFAULT_PORT = 443;

export class OtlpDestination {
  readonly #serialize: (items: readonly unknown[]) => Uint8Array | undefined;
  readonly #target: Target;
  readonly #gzip: boolean;

  private constructor(serialize: (items: readonly unknown[]) => Uint8Array | undefined, target: Target, gzip: boolean) {
    this.#serialize = serialize;
    this.#target = target;
    this.#gzip = gzip;
  }

  /**
   * The destination of an exporter; undefined where the exporter is made of something else than is known here.
   *
   * @param parseHeaders the SDK's own
   */
  static of(exporter: object, signal: Signal, parseHeaders: ParseHeaders): OtlpDestination | undefined {
    const { _serializer: serializer, _transport: transport } = (exporter as OtlpExporterInternals)._delegate ?? {};
    const parameters = (transport?._transport ?? transport)?._parameters;
    if (typeof serializer?.serializeRequest !== 'function' || parameters === undefined) return undefined;
    const gzip = parameters.compression === 'gzip';
    const headers = {
      ...parseHeaders(process.env['OTEL_EXPORTER_OTLP_HEADERS']),
      ...parseHeaders(process.env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`]),
      'user-agent': 'mcp-trail',
    };
    const target = httpTarget(parameters, signal, headers, gzip) ?? grpcTarget(parameters, signal, headers, gzip);
    if (target === undefined) return undefined;
    return new OtlpDestination((items) => serializer.serializeRequest?.(items), target, gzip);
  }

  /** The request that delivers these spans or log records; undefined where there is nothing to send. */
  request(items: readonly unknown[]): OtlpRequest | undefined {
    const message = this.#serialize(items);
    if (message === undefined) return undefined;
    const packed = this.#gzip ? gzipSync(message) : message;
    return { ...this.#target, body: this.#target.grpcPath === undefined ? packed : framed(packed, this.#gzip) };
  }
}

function framed(message: Uint8Array, compressed: boolean): Uint8Array {
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES);
  prefix.writeUInt8(compressed ? 1 : 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

type TargetOf = (parameters: Parameters, signal: Signal, headers: Headers, gzip: boolean) => Target | undefined;

const httpTarget: TargetOf = ({ url }, signal, headers, gzip) => {
  if (typeof url !== 'string') return undefined;
  const isJson = setting(signal, 'PROTOCOL') === 'http/json';
  return {
    url,
    headers: {
      ...headers,
      'content-type': isJson ? 'application/json' : 'application/x-protobuf',
      ...(gzip && { 'content-encoding': 'gzip' }),
    },
    tls: url.startsWith('https:') ? tlsOf(signal) : {},
  };
};

const grpcTarget: TargetOf = ({ address, grpcPath }, signal, headers, gzip) => {
  if (typeof address !== 'string' || typeof grpcPath !== 'string') return undefined;
  const secure = isSecure(signal);
  const socketPath = /^unix:(?:\/\/)?(.*)$/.exec(address)?.[1];
  const host = /:\d+$/.test(address) ? address : `${address}:${GRPC_DEFAULT_PORT}`;
  return {
    url: `${secure ? 'https' : 'http'}://${socketPath === undefined ? host : 'localhost'}`,
    headers: {
      ...headers,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(gzip && { 'grpc-encoding': 'gzip' }),
    },
    grpcPath,
    socketPath,
    tls: secure ? tlsOf(signal) : {},
  };
};

/** The scheme decides, and only without one the variable. */
function isSecure(signal: Signal): boolean {
  const endpoint = setting(signal, 'ENDPOINT');
  if (endpoint === undefined || endpoint.startsWith('http://')) return false;
  return endpoint.startsWith('https://') || setting(signal, 'INSECURE')?.toLowerCase() !== 'true';
}

function tlsOf(signal: Signal): OtlpRequest['tls'] {
  return {
    ca: fileOf(setting(signal, 'CERTIFICATE')),
    cert: fileOf(setting(signal, 'CLIENT_CERTIFICATE')),
    key: fileOf(setting(signal, 'CLIENT_KEY')),
    rejectUnauthorized: process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0',
  };
}

function fileOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(resolve(path), 'utf8');
  } catch {
    // The SDK says so, and does without.
    return undefined;
  }
}

/** A setting of one signal, else of all. */
function setting(signal: Signal, name: string): string | undefined {
  const own = process.env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`]?.trim();
  return own || process.env[`OTEL_EXPORTER_OTLP_${name}`]?.trim() || undefined;
}
