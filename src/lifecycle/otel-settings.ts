/**
 * OpenTelemetry's variables with values that cannot work. The SDK uses a default or fails at every export, and reports it
 * only if its diagnostics are set up.
 */

import { accessSync, constants, statSync } from 'node:fs';
import { attempt } from '../lib/attempt.js';
import { mayBeShown } from '../lib/files.js';

export type Signal = 'traces' | 'metrics' | 'logs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable with a value that cannot work. */
export interface Problem {
  /** One sentence that names the variable, and one that says what to do. */
  readonly text: string;
  /** Parts of the SDK's own message about the same problem, which is left out then. */
  readonly sdkSays: readonly (string | RegExp)[];
  /** The signals whose export fails because of it. */
  readonly fails?: readonly Signal[];
}

const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs'];
const MAX_SHOWN = 60;

function settingOf(env: Environment, name: string): string {
  return (env[name] ?? '').trim();
}

function cut(value: string): string {
  return value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN - 1)}…` : value;
}

function show(value: string): string {
  return JSON.stringify(cut(value));
}

/** The variable for all signals, and for each. */
function perSignal(setting: string): string[] {
  return ['', ...SIGNALS.map((signal) => `${signal.toUpperCase()}_`)].map(
    (each) => `OTEL_EXPORTER_OTLP_${each}${setting}`,
  );
}

type Check = (env: Environment, isFile: (path: string) => boolean) => readonly Problem[];

/** All problems, the gravest first. */
export function otelProblems(env: Environment, isFile = isReadable): readonly Problem[] {
  return CHECKS.flatMap((check) => check(env, isFile));
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Reported of one list. */
const MAX_WORDS = 5;

interface Words {
  readonly names: readonly string[];
  readonly accepts: readonly string[];
  readonly list?: true;
  readonly anyCase?: true;
  readonly otherwise: string;
  readonly sdkSays?: RegExp;
}

/** Variables that take one of a few words, or a list of them. */
const WORDS: readonly Words[] = [
  {
    names: ['OTEL_TRACES_EXPORTER'],
    accepts: ['otlp', 'console', 'zipkin', 'none'],
    list: true,
    otherwise: 'No spans are exported to it',
    sdkSays: /Unable to set up trace exporter/,
  },
  {
    names: ['OTEL_METRICS_EXPORTER'],
    accepts: ['otlp', 'console', 'prometheus', 'none'],
    list: true,
    otherwise: 'No metrics are exported to it',
  },
  {
    names: ['OTEL_LOGS_EXPORTER'],
    accepts: ['otlp', 'console', 'none'],
    list: true,
    otherwise: 'No log records are exported to it',
  },
  {
    names: perSignal('PROTOCOL'),
    accepts: ['http/protobuf', 'http/json', 'grpc'],
    otherwise: 'Using http/protobuf',
    sdkSays: /Unsupported OTLP \w+ protocol/,
  },
  { names: perSignal('COMPRESSION'), accepts: ['gzip', 'none'], otherwise: 'Using none' },
  { names: perSignal('INSECURE'), accepts: ['true', 'false'], anyCase: true, otherwise: 'Using false' },
  {
    names: ['OTEL_TRACES_SAMPLER'],
    accepts: [
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ],
    otherwise: 'Using parentbased_always_on',
  },
  {
    names: ['OTEL_PROPAGATORS'],
    accepts: ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'none'],
    list: true,
    otherwise: 'No context is passed on by it',
  },
  {
    names: ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'],
    accepts: ['cumulative', 'delta', 'lowmemory'],
    anyCase: true,
    otherwise: 'Using cumulative',
  },
  {
    names: ['OTEL_LOG_LEVEL'],
    accepts: ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'],
    anyCase: true,
    otherwise: 'Using warn',
  },
  { names: ['OTEL_SDK_DISABLED'], accepts: ['true', 'false'], anyCase: true, otherwise: 'Using false' },
];

function wrongWords(env: Environment): readonly Problem[] {
  return WORDS.flatMap(({ names, accepts, list, anyCase, otherwise, sdkSays }) =>
    names.flatMap((name) => {
      const value = settingOf(env, name);
      const words = list ? value.split(',').map((word) => word.trim()) : [value];
      const unknown = words.filter((word) => word !== '' && !accepts.includes(anyCase ? word.toLowerCase() : word));
      return unknown.slice(0, MAX_WORDS).map((word) => ({
        text: `${name} ${words.length > 1 ? 'has' : 'is'} ${show(word)}; accepted: ${accepts.join(', ')}. ${otherwise}`,
        sdkSays: [name, `"${word}"`, ...(sdkSays === undefined ? [] : [sdkSays])],
      }));
    }),
  );
}

/** Variables that take a number above zero: milliseconds, or a count. */
const NUMBERS: readonly string[] = [
  ...perSignal('TIMEOUT'),
  ...['BSP', 'BLRP'].flatMap((processor) =>
    ['SCHEDULE_DELAY', 'EXPORT_TIMEOUT', 'MAX_QUEUE_SIZE', 'MAX_EXPORT_BATCH_SIZE'].map(
      (each) => `OTEL_${processor}_${each}`,
    ),
  ),
  'OTEL_METRIC_EXPORT_INTERVAL',
  'OTEL_METRIC_EXPORT_TIMEOUT',
];

function wrongNumbers(env: Environment): readonly Problem[] {
  const unlike = NUMBERS.filter((name) => settingOf(env, name) !== '' && !(Number(settingOf(env, name)) > 0));
  return unlike.map((name) => ({
    text: `${name} is ${show(settingOf(env, name))}; accepted: a number above 0${/SIZE$/.test(name) ? '' : ', in milliseconds'}. Using the default`,
    sdkSays: [name],
  }));
}

function wrongRatio(env: Environment): readonly Problem[] {
  const [name, sampler] = ['OTEL_TRACES_SAMPLER_ARG', settingOf(env, 'OTEL_TRACES_SAMPLER')];
  const value = settingOf(env, name);
  const ratio = Number(value);
  if (!/traceidratio$/.test(sampler) || (value !== '' && ratio >= 0 && ratio <= 1)) return [];
  const found = value === '' ? 'not set' : show(value);
  return [
    {
      text: `${name} is ${found}; accepted with ${sampler}: a number from 0 to 1. Every trace is sampled`,
      sdkSays: [name],
    },
  ];
}

interface Pairs {
  readonly names: readonly string[];
  readonly form: RegExp;
  readonly otherwise: string;
}

const PAIRS: readonly Pairs[] = [
  { names: perSignal('HEADERS'), form: /^\s*[^=\s][^=]*=\s*\S/, otherwise: 'It is not sent' },
  { names: ['OTEL_RESOURCE_ATTRIBUTES'], form: /^\s*[^=\s][^=]*=[^=]*$/, otherwise: 'None of its attributes is used' },
];

/** Lists of `name=value`. Values can be credentials, so an entry is reported by its position. */
function wrongPairs(env: Environment): readonly Problem[] {
  return PAIRS.flatMap(({ names, form, otherwise }) =>
    names.flatMap((name) => {
      const entries = settingOf(env, name).split(',');
      const wrong = (entry: string) => entry.trim() !== '' && !(form.test(entry) && isDecodable(entry));
      const places = entries.flatMap((entry, index) => (wrong(entry) ? [index + 1] : []));
      if (places.length === 0) return [];
      const which = places.slice(0, 5).join(', ');
      return [
        {
          text: `${name}: entry ${which} is not name=value with "," "=" "%" in values percent-encoded. ${otherwise}`,
          sdkSays: [name],
        },
      ];
    }),
  );
}

function isDecodable(entry: string): boolean {
  return attempt(() => decodeURIComponent(entry)) !== undefined;
}

const FILES: readonly { readonly setting: string; readonly sdkSays: string }[] = [
  { setting: 'CERTIFICATE', sdkSays: 'Failed to read root certificate file' },
  { setting: 'CLIENT_CERTIFICATE', sdkSays: 'Failed to read client certificate chain file' },
  { setting: 'CLIENT_KEY', sdkSays: 'Failed to read client certificate private key file' },
];

function wrongFiles(env: Environment, isFile: (path: string) => boolean): readonly Problem[] {
  return FILES.flatMap(({ setting, sdkSays }) =>
    perSignal(setting)
      .filter((name) => settingOf(env, name) !== '' && !isFile(settingOf(env, name)))
      .map((name) => ({
        text: `${name} is ${shownPath(settingOf(env, name))}, which cannot be read; accepted: the path of a PEM file. Connections are made without it`,
        sdkSays: [sdkSays],
      })),
  );
}

/** It may be the key itself. */
function shownPath(path: string): string {
  return mayBeShown(path) ? show(path) : 'a text that does not look like a path';
}

function unreadConfigFile(env: Environment): readonly Problem[] {
  return ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE']
    .filter((name) => settingOf(env, name) !== '')
    .map((name) => ({
      text: `${name} is not read by mcp-trail/register, which goes by the other OTEL_* variables. Start the SDK yourself to use it, with MCP_TRAIL_SDK=off`,
      sdkSays: [name],
    }));
}

function wrongEndpoints(env: Environment): readonly Problem[] {
  return perSignal('ENDPOINT').flatMap((name) => wrongEndpoint(env, name) ?? []);
}

/** The signals that a variable applies to: a variable for all signals applies to those without their own. */
function signalsOf(env: Environment, name: string): readonly Signal[] {
  const own = SIGNALS.filter((signal) => name.includes(`_${signal.toUpperCase()}_`));
  if (own.length > 0) return own;
  const setting = name.slice('OTEL_EXPORTER_OTLP_'.length);
  return SIGNALS.filter((signal) => settingOf(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${setting}`) === '');
}

