/**
 * The OTLP requests of an exporter, made without it: its address, headers, certificates, compression and serializer. What
 * the exporter gives only asynchronously, or only with gRPC loaded, is read from the environment, as the exporter does.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Exporter, type OtlpParameters, otlpParts } from '../emit/sdk-internals.js';
import type { OtlpRequest } from './exit-delivery-thread.js';

export type Signal = 'traces' | 'logs';

type Headers = Readonly<Record<string, string>>;

/** Reads `OTEL_EXPORTER_OTLP_HEADERS`. */
export type ParseHeaders = (text?: string) => Headers;

/** The part of a request that does not depend on its content. */
type Target = Omit<OtlpRequest, 'body'>;

/** The prefix of a gRPC message: whether it is compressed, and its length. */
const GRPC_PREFIX_BYTES = 5;

/** gRPC's port for an address without one, with any scheme. */
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
   * The destination of an exporter; undefined if the exporter is of an unknown version or kind.
   *
   * @param parseHeaders the SDK's own
   */
  static of(exporter: Exporter, signal: Signal, parseHeaders: ParseHeaders): OtlpDestination | undefined {
    const parts = otlpParts(exporter);
    if (parts === undefined) return undefined;
    const { serialize, parameters } = parts;
    const gzip = parameters.compression === 'gzip';
    const headers = {
      ...parseHeaders(process.env['OTEL_EXPORTER_OTLP_HEADERS']),
      ...parseHeaders(process.env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`]),
      'user-agent': 'mcp-trail',
    };
    const target = httpTarget(parameters, signal, headers, gzip) ?? grpcTarget(parameters, signal, headers, gzip);
    if (target === undefined) return undefined;
    return new OtlpDestination(serialize, target, gzip);
  }

  /** The request that delivers these spans or log records; undefined if there is nothing to send. */
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

type TargetOf = (parameters: OtlpParameters, signal: Signal, headers: Headers, gzip: boolean) => Target | undefined;

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

/** The scheme decides; without one, the variable does. */
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
    // The SDK reports it, and connects without.
    return undefined;
  }
}

/** The setting of one signal, or of all signals. */
function setting(signal: Signal, name: string): string | undefined {
  const own = process.env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`]?.trim();
  return own || process.env[`OTEL_EXPORTER_OTLP_${name}`]?.trim() || undefined;
}
