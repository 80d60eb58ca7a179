/** Reads the Common Event Format as its specification says, revision 26, and refuses everything else. */
import { isIPv4, isIPv6 } from 'node:net';

/** @param {number} length @returns {(value: string) => boolean} */
const text = (length) => (value) => value !== '' && [...value].length <= length;
/** @param {number} least @param {number} most @returns {(value: string) => boolean} */
const whole = (least, most) => (value) =>
  /^(0|-?[1-9]\d*)$/.test(value) && Number(value) >= least && Number(value) <= most;
const port = whole(0, 65_535);
const long = whole(-(2 ** 63), 2 ** 63);

/** The dictionary of keys: their types and lengths. @type {Record<string, (value: string) => boolean>} */
const KEYS = {
  act: text(63),
  app: text(31),
  c6a2: isIPv6,
  c6a3: isIPv6,
  cat: text(1023),
  cn1: long,
  cn2: long,
  cn3: long,
  cs1: text(4000),
  cs2: text(4000),
  cs3: text(4000),
  cs4: text(4000),
  cs5: text(4000),
  cs6: text(4000),
  destinationServiceName: text(1023),
  deviceExternalId: text(255),
  deviceProcessName: text(1023),
  dhost: text(1023),
  dpt: port,
  dst: isIPv4,
  externalId: text(40),
  flexString1: text(1023),
  flexString2: text(1023),
  msg: text(1023),
  outcome: text(63),
  proto: text(31),
  reason: text(1023),
  request: text(1023),
  requestClientApplication: text(1023),
  requestMethod: text(1023),
  rt: whole(0, 8.64e15),
  sourceServiceName: text(1023),
  spid: whole(-(2 ** 31), 2 ** 31 - 1),
  spriv: text(1023),
  spt: port,
  src: isIPv4,
  suid: text(1023),
  suser: text(1023),
};
/** Each of them needs a label. */
const CUSTOM = /^(?:c6a|cn|cs|flexString)\d$/;
/** @type {Record<string, string>} */
const IN_EXTENSION = { '\\': '\\', '=': '=', n: '\n', r: '\r' };
/** @type {Record<string, string>} */
const IN_HEADER = { '\\': '\\', '|': '|' };

/**
 * @param {string} line
 * @returns {{ vendor: string, product: string, version: string, id: string, name: string, severity: number, extension: Record<string, string> }}
 */
export function parseCef(line) {
  const [version, ...fields] = headerOf(line);
  if (version?.text !== 'CEF:0') throw new Error(`not CEF version 0: ${line.slice(0, 80)}`);
  if (fields.length !== 6) throw new Error(`a header of ${fields.length + 1} fields: ${line.slice(0, 200)}`);
  const [vendor = '', product = '', deviceVersion = '', id = '', name = '', severity = ''] = fields.map(
    (field) => field.text,
  );
  for (const [what, value] of Object.entries({ vendor, product, deviceVersion, id, name }))
    if (value.trim() === '') throw new Error(`no ${what}: ${line.slice(0, 200)}`);
  if (!whole(0, 10)(severity)) throw new Error(`the severity ${severity}`);
  const extension = extensionOf(line.slice(fields[5]?.end));
  return { vendor, product, version: deviceVersion, id, name, severity: Number(severity), extension };
}

/** @param {string} line */
function headerOf(line) {
  const fields = [];
  let text = '';
  for (let at = 0; at < line.length && fields.length < 7; at++) {
    const character = line[at] ?? '';
    if (character === '|') {
      fields.push({ text, end: at + 1 });
      text = '';
    } else if (character === '\\') {
      at++;
      text += unescaped(line[at], IN_HEADER, line);
    } else if (/[\r\n]/.test(character)) throw new Error(`a line end in the header: ${JSON.stringify(line)}`);
    else text += character;
  }
  return fields;
}

/** @param {string} given */
function extensionOf(given) {
  /** @type {Record<string, string>} */
  const found = {};
  // The key of each `=` that is not escaped is the word before it.
  const starts = [...given.matchAll(/(?<=^| )([A-Za-z0-9_]+)=/g)];
  if (starts[0]?.index !== 0) throw new Error(`no key at the start of ${JSON.stringify(given)}`);
  for (const [index, start] of starts.entries()) {
    const [{ length }, key = ''] = start;
    const end = starts[index + 1]?.index;
    const raw = given.slice(start.index + length, end === undefined ? undefined : end - 1);
    if (/[\r\n]/.test(raw)) throw new Error(`a line end in ${key}`);
    if (raw !== raw.trim()) throw new Error(`spaces around ${key}=${JSON.stringify(raw)}`);
    const value = raw.replace(/\\([\s\S]?)|=/g, (whole, escaped) => {
      if (whole === '=') throw new Error(`"=" without escape in ${key}=${raw}`);
      return unescaped(escaped, IN_EXTENSION, raw);
    });
    if (key in found) throw new Error(`${key} twice`);
    found[key] = value;
  }
  for (const [key, value] of Object.entries(found)) {
    const custom = /^(.*)Label$/.exec(key)?.[1];
    const accepts = custom === undefined ? KEYS[key] : text(128);
    if (accepts === undefined) throw new Error(`no key of the dictionary: ${key}`);
    if (!accepts(value)) throw new Error(`no value for ${key}: ${JSON.stringify(value)}`);
    if (custom !== undefined && !(custom in found)) throw new Error(`a label without value: ${key}`);
    if (CUSTOM.test(key) && !(`${key}Label` in found)) throw new Error(`no label for ${key}`);
  }
  return found;
}

/** @param {string | undefined} character @param {Record<string, string>} known @param {string} where */
function unescaped(character, known, where) {
  const value = known[character ?? ''];
  if (value === undefined) throw new Error(`an unknown escape "\\${character}" in ${where.slice(0, 200)}`);
  return value;
}
