import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { request } from 'node:https';

/** A client's credentials. */
export interface Credentials {
  /** CA to verify the server's certificate. */
  readonly ca: string;
  readonly cert?: { readonly cert: string; readonly key: string } | undefined;
  readonly token?: string | undefined;
  readonly maxVersion?: 'TLSv1.2';
}

const GRPC_PATH = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const TIMEOUT_MS = 30_000;

/** Sends one log record over HTTP; returns `admitted`, or how it was refused. */
export function sendHttp(port: number, who: Credentials, body: unknown): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', ...authorization(who) };
    const options = { host: '127.0.0.1', port, path: '/v1/logs', method: 'POST', headers, ...tls(who), agent: false };
    const sent = request({ ...options, timeout: TIMEOUT_MS }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200 ? 'admitted' : `${response.statusCode}`));
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', (error) => resolve(String(error)));
    sent.end(JSON.stringify(body));
  });
}

/** The same over gRPC, with a minimal implementation. */
export function sendGrpc(port: number, who: Credentials, record: { eventName: string; body: string }): Promise<string> {
  return new Promise((resolve) => {
    const session = connect(`https://127.0.0.1:${port}`, tls(who) as any);
    const done = (answer: string) => {
      session.destroy();
      resolve(answer);
    };
    session.setTimeout(TIMEOUT_MS, () => done('no answer'));
    session.once('error', (error) => done(String(error)));
    session.once('close', () => done('closed'));
    const stream = session.request({
      ':method': 'POST',
      ':path': GRPC_PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...authorization(who),
    });
    let status: unknown;
    stream.on('response', (headers) => {
      status ??= headers['grpc-status'];
    });
    stream.on('trailers', (trailers) => {
      status ??= trailers['grpc-status'];
    });
    stream.once('error', (error) => done(String(error)));
    stream.once('end', () => setImmediate(() => done(String(status) === '0' ? 'admitted' : `grpc-status ${status}`)));
    stream.resume().end(frame(record));
  });
}

function tls({ ca, cert, maxVersion }: Credentials) {
  const own = cert ? { cert: readFileSync(cert.cert), key: readFileSync(cert.key) } : {};
  return { ca: readFileSync(ca), ...own, ...(maxVersion ? { maxVersion } : {}) };
}

const authorization = ({ token }: Credentials) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

/** A request with one log record as protobuf, in a gRPC frame. */
function frame({ eventName, body }: { eventName: string; body: string }): Buffer {
  const logRecord = Buffer.concat([field(5, field(1, Buffer.from(body))), field(12, Buffer.from(eventName))]);
  const message = field(1, field(2, field(2, logRecord)));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A length-delimited protobuf field of less than 128 bytes. */
function field(number: number, content: Buffer): Buffer {
  if (content.length > 127) throw new RangeError('longer than one byte can say');
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}
