import { afterEach, expect, it } from 'vitest';
import { Providers } from '../../../src/emit/providers.js';

const API = Symbol.for('opentelemetry.js.api.1');
const globals = globalThis as { [API]?: object | undefined };
const before = globals[API];
afterEach(() => {
  globals[API] = before;
});

it('the tracer is that of an SDK that another copy of the API registers after the first use', () => {
  delete globals[API];
  const providers = new Providers();
  expect(providers.tracer.startSpan('early').isRecording()).toBe(false);
  const registered = { startSpan: () => undefined };
  let asked = 0;
  const getTracer = () => {
    asked += 1;
    return registered;
  };
  // A newer minor of the API, which this copy can read and cannot have set.
  globals[API] = { version: '1.99.0', trace: { getTracer } };
  expect(providers.tracer).toBe(registered);
  expect(providers.tracer).toBe(registered);
  expect(asked).toBe(1);
});
