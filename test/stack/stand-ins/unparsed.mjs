/**
 * Parts of an object that Datadog's API client could not parse: values of unknown types, and unknown members. The client keeps
 * both silently.
 *
 * @param {any} value
 * @param {string} [path]
 * @returns {string[]}
 */
export function unparsed(value, path = '$') {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unparsed(item, `${path}[${index}]`));
  const found = [];
  if (value.constructor?.name === 'UnparsedObject')
    found.push(`${path} is of no known kind: ${JSON.stringify(value._data)?.slice(0, 300)}`);
  for (const name of Object.keys(value.additionalProperties ?? {})) found.push(`${path}.${name} is unknown`);
  for (const [name, inner] of Object.entries(value)) {
    if (name === '_unparsed') {
      if (inner) found.push(`${path} has something that was not understood`);
    } else if (name !== 'additionalProperties' && name !== '_data') found.push(...unparsed(inner, `${path}.${name}`));
  }
  // Report only the innermost.
  return found.sort((one, other) => other.length - one.length);
}
