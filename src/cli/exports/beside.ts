/** What an export has beside the text of a record: attributes, labels, and members of the log record. */
import { isObject, MAX_DEPTH, type Members } from './json.js';
import { attributeKey, headersByLabel, isRecordsAlone, labelKey, siblingKey } from './names.js';
import { isKeyValues, plainValue } from './otlp-value.js';
import { isSame } from './same.js';

/** Members that contain the labels of Loki. */
const LABELS: ReadonlySet<string> = new Set(['labels', 'stream', 'fields']);
/** Log records have the text as their body, and attributes that are theirs alone; other exports mix in the resource's. */
const BODIES: ReadonlySet<string> = new Set(['body', 'body.text']);
/** Longer than any name of a field. */
const MAX_NAME = 1_024;
/** Loki accepts a quarter of it, and it bounds what several records have in common. */
const MAX_SAID = 1_000;

/** A value for a field. */
interface Said {
  /** The key of the field, or the label of a header. */
  readonly key: string;
  readonly value: unknown;
  /** It counts also if the record does not have the field. */
  readonly sure: boolean;
}

/** One level around a record. */
export class Beside {
  readonly #wrapper: Members;
  readonly #via: string;
  readonly #outer: Beside | undefined;
  #said: readonly Said[] | undefined;

  /** @param via the member that leads to the record */
  constructor(wrapper: Members, via: string, outer?: Beside) {
    this.#wrapper = wrapper;
    this.#via = via;
    this.#outer = outer;
  }

  /** Labels of one record, beside those of its stream. */
  static labels(labels: Members, outer?: Beside): Beside {
    return new Beside({ labels }, 'line', outer);
  }

  /** The part that holds for each record in a list of several. */
  get ofEach(): Beside | undefined {
    const stream = Object.hasOwn(this.#wrapper, 'stream') ? this.#wrapper['stream'] : undefined;
    if (this.#via === 'stream') return this;
    return isObject(stream) ? new Beside({ stream }, 'stream') : undefined;
  }

  /** Whether the record is the body of a log record. */
  get isBody(): boolean {
    return BODIES.has(this.#via) || this.#outer?.isBody === true;
  }

  /** Names of the fields that it gives another value than the record, sorted. */
  differing(record: Members): string[] {
    const names = new Set<string>();
    const headers = headersByLabel(Object.keys(record));
    for (let level: Beside | undefined = this; level !== undefined; level = level.#outer) {
      level.#said ??= level.#read();
      for (const { key: name, value, sure } of level.#said) {
        const keys = headers.get(name) ?? [name];
        const [key = name] = keys;
        const own = keys.filter((each) => Object.hasOwn(record, each));
        if (own.length === 0 ? sure : !own.some((each) => isSame(record[each], value))) names.add(key);
      }
    }
    return [...names].sort();
  }

  #read(): readonly Said[] {
    const said: Said[] = [];
    const mixed = !BODIES.has(this.#via);
    const say = (key: string | undefined, value: unknown): void => {
      if (key === undefined || value === null || value === undefined || said.length > MAX_SAID) return;
      // No record has this name, so that what comes after is not believed.
      if (said.length === MAX_SAID) said.push({ key: `more than ${MAX_SAID} attributes`, value, sure: true });
      else said.push({ key, value, sure: mixed ? isRecordsAlone(key) : true });
    };
    for (const name of Object.keys(this.#wrapper)) {
      const value = this.#wrapper[name];
      if (name === this.#via && name !== 'stream') continue;
      if (name === 'attributes' && isKeyValues(value)) {
        for (const { key, value: any } of value) say(attributeKey(key, mixed), plainValue(any));
      } else if (name === 'attributes') eachMember(value, '', (key, each) => say(attributeKey(key, mixed), each));
      else if (name.startsWith('attributes.')) say(attributeKey(name.slice('attributes.'.length), mixed), value);
      else if (LABELS.has(name) && isObject(value))
        for (const key of Object.keys(value)) say(labelKey(key), value[key]);
      else
        eachMember({ [name]: value }, '', (key, each) => say(isUnset(each) ? undefined : siblingKey(key, mixed), each));
    }
    return said;
  }
}

/** How protobuf's JSON may write a member of a log record that is not set. */
function isUnset(value: unknown): boolean {
  return value === '' || value === 0;
}

/** Calls back for each value except objects, with the names that lead to it, joined by dots. */
export function eachMember(
  value: unknown,
  prefix: string,
  say: (name: string, value: unknown) => void,
  depth = 0,
): void {
  if (!isObject(value) || depth > MAX_DEPTH || prefix.length > MAX_NAME) return;
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (isObject(member)) eachMember(member, `${prefix}${name}.`, say, depth + 1);
    else say(`${prefix}${name}`, member);
  }
}
