/** Which service the records are of: what its OpenTelemetry resource says, and until that is seen, the environment. */
import type { Span } from '@opentelemetry/api';
import { resourceAttribute } from '../emit/resource.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import type { Environment } from '../options/kinds.js';
import type { Redactor } from '../redact/redactor.js';
import { Tally } from '../redact/tally.js';
import { type Facts, Fields } from './fields.js';
import { addSafe } from './sanitise.js';

const KEYS = ['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name'] as const;
/** What OpenTelemetry calls a service without a name. */
const UNNAMED = 'unknown_service:node';

export class Service {
  #facts: Facts;
  readonly #redactor: Redactor;
  #settled = false;

  constructor(env: Environment, redactor: Redactor) {
    this.#redactor = redactor;
    const stated = resourceFromEnvironment(env);
    const environment = stated.get('deployment.environment.name') ?? stated.get('deployment.environment');
    if (environment !== undefined) stated.set('deployment.environment.name', environment);
    this.#facts = { 'service.name': UNNAMED, ...factsOf((key) => stated.get(key), redactor) };
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** Looks at the first span that is recorded: what it says is more than the environment does. */
  learn(span: Span): void {
    if (this.#settled || resourceAttribute(span, 'service.name') === undefined) return;
    this.#settled = true;
    this.#facts = { ...this.#facts, ...factsOf((key) => resourceAttribute(span, key), this.#redactor) };
  }
}

function factsOf(find: (key: string) => string | undefined, redactor: Redactor): Facts {
  const fields: Record<string, string> = {};
  for (const key of KEYS) {
    const value = find(key);
    if (value !== undefined) fields[key] = value;
  }
  const veil = { redactor, tally: new Tally(), secret: undefined, showId: (id: string) => id };
  const safe = addSafe(new Fields(), fields, veil);
  return Object.fromEntries(safe.entries());
}
