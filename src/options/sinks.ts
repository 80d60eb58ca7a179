/** Sinks of the application's own, as an option: their members are read once, and may be methods of a class. */
import type { AuditSink } from '../audit-types.js';
import { listOf, skippable } from './containers.js';
import { flag, func, type Kind, text } from './kinds.js';

/** A sink whose members are what they should be. */
export interface CheckedSink {
  /** The object that was given, which tells sets of options apart. */
  readonly given: object;
  readonly name: string;
  readonly durable: boolean;
  readonly accept: AuditSink['accept'];
  readonly close: () => unknown;
}

const MAX_SINKS = 8;
/** Names of deliveries would make theirs of its gaps. */
const NAME = /^(?!(?:file|stderr|otel)$)[a-z][a-z0-9_.-]{0,31}$/;

const name = text(32, '1 to 32 of a-z 0-9 . _ - that begin with a letter, and not file, stderr, otel', NAME);

const sink: Kind<CheckedSink> = {
  accepts: 'an object with a function accept',
  read(value, path, refuse) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuse(path, value, sink.accepts);
      return undefined;
    }
    const given = value as AuditSink;
    const { name: called = 'custom', durable = false, accept, close = () => {} } = given;
    const checked = {
      given,
      name: name.read(called, `${path}.name`, refuse),
      durable: flag.read(durable, `${path}.durable`, refuse),
      accept: func<AuditSink['accept']>().read(accept, `${path}.accept`, refuse)?.bind(given),
      close: func<() => unknown>().read(close, `${path}.close`, refuse)?.bind(given),
    };
    return Object.values(checked).includes(undefined) ? undefined : (checked as CheckedSink);
  },
};

export const sinks: Kind<readonly CheckedSink[]> = listOf(skippable(sink, 'It is not used'), {
  max: MAX_SINKS,
  beyond: 'The others are not used',
  accepts: 'a list of sinks',
});
