/**
 * Tracers and loggers of a replaced provider pass what they get to those of its successor. Code that got one before the
 * application's SDK was registered keeps it, the SDK's own instrumentations included: `NodeSDK` gives them the registered
 * providers first, and registers its own next. Not ours: where MCP telemetry goes is not for the application to say.
 */
import { PACKAGE_NAME } from '../lib/version.js';

type Maker = Record<string, (...args: unknown[]) => object>;
type Made = Record<string, (...args: unknown[]) => unknown>;

/**
 * Follows what a provider makes from now on. Returns the function to call with its successor.
 *
 * @param make method of a provider that makes a tracer or logger
 * @param use the one method of that with an effect
 */
export function handsOver(provider: object, make: string, use: string): (successor: object) => void {
  const maker = provider as Maker;
  const original = maker[make];
  let to: Maker | undefined;
  if (typeof original !== 'function') return () => {};

  const follow = (made: Made, args: unknown[]) => {
    const own = made[use];
    if (Object.hasOwn(made, use) || typeof own !== 'function') return;
    let next: Made | undefined;
    // A successor may be around what it replaces.
    let isHandedOver = false;
    made[use] = (...rest) => {
      if (to === undefined || isHandedOver) return own.apply(made, rest);
      isHandedOver = true;
      try {
        next ??= to[make]?.(...args) as Made;
        return next[use]?.(...rest);
      } finally {
        isHandedOver = false;
      }
    };
  };

  maker[make] = (...args) => {
    const made = original.apply(provider, args);
    if (args[0] !== PACKAGE_NAME) follow(made as Made, args);
    return made;
  };
  return (successor) => {
    to = successor as Maker;
  };
}
