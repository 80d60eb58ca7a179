/**
 * Places in an object made by Datadog's API client that it could not make sense of: a value of no known kind, or a member that
 * the model does not have. The client keeps both without a word.
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
  // The innermost says most.
  return found.sort((one, other) => other.length - one.length);
}
