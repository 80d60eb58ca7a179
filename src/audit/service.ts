/** Which service the records are of: what its OpenTelemetry resource says, and until that is seen, the environment. */
import type { Span } from '@opentelemetry/api';
import { resourceAttribute } from '../emit/resource.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import type { Environment } from '../options/resolve.js';
import { Tally } from '../redact/redaction-counts.js';
import type { Redactor } from '../redact/redactor.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import { addSafe } from './sanitise.js';

const KEYS = ['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name'] as const;
/** What OpenTelemetry calls a service without a name. */
const UNNAMED = 'unknown_service:node';

export class Service {
  #fields: FieldValues;
  readonly #redactor: Redactor;
  #settled = false;

  constructor(env: Environment, redactor: Redactor) {
    this.#redactor = redactor;
    const stated = resourceFromEnvironment(env);
    const environment = stated.get('deployment.environment.name') ?? stated.get('deployment.environment');
    if (environment !== undefined) stated.set('deployment.environment.name', environment);
    this.#fields = { 'service.name': UNNAMED, ...serviceFields((key) => stated.get(key), redactor) };
  }

  get fields(): FieldValues {
    return this.#fields;
  }

  /** Looks at the first span that is recorded: what it says is more than the environment does. */
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
  const redaction = { redactor, tally: new Tally(), secret: undefined, showId: (id: string) => id };
  const safe = addSafe(new RecordFields(), fields, redaction);
  return Object.fromEntries(safe.entries());
}
