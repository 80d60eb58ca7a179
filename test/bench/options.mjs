/** The command line of `run.mjs` and `profile.mjs`. */
import { parseArgs } from 'node:util';
import { sdks, variants } from './variants.mjs';

const choices = { sdk: Object.keys(sdks), variant: Object.keys(variants), clock: ['wall', 'cpu'] };

/**
 * Reads the flags in `defaults`, with the types of their defaults: a number, a boolean (`--no-gate`), a name, or a list of names
 * (repeatable flag). Exits with code 2 on an unknown flag or value.
 *
 * @template {Record<string, number | boolean | string | string[]>} T
 * @param {T} defaults
 * @returns {T}
 */
export function readOptions(defaults) {
  try {
    const flags = Object.entries(defaults).map(([flag, value]) => [
      flag,
      {
        type: typeof value === 'boolean' ? 'boolean' : 'string',
        multiple: Array.isArray(value),
      },
    ]);
    const { values } = parseArgs({
      options: Object.fromEntries(flags),
      allowNegative: true,
    });
    const given = Object.entries(values).map(([flag, value]) => [flag, convert(flag, value, defaults[flag])]);
    return { ...defaults, ...Object.fromEntries(given) };
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exit(2);
  }
}

/** @param {string} flag @param {any} value @param {unknown} fallback */
function convert(flag, value, fallback) {
  if (typeof fallback === 'boolean') return value;
  if (typeof fallback === 'number') {
    if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${flag} takes a positive whole number, not "${value}"`);
    return Number(value);
  }
  const unknown = [value].flat().find((name) => !choices[flag].includes(name));
  if (unknown !== undefined) throw new Error(`--${flag} takes ${choices[flag].join(', ')}; not "${unknown}"`);
  return value;
}
