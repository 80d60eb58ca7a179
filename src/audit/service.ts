/** The service that records name: from its OpenTelemetry resource, or from the environment until a span shows it. */
import type { Span } from '@opentelemetry/api';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import type { Environment } from '../options/resolve.js';

import { asRecord } from '../protocol/jsonrpc.js';
import { RedactionCounts } from '../redact/redaction-counts.js';

import type { Redactor } from '../redact/redactor.js';

import { PLAIN } from './persons.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import { addSafe } from './sanitise.js';

const KEYS = ['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name'] as const;
/** OpenTelemetry's name of an unnamed service. */
const UNNAMED = 'unknown_service:node';

/** What the process stands for, where that is not itself. */
let standsFor: string | undefined;

/** Has records name another service from now on: that of the server which this process relays to. */
export function nameService(name: string): void {
  standsFor = name;
}

export class Service {
  #fields: FieldValues;
  readonly #redactor: Redactor;
  #settled = false;
  #standsFor: string | undefined;

  constructor(env: Environment, redactor: Redactor) {
    this.#redactor = redactor;
    const stated = resourceFromEnvironment(env);
    const environment = stated.get('deployment.environment.name') ?? stated.get('deployment.environment');
    if (environment !== undefined) stated.set('deployment.environment.name', environment);
    this.#fields = { 'service.name': UNNAMED, ...serviceFields((key) => stated.get(key), redactor) };
  }

  get fields(): FieldValues {
    if (standsFor !== this.#standsFor) {
      this.#standsFor = standsFor;
      const name = (key: string) => (key === 'service.name' ? standsFor : undefined);
      this.#fields = { ...this.#fields, ...serviceFields(name, this.#redactor) };
    }
    return this.#fields;
  }

  /** Reads the resource of the first recorded span, which has more attributes than the environment. */
  learn(span: Span): void {
    if (this.#settled || resourceAttribute(span, 'service.name') === undefined) return;
    this.#settled = true;
    this.#fields = { ...this.#fields, ...serviceFields((key) => resourceAttribute(span, key), this.#redactor) };
  }
}

function serviceFields(find: (key: string) => string | undefined, redactor: Redactor): FieldValues {
  const fields: Record<string, string> = {};
  for (const key of KEYS) {
    const value = find(key);
    if (value !== undefined) fields[key] = value;
  }
  const redaction = { redactor, counts: new RedactionCounts(), secret: undefined, ...PLAIN };
  const safe = addSafe(new RecordFields(), fields, redaction);
  return Object.fromEntries(safe.entries());
}

interface Resource {
  /** While true, the SDK reports reads of `attributes` as errors. */
  readonly asyncAttributesPending?: boolean;
  readonly attributes?: unknown;
  /** Settled and pending attributes; the first of a name counts. */
  getRawAttributes?(): readonly (readonly [string, unknown])[];
}

/** A string attribute of the resource of a recorded span. */
function resourceAttribute(span: Span, key: string): string | undefined {
  const resource = asRecord((span as { resource?: unknown }).resource) as Resource | undefined;
  const value = resource?.asyncAttributesPending
    ? resource.getRawAttributes?.().find(([name, found]) => name === key && found !== undefined)?.[1]
    : asRecord(resource?.attributes)?.[key];
  return typeof value === 'string' ? value : undefined;
}