function protocolOf(env: Environment, signal: Signal): string {
  const own = settingOf(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`);
  return own === '' ? settingOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL') : own;
}

const PATH = /\/v1\/(traces|metrics|logs)\/?$/;

/** The problem with an address, and its correction. */
function wrongEndpoint(env: Environment, name: string): Problem | undefined {
  const value = settingOf(env, name);
  if (value === '') return undefined;
  const fails = signalsOf(env, name);
  // With gRPC, an address without a scheme means TLS.
  const http = fails.filter((signal) => protocolOf(env, signal) !== 'grpc');
  const problem = (says: string): Problem => ({
    text: `${name} is ${show(safe(value))}${says}`,
    sdkSays: [value],
    fails: http,
  });
  if (http.length === 0) return undefined;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    const example = /^[\w.-]+(?::\d+)?(?:\/|$)/.test(value) ? `http://${cut(value)}` : 'http://localhost:4318';
    return problem(`, which has no scheme: nothing is exported. Set it to ${example}`);
  }
  if (!URL.canParse(value) || !/^https?:/i.test(value)) {
    return problem('; accepted: an address such as http://localhost:4318. Nothing is exported');
  }
  const { pathname } = new URL(value);
  const [, path] = PATH.exec(pathname) ?? [];
  const isForAll = name === 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const rest = cut(safe(value.replace(/(?:\/v1\/(?:traces|metrics|logs))+\/?$/, '')));
  if (isForAll && path !== undefined) {
    return problem(
      `, to which the path of each signal is added: ${cut(pathname)}/v1/traces and the like do not exist. Set it to ${rest}`,
    );
  }
  const doubled = /(?:\/v1\/(?:traces|metrics|logs)){2}\/?$/.test(pathname);
  if (!isForAll && path !== undefined && (doubled || path !== fails[0])) {
    return problem(`, whose path is ${doubled ? 'doubled' : `that of ${path}`}. Set it to ${rest}/v1/${fails[0]}`);
  }
  return undefined;
}

/** Without user info. */
function safe(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, '$1').replace(/[?#].*$/, '');
}

const CHECKS: readonly Check[] = [
  wrongEndpoints,
  wrongWords,
  wrongNumbers,
  wrongRatio,
  wrongPairs,
  wrongFiles,
  unreadConfigFile,
];
